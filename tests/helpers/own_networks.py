"""A module with a network of one's own, and what may be wrong with it."""

from pathlib import Path

SOURCE = '''
"""A network that lies outside the package."""

import torch
from pydantic import Field
from torch import nn

from signl.models.base import OwnFrameOptions
from signl.models.network import FrameNetwork
from signl.typed import Count


class Options(OwnFrameOptions):
    channels: Count = Field(default=6, description="Width of the embedding.")

    def build(self, width, n_frames):
        return Net(width, n_frames, self)


class Net(FrameNetwork):
    def __init__(self, width, n_frames, config):
        super().__init__(width, n_frames, config)
        self.embedding_width = config.channels
        self.linear = nn.Linear(width, config.channels)
        # built

    def forward(self, crops):
        embedding = self.linear(crops[:, 0].mT).amax(dim=1)
        # embedded
        return embedding
'''
#: What is wrong -> the line that stands instead of another, and what is said of it.
FAULTS = {
    "shape": ("# embedded", "embedding = embedding[:, 1:]", r"embed gives .*expected is a tensor"),
    "finite": ("# embedded", "embedding = embedding / 0", "no finite floats"),
    "gradient": (
        "# embedded",
        "embedding = embedding.detach() + 0 * self.linear.bias",
        "no gradient of its embeddings reaches",
    ),
    "chance": ("# embedded", "embedding = embedding + torch.rand(1)", "other embeddings each time"),
    "mates": (
        "# embedded",
        "embedding = embedding - embedding.mean(dim=0)",
        "depends on the others",
    ),
    "seed": (
        "# built",
        "import os; self.linear.bias.data += int.from_bytes(os.urandom(4)) / 2**32",
        "two networks of one seed differ in linear.bias",
    ),
    "hidden": (
        "# built",
        "self.register_buffer('shift', torch.ones(1), persistent=False)",
        "shift is not among the tensors that are saved",
    ),
    "error": (
        "# embedded",
        "raise IndexError('of its own')",
        "fails on a batch.*IndexError: of its",
    ),
    "class": ("return Net(width, n_frames, self)", "return nn.Linear(width, 6)", "a FrameNetwork"),
}


def write_module(folder, name, *, fault=None):
    """Write the module, with a fault or without one, and give its path."""
    old, new, _ = FAULTS[fault] if fault else ("", "", "")
    path = Path(folder, f"{name}.py")
    path.write_text(SOURCE.replace(old, new) if fault else SOURCE, encoding="utf-8")
    return path

"""What a training job computes on and writes: device and precision, seeds, files."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import torch
from lightning_fabric import Fabric

from signl.devices import prepare_device
from signl.seeds import derive_seed
from signl.training.options import Precision


class EncoderFiles(NamedTuple):
    """The two files of a pre-trained encoder."""

    model: str | Path
    config: str | Path

    @classmethod
    def of(cls, paths: Sequence[str | Path]) -> Self | None:
        """Return the files, or nothing where there are none: training then starts anew."""
        return cls(*paths) if paths else None


class ModelFiles(NamedTuple):
    """What a training writes.

    A checkpoint, from which a killed run resumes, lies beside them while it runs.

    Attributes
    ----------
    model, config : path
        Weights, and the configuration that says how to build the network.
    history : path
        A JSON object for each epoch.
    """

    model: str | Path
    config: str | Path
    history: str | Path

    @property
    def checkpoint(self) -> Path:
        """Where a run that is under way keeps its state."""
        return Path(self.history).with_name(".resume.ckpt")


def make_fabric(precision: Precision, *, gpu: int) -> Fabric:
    """Return a Fabric for one device; a CPU computes in float32, whatever the precision.

    Parameters
    ----------
    precision : {"bf16-mixed", "32-true"}
        On a GPU.
    gpu : int
        GPUs given to this job.
    """
    device = prepare_device(gpu=gpu)
    on_gpu = device.type == "cuda"
    return Fabric(
        accelerator=device.type,
        devices=1,
        precision=precision if on_gpu else "32-true",
    )


def seed_weights(seed: int) -> None:
    """Seed what PyTorch draws when modules are built."""
    torch.manual_seed(derive_seed(seed, "weights"))


def seed_epoch(seed: int, epoch: int) -> None:
    """Seed what modules draw in an epoch (dropout), the same when a run is resumed in it."""
    torch.manual_seed(derive_seed(seed, "modules", epoch))


def digest_of(path: str | Path) -> str:
    """Return a digest of a file's content."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "blake2b").hexdigest()[:32]

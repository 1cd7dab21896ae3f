"""Sensitive layer selection: a gated sum of hidden states, read as one picture."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.models.sls.options import POOL, SlsOptions
from signl.models.states import StatesNetwork


class LayerGates(StatesNetwork):
    """Embeds a picture by a sum of its hidden states, each times a gate of its own.

    The gate of a state, 0 to 1, follows from the mean of its frames. The sum is normalised,
    pooled, and read as a whole by a linear layer, so that the number of frames is fixed. Names of
    weights are those of the published checkpoints.

    The embedding is what the published output layer (``head_output: selu``) reads.

    Parameters
    ----------
    width, n_frames : int
        Channels of a frame, all states together, and frames of a crop.
    config : SlsOptions
        Number of states, and width of the embedding.

    Raises
    ------
    ValueError
        If the width is no multiple of the number of states, or there are fewer frames, or channels
        of a state, than are pooled into one.

    References
    ----------
    Zhang et al., Audio deepfake detection with self-supervised XLS-R and SLS classifier,
    ACM MM 2024: the outputs of 24 layers of XLS-R, 201 frames.
    """

    config: SlsOptions

    def __init__(self, width: int, n_frames: int, config: SlsOptions) -> None:
        super().__init__(width, n_frames, config)
        self.fc0 = nn.Linear(self.state_width, 1)
        self.first_bn = nn.BatchNorm2d(1)
        self.fc1 = nn.Linear((n_frames // POOL) * (self.state_width // POOL), config.channels)

    @property
    def embedding_width(self) -> int:  # type: ignore[override]
        """Width of the layer that reads the pooled sum."""
        return self.config.channels

    def forward(self, crops: Tensor) -> Tensor:
        """Return embeddings (batch, embedding_width)."""
        states = self.states_of(crops)
        fused = torch.einsum("bstd,bs->btd", states, self.gates_of(states))
        pooled = F.max_pool2d(F.selu(self.first_bn(fused.unsqueeze(1))), POOL)
        return F.selu(self.fc1(pooled.flatten(1)))

    def gates_of(self, states: Tensor) -> Tensor:
        """Return the gates (batch, state), 0 to 1, of states (batch, state, frame, channel)."""
        return cast(Tensor, self.fc0(states.mean(dim=2)).squeeze(-1).sigmoid())

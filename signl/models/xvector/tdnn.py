"""A time-delay network with statistics pooling."""

import itertools
from typing import Final

import torch
from torch import Tensor, nn

from signl.models.network import FrameNetwork
from signl.models.xvector.options import CONTEXTS, XVectorOptions

# The root has no slope at 0, which one frame, or equal ones, would ask for.
_LEAST_VARIANCE: Final = 1e-10


class XVector(FrameNetwork):
    """Five convolutions over time, mean and deviation of the last, and a linear layer.

    Each convolution is followed by ReLU, then by batch normalisation; there is no padding. The
    deviation is that of all frames (divisor n).

    Parameters
    ----------
    width, n_frames : int
        Channels of the front-end, and frames of a crop.
    config : XVectorOptions
        Widths of the layers.

    References
    ----------
    Snyder et al. (2018), X-vectors, table 1, to its first layer after the statistics.
    """

    config: XVectorOptions

    def __init__(self, width: int, n_frames: int, config: XVectorOptions) -> None:
        super().__init__(width, n_frames, config)
        self.embedding_width = config.embedding
        sizes = [width, *[config.channels] * (len(CONTEXTS) - 1), config.last_channels]
        layers = [
            [nn.Conv1d(*pair, size, dilation=distance), nn.ReLU(), nn.BatchNorm1d(pair[1])]
            for pair, (size, distance) in zip(itertools.pairwise(sizes), CONTEXTS, strict=True)
        ]
        self.frames = nn.Sequential(*itertools.chain(*layers))
        self.segment = nn.Linear(2 * config.last_channels, config.embedding)

    def forward(self, crops: Tensor) -> Tensor:
        """Return embeddings: (batch, 1, width, frame) to (batch, embedding)."""
        # In half precision the variance would lose its digits.
        frames = self.frames(crops[:, 0]).float()
        variance, mean = torch.var_mean(frames, dim=-1, correction=0)
        deviation = variance.clamp_min(_LEAST_VARIANCE).sqrt()
        embeddings: Tensor = self.segment(torch.cat([mean, deviation], dim=-1))
        return embeddings

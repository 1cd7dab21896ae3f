"""The mean over the frames of a crop, and their standard deviation."""

from typing import Final

import torch
from torch import Tensor

from signl.models.mean_pool.options import MeanPoolOptions
from signl.models.network import FrameNetwork

_LEAST_VARIANCE: Final = 1e-24


class MeanPool(FrameNetwork):
    """Embeds a picture by statistics of each channel; it has no weights.

    Parameters
    ----------
    width, n_frames : int
        Channels of the front-end, and frames of a crop.
    config : MeanPoolOptions
        Which statistics.
    """

    config: MeanPoolOptions

    @property
    def embedding_width(self) -> int:  # type: ignore[override]
        """One number a channel and statistic."""
        return self.width * (2 if self.config.statistics == "mean_and_deviation" else 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Return means, and deviations after them: (batch, 1, width, frame) to (batch, width).

        The deviation is that of all frames (divisor n). There are no graphs to augment.
        """
        has_deviation = self.config.statistics == "mean_and_deviation"
        return pool(crops[:, 0], with_deviation=has_deviation)


def pool(channels: Tensor, *, with_deviation: bool) -> Tensor:
    """Return the mean of each channel, and all deviations (divisor n) after them if asked for.

    Parameters
    ----------
    channels : Tensor of shape (batch, channel, frame)
    with_deviation : bool

    Returns
    -------
    Tensor of shape (batch, channel) or (batch, 2 * channel), float32
    """
    variance, mean = torch.var_mean(channels.float(), dim=-1, correction=0)
    if not with_deviation:
        return mean
    # The root has no slope at 0, which a channel that is the same in all frames would ask for.
    deviation = variance.clamp_min(_LEAST_VARIANCE).sqrt() * (variance > 0)
    return torch.cat([mean, deviation], dim=-1)

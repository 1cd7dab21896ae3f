"""Statistics of frames, and a front-end that gives these in place of the frames."""

from typing import Final

import torch
from torch import Tensor

from signl.features.frontend import MEAN_AND_DEVIATION, UNPOOLED, Frontend, FrontendOptions

_LEAST_VARIANCE: Final = 1e-24


def frame_statistics(channels: Tensor, *, with_deviation: bool) -> Tensor:
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


class PooledFrames:
    """A front-end that gives one frame: statistics over all frames of another one.

    Parameters
    ----------
    frames : Frontend
        Gives the frames. Their width, window and hop are those of this front-end too.
    with_deviation : bool
        Whether the deviation of each channel follows the means.
    """

    def __init__(self, frames: Frontend, *, with_deviation: bool) -> None:
        self._frames, self._with_deviation = frames, with_deviation
        self.width, self.normalises = frames.width, frames.normalises
        self.window_samples, self.hop_samples = frames.window_samples, frames.hop_samples

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return the statistics, (batch, 1, width or 2 * width), of waveforms, (batch, time)."""
        frames = self._frames(waveforms)
        return frame_statistics(frames.mT, with_deviation=self._with_deviation)[:, None]


def build_frontend(options: FrontendOptions, device: torch.device) -> Frontend:
    """Build a front-end that gives what is cached: its frames, or their statistics.

    Raises
    ------
    ConfigError
        If its model cannot be loaded.
    """
    frontend = options.build(device)
    if options.pooled == UNPOOLED:
        return frontend
    return PooledFrames(frontend, with_deviation=options.pooled == MEAN_AND_DEVIATION)

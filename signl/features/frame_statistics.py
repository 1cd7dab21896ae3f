"""Statistics of frames, and a front-end that gives these in place of the frames."""

from typing import Final

import torch
from torch import Tensor

from signl.features.frontend import UNPOOLED, Frontend, FrontendOptions, Statistics

_LEAST_VARIANCE: Final = 1e-24


def frame_statistics(channels: Tensor, statistics: Statistics) -> Tensor:
    """Return statistics of each channel, all channels of one before those of the next.

    Parameters
    ----------
    channels : Tensor of shape (batch, channel, frame)
    statistics : {"mean", "mean_and_deviation", "mean_and_deviations"}
        The last one has four numbers a channel: the mean, the standard deviation, and the
        standard deviations of both orders of differences. The first is what the next frame has
        more than the one before; the second, what a first difference has more than its
        predecessor. Of frames at the edges there are none.

    Returns
    -------
    Tensor of shape (batch, n * channel), float32
        With n of 1, 2, or 4. Deviations are those of all values, and 0 where there is none.
    """
    channels = channels.float()
    mean, deviation = _mean_and_deviation(channels)
    parts = [mean] if statistics == "mean" else [mean, deviation]
    if statistics == "mean_and_deviations":
        first = channels[..., 2:] - channels[..., :-2]
        parts += [_mean_and_deviation(each)[1] for each in (first, first.diff(dim=-1))]
    return torch.cat(parts, dim=-1)


def _mean_and_deviation(channels: Tensor) -> tuple[Tensor, Tensor]:
    if not channels.shape[-1]:
        nothing = channels.new_zeros(channels.shape[:-1])
        return nothing, nothing
    variance, mean = torch.var_mean(channels, dim=-1, correction=0)
    # The root has no slope at 0, which a channel that is the same in all frames would ask for.
    return mean, variance.clamp_min(_LEAST_VARIANCE).sqrt() * (variance > 0)


class PooledFrames:
    """A front-end that gives one frame: statistics over all frames of another one.

    Parameters
    ----------
    frames : Frontend
        Gives the frames. Their width, window and hop are those of this front-end too.
    statistics : {"mean", "mean_and_deviation", "mean_and_deviations"}
        Those of :func:`frame_statistics`.
    """

    def __init__(self, frames: Frontend, statistics: Statistics) -> None:
        self._frames, self._statistics = frames, statistics
        self.width, self.normalises = frames.width, frames.normalises
        self.window_samples, self.hop_samples = frames.window_samples, frames.hop_samples

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return the statistics, (batch, 1, n * width), of waveforms, (batch, time)."""
        return frame_statistics(self._frames(waveforms).mT, self._statistics)[:, None]


def build_frontend(options: FrontendOptions, device: torch.device) -> Frontend:
    """Build a front-end that gives what is cached: its frames, or their statistics.

    Raises
    ------
    ConfigError
        If its model cannot be loaded.
    """
    return pooled_frames(options.build(device), options)


def pooled_frames(frontend: Frontend, options: FrontendOptions) -> Frontend:
    """Return what gives the statistics that options ask for; without, the front-end itself."""
    return frontend if options.pooled == UNPOOLED else PooledFrames(frontend, options.pooled)

"""A front-end that gives the statistics of several side by side."""

from collections.abc import Sequence

import torch
from torch import Tensor

from signl.features.frontend import Frontend
from signl.features.joined.options import JoinedOptions
from signl.features.whole_frames import whole_frames


class JoinedStatistics:
    """A front-end that gives one frame: those of several front-ends, one after the other.

    Parameters
    ----------
    options : JoinedOptions
    parts : sequence of Frontend
        Each gives one frame of statistics; built of the options' parts, in their order.
    """

    def __init__(self, options: JoinedOptions, parts: Sequence[Frontend]) -> None:
        self._parts = list(zip(options.parts, parts, strict=True))
        self.width, self.window_samples, self.hop_samples = options.geometry()
        self.normalises = parts[0].normalises

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return the statistics, (batch, 1, width), of waveforms, (batch, time)."""
        frames = [
            part(
                waveforms
                if options.pads
                else whole_frames(waveforms, part.window_samples, part.hop_samples)
            )
            for options, part in self._parts
        ]
        return torch.cat(frames, dim=-1)

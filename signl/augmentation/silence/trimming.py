"""The silence before and after speech, cut away."""

import numpy as np
from numpy.typing import NDArray

from signl.augmentation.augmentation_options import SAMPLE_RATE_HZ
from signl.augmentation.silence.options import SilenceOptions


class Trimming:
    """Cuts the silent frames at both ends; those between others stay. Draws nothing.

    Parameters
    ----------
    options : SilenceOptions
        What is silent.
    """

    def __init__(self, options: SilenceOptions) -> None:
        self._share = 10 ** (-options.below_db / 10)
        self._frame = round(options.frame_ms * SAMPLE_RATE_HZ / 1000)

    def __call__(
        self, samples: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return a shorter waveform (time,), at least its loudest frame."""
        starts = np.arange(0, len(samples), self._frame)
        # The last frame may be shorter: levels are means, not sums.
        sizes = np.diff(starts, append=len(samples))
        power = np.add.reduceat(samples**2, starts) / sizes
        heard = np.flatnonzero(power >= self._share * power.max())
        return samples[starts[heard[0]] : starts[heard[-1]] + self._frame]

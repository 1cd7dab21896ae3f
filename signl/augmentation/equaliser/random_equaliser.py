"""A filter of constant delay whose gain wanders with the frequency."""

import numpy as np
from numpy.typing import NDArray

from signl.augmentation.equaliser.options import EqualiserOptions
from signl.augmentation.filtering import convolve


class RandomEqualiser:
    """Filters by gains whose logarithms are a random walk, with a mean of 0 over the frequencies.

    Parameters
    ----------
    options : EqualiserOptions
        Taps, points and step.
    """

    def __init__(self, options: EqualiserOptions) -> None:
        self._n_taps, self._n_points, self._step = options.taps, options.points, options.step

    def __call__(
        self, samples: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return a waveform (time,) as long, and no later; its peak may be over full scale."""
        taps = self.draw_filter(rng)
        return convolve(samples, taps, skip=len(taps) // 2)

    def draw_filter(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the taps, symmetric around the middle one (the window method)."""
        log_gains = np.cumsum(self._step * rng.standard_normal(self._n_points))
        half = max(self._n_taps, self._n_points)
        places = np.linspace(0, self._n_points - 1, half + 1)
        gains = np.exp(np.interp(places, np.arange(self._n_points), log_gains - log_gains.mean()))
        around = np.roll(np.fft.irfft(gains), self._n_taps // 2)[: self._n_taps]
        result: NDArray[np.float64] = around * np.hamming(self._n_taps)
        return result

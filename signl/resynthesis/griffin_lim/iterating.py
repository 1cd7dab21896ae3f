"""Phases that fit magnitudes, by iteration.

References
----------
Griffin and Lim (1984), Signal estimation from modified short-time Fourier transform, IEEE
Transactions on Acoustics, Speech, and Signal Processing 32 (2).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from signl.resynthesis.method_options import choose, draw_count
from signl.resynthesis.spectra import Samples, mel_bank, spectrum_of, waveform_of

WINDOW: Final = 512
HOP: Final = 128


def find_phases(
    magnitudes: NDArray[np.float64], n_samples: int, iterations: int, rng: np.random.Generator
) -> Samples:
    """Return a waveform of about these magnitudes (bin, frame), from random phases on."""
    phases = np.exp(2j * np.pi * rng.random(magnitudes.shape))
    for _ in range(iterations):
        nearest = spectrum_of(waveform_of(magnitudes * phases, HOP, n_samples), WINDOW, HOP)
        size = np.abs(nearest)
        phases = np.divide(nearest, size, out=np.ones_like(nearest), where=size > 0)
    return waveform_of(magnitudes * phases, HOP, n_samples)


def through_bands(magnitudes: NDArray[np.float64], n_bands: int) -> NDArray[np.float64]:
    """Return what mel bands tell of magnitudes (bin, frame), by the pseudo-inverse of the bank."""
    bank = mel_bank(n_bands, WINDOW)
    told: NDArray[np.float64] = np.maximum(np.linalg.pinv(bank) @ (bank @ magnitudes), 0)
    return told


class GriffinLim:
    """Keeps magnitudes, or what mel bands tell of them, and finds other phases.

    Parameters
    ----------
    iterations : tuple of int
        From where to where their number is drawn.
    bands : sequence of int
        Numbers of mel bands to choose among; empty: all magnitudes are kept.
    """

    def __init__(self, iterations: tuple[int, int], *, bands: Sequence[int] = ()) -> None:
        self._iterations, self._bands = iterations, bands

    def __call__(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Return a waveform (time,) as long."""
        magnitudes = np.abs(spectrum_of(samples, WINDOW, HOP))
        iterations = draw_count(self._iterations, rng)
        if self._bands:
            magnitudes = through_bands(magnitudes, choose(self._bands, rng))
        return find_phases(magnitudes, len(samples), iterations, rng)

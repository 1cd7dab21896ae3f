"""Noise of channels and devices, made of the signal itself or of white noise.

References
----------
Tak, Kamble, Patino, Todisco and Evans (2022), RawBoost: a raw data boosting and augmentation
method applied to automatic speaker verification anti-spoofing, ICASSP; arXiv 2111.04433.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from signl.augmentation.augmentation_options import SAMPLE_RATE_HZ, draw
from signl.augmentation.filtering import add_at_snr, convolve, limit_peak
from signl.augmentation.rawboost.options import RawBoostOptions

#: How far the edges of a band stay from 0 Hz and from half the sample rate.
_EDGE_HZ: Final = 1e-3
#: Frequencies, from 0 up to half the sample rate, at which the gain of a filter is looked at.
_N_FREQUENCIES: Final = 512

Samples = NDArray[np.float64]


def band_stop(low_hz: float, high_hz: float, n_taps: int) -> Samples:
    """Return the taps of a band-stop filter by the window method, with gain 1 at 0 Hz.

    Parameters
    ----------
    low_hz, high_hz : float
        Edges of the band.
    n_taps : int
        An odd number.
    """
    low, high = (2 * edge / SAMPLE_RATE_HZ for edge in (low_hz, high_hz))
    n = np.arange(n_taps) - (n_taps - 1) / 2
    taps = np.sinc(n) - high * np.sinc(high * n) + low * np.sinc(low * n)
    taps *= np.hamming(n_taps)
    result: Samples = taps / taps.sum()
    return result


def largest_gain(taps: Samples) -> float:
    """Return the largest gain of a filter at 512 frequencies from 0 Hz."""
    step = -(-len(taps) // (2 * _N_FREQUENCIES))
    response = np.fft.rfft(taps, 2 * _N_FREQUENCIES * step)[::step]
    return float(np.abs(response[:_N_FREQUENCIES]).max())


class RawBoost:
    """RawBoost, of any of its algorithms.

    Parameters
    ----------
    options : RawBoostOptions
        Which, and its parameters.
    """

    def __init__(self, options: RawBoostOptions) -> None:
        self.options = options

    def __call__(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Return a waveform (time,) with noise."""
        algorithm = self.options.algorithm
        if algorithm == 8:
            return limit_peak(self.convolutive(samples, rng) + self.impulsive(samples, rng))
        if algorithm in (1, 4, 5):
            samples = self.convolutive(samples, rng)
        if algorithm in (2, 4, 5):
            samples = self.impulsive(samples, rng)
        if algorithm in (3, 4):
            samples = self.stationary(samples, rng)
        return samples

    def convolutive(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Add up filtered powers of the waveform (algorithm 1)."""
        options = self.options
        total, raised = np.zeros_like(samples), np.ones_like(samples)
        for power in range(1, options.orders + 1):
            raised *= samples
            gain_db = draw(options.gain_db if power == 1 else options.powers_gain_db, rng)
            total += self._filtered(raised, gain_db, rng)
        return limit_peak(total - total.mean())

    def impulsive(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Change some samples by random parts of themselves (algorithm 2)."""
        options = self.options
        share = draw((0, options.impulses_percent), rng) / 100
        places = rng.permutation(len(samples))[: int(len(samples) * share)]
        first, second = 2 * rng.random((2, len(places))) - 1
        changed = samples.copy()
        changed[places] += options.impulse_gain * samples[places] * first * second
        return limit_peak(changed)

    def stationary(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Add filtered white noise (algorithm 3)."""
        options = self.options
        white = rng.standard_normal(len(samples))
        # Its own level, to which the published code brings its peak, is of no consequence here.
        noise = self._filtered(white, draw(options.gain_db, rng), rng)
        return add_at_snr(samples, noise, draw(options.snr_db, rng))

    def _filtered(self, samples: Samples, gain_db: float, rng: np.random.Generator) -> Samples:
        """Filter by band-stop filters that are drawn, of the given largest gain."""
        taps = self.draw_filter(rng)
        taps *= 10 ** (gain_db / 20) / largest_gain(taps)
        # As published: one sample more than the delay of the filter.
        return convolve(samples, taps, skip=(len(taps) + 1) // 2)

    def draw_filter(self, rng: np.random.Generator) -> Samples:
        """Return the taps, an odd number, of band-stop filters in series."""
        options = self.options
        taps = np.ones(1)
        for _ in range(options.bands):
            centre, width = draw(options.centre_hz, rng), draw(options.width_hz, rng)
            n_taps = int(draw(options.taps, rng))
            low = max(centre - width / 2, _EDGE_HZ)
            high = min(centre + width / 2, SAMPLE_RATE_HZ / 2 - _EDGE_HZ)
            taps = np.convolve(taps, band_stop(low, high, n_taps + 1 - n_taps % 2))
        return taps

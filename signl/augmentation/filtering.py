"""Convolution by the Fourier transform, and the level of waveforms."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Lengths of transforms are multiples of this: large prime factors would make them slow.
_BLOCK: Final = 4096


def convolve(
    samples: NDArray[np.float64], response: NDArray[np.float64], *, skip: int = 0
) -> NDArray[np.float64]:
    """Return as many samples of a convolution as there were, from sample ``skip`` of it on.

    Parameters
    ----------
    samples, response : ndarray of shape (time,)
        Waveform and impulse response.
    skip : int
        The delay of the response, to be undone.
    """
    length = -(-(len(samples) + len(response) + skip) // _BLOCK) * _BLOCK
    spectrum = np.fft.rfft(samples, length) * np.fft.rfft(response, length)
    result: NDArray[np.float64] = np.fft.irfft(spectrum, length)[skip : skip + len(samples)]
    return result


def add_at_snr(
    samples: NDArray[np.float64], noise: NDArray[np.float64], snr_db: float
) -> NDArray[np.float64]:
    """Add noise whose energy lies ``snr_db`` below that of the samples; silence adds nothing."""
    norm = np.linalg.norm(noise)
    if norm == 0:
        return samples
    return samples + noise * (np.linalg.norm(samples) / norm * 10 ** (-snr_db / 20))


def limit_peak(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide by the largest magnitude, where that is over full scale."""
    peak = np.abs(samples).max()
    return samples / peak if peak > 1 else samples

"""Short-time spectra, there and back, and the bands of the mel scale."""

from typing import Literal

import numpy as np
import torch
import torchaudio.functional
from numpy.typing import NDArray

from signl.augmentation.augmentation_options import SAMPLE_RATE_HZ

Samples = NDArray[np.float64]
Spectrum = NDArray[np.complex128]


def hann(n_samples: int) -> torch.Tensor:
    """Return the periodic Hann window."""
    return torch.hann_window(n_samples, dtype=torch.float64)


def spectrum_of(samples: Samples, window: int, hop: int) -> Spectrum:
    """Return the spectrum (bin, frame) of Hann windows, the first around the first sample."""
    spectrum: Spectrum = torch.stft(
        torch.from_numpy(samples),
        window,
        hop,
        window=hann(window),
        pad_mode="constant",
        return_complex=True,
    ).numpy()
    return spectrum


def waveform_of(spectrum: Spectrum, hop: int, n_samples: int) -> Samples:
    """Return the waveform (time,) whose spectrum is nearest (Griffin and Lim 1984, equation 6)."""
    window = 2 * (len(spectrum) - 1)
    samples: Samples = torch.istft(
        torch.from_numpy(spectrum), window, hop, window=hann(window), length=n_samples
    ).numpy()
    return samples


def mel_bank(
    n_bands: int,
    window: int,
    *,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
    low_hz: float = 0.0,
    high_hz: float | None = None,
    scale: Literal["slaney", "htk"] = "htk",
    norm: Literal["slaney"] | None = None,
) -> Samples:
    """Return triangular weights (band, bin) that are even on the mel scale.

    Parameters
    ----------
    n_bands, window : int
        Bands, and samples of a Fourier transform.
    sample_rate_hz : int
        Of the waveforms.
    low_hz, high_hz : float
        Where the bands begin and end; at half the sample rate, by default.
    scale, norm : str
        The mel scale; and whether bands have the same area (``slaney``), or the same peak.
    """
    bank: Samples = (
        torchaudio.functional.melscale_fbanks(
            window // 2 + 1,
            low_hz,
            sample_rate_hz / 2 if high_hz is None else high_hz,
            n_bands,
            sample_rate_hz,
            norm=norm,
            mel_scale=scale,
        )
        .numpy()
        .T.astype(np.float64)
    )
    return bank

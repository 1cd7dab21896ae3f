"""The log-mel spectrogram of COLA."""

from typing import Final

import torch
from torch import Tensor

from signl.features.frontend import SAMPLE_RATE_HZ
from signl.features.logmel.options import LogMelOptions

#: The least energy that a clip is divided by, and the least and largest magnitude of a band.
LEAST_ENERGY: Final = 1e-9
LEAST: Final = 1e-5
LARGEST: Final = 1e8


class ColaLogMel:
    """Natural logarithm of the magnitude in 64 mel bands from 60 to 7,800 Hz.

    A clip is divided by the root of its energy, so that frames depend on the whole of it. Hann
    windows of 25 ms, 10 ms apart, stand at the beginning of an FFT of 1,024 samples; the frames
    see whole windows only. Triangles are linear in mel, of height 1.

    Parameters
    ----------
    options : LogMelOptions
        With ``variant`` cola.
    device : torch.device

    References
    ----------
    Saeed, Grangier and Zeghidour (2021), COLA, arXiv 2010.10915; its public ``data.py``.
    """

    normalises = False

    def __init__(self, options: LogMelOptions, device: torch.device) -> None:
        self.width, self.window_samples, self.hop_samples = options.geometry()
        self._fft_samples = options.fft_samples
        self._window = torch.hann_window(self.window_samples, device=device)
        self._triangles = mel_triangles(
            self._fft_samples // 2 + 1, self.width, options.low_hz, options.high_hz
        ).to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames (batch, frame, 64) of waveforms (batch, time) at recording level."""
        energy = waveforms.square().sum(dim=-1, keepdim=True)
        levelled = waveforms / energy.clamp_min(LEAST_ENERGY).sqrt()
        windows = levelled.unfold(-1, self.window_samples, self.hop_samples) * self._window
        magnitudes = torch.fft.rfft(windows, n=self._fft_samples).abs()
        bands: Tensor = magnitudes @ self._triangles
        return bands.clamp(LEAST, LARGEST).log()


def mel_triangles(n_bins: int, n_mels: int, low_hz: float, high_hz: float) -> Tensor:
    """Return triangles (bin, mel) of height 1 whose slopes are linear in mel.

    Their corners are equally far apart in mel, 1127 ln(1 + f / 700). The first bin, of no
    frequency, is in none of them.
    """
    hz = torch.linspace(0, SAMPLE_RATE_HZ / 2, n_bins, dtype=torch.float64)
    mel = _mel(hz)[:, None]
    lowest, highest = _mel(torch.tensor([low_hz, high_hz], dtype=torch.float64)).tolist()
    corners = torch.linspace(lowest, highest, n_mels + 2, dtype=torch.float64)
    lower, centre, upper = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (mel - lower) / (centre - lower), (upper - mel) / (upper - centre)
    weights = torch.minimum(rising, falling).clamp_min(0)
    weights[0] = 0
    return weights.float()


def _mel(hz: Tensor) -> Tensor:
    return 1127 * torch.log1p(hz / 700)

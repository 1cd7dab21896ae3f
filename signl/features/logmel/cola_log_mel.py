"""The log-mel spectrogram of COLA."""

from typing import Final

import torch
from torch import Tensor
from transformers.audio_utils import mel_filter_bank

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
        triangles = mel_filter_bank(
            self._fft_samples // 2 + 1,
            self.width,
            options.low_hz,
            options.high_hz,
            SAMPLE_RATE_HZ,
            mel_scale="kaldi",  # 1127 ln(1 + f / 700)
            triangularize_in_mel_space=True,
        )
        self._triangles = torch.from_numpy(triangles).float().to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames (batch, frame, 64) of waveforms (batch, time) at recording level."""
        energy = waveforms.square().sum(dim=-1, keepdim=True)
        levelled = waveforms / energy.clamp_min(LEAST_ENERGY).sqrt()
        windows = levelled.unfold(-1, self.window_samples, self.hop_samples) * self._window
        magnitudes = torch.fft.rfft(windows, n=self._fft_samples).abs()
        bands: Tensor = magnitudes @ self._triangles
        return bands.clamp(LEAST, LARGEST).log()

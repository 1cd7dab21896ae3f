"""Mel-frequency cepstral coefficients."""

import torch
import torchaudio
from torch import Tensor

from signl.features.frontend import SAMPLE_RATE_HZ
from signl.features.mfcc.options import MfccOptions
from signl.features.window_padding import pad_windows


class Mfcc:
    """Cepstra of the natural logarithm of the power in mel bands.

    Windows are Hann's, and the cosine transform is orthonormal. Differences are slopes over five
    frames.
    """

    normalises = True

    def __init__(self, options: MfccOptions, device: torch.device) -> None:
        self.width, self.window_samples, self.hop_samples = options.geometry()
        self._options = options
        self._transform = torchaudio.transforms.MFCC(
            SAMPLE_RATE_HZ,
            n_mfcc=options.n_coefficients,
            log_mels=True,
            melkwargs={
                "n_fft": options.fft_samples,
                "win_length": self.window_samples,
                "hop_length": self.hop_samples,
                "center": False,
                "n_mels": options.n_mels,
                "f_min": options.low_hz,
                "f_max": options.high_hz,
                "mel_scale": "htk",
            },
        ).to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames of shape (batch, frame, coefficient) of waveforms (batch, time)."""
        emphasised = torchaudio.functional.preemphasis(waveforms, self._options.preemphasis)
        padded = pad_windows(
            emphasised,
            window_samples=self.window_samples,
            fft_samples=self._options.fft_samples,
        )
        cepstra: Tensor = self._transform(padded)
        if self._options.subtract_mean:
            cepstra = cepstra - cepstra.mean(dim=-1, keepdim=True)
        parts = [cepstra]
        if self._options.deltas:
            parts.append(torchaudio.functional.compute_deltas(parts[-1]))
            parts.append(torchaudio.functional.compute_deltas(parts[-1]))
        return torch.cat(parts, dim=1).mT

"""Linear-frequency cepstral coefficients."""

import torch
import torchaudio
from torch import Tensor

from signl.features.frontend import SAMPLE_RATE_HZ
from signl.features.lfcc.options import LfccOptions
from signl.features.window_padding import pad_windows


class Lfcc:
    """Linear-frequency cepstral coefficients, with first and second differences if asked."""

    def __init__(self, options: LfccOptions, device: torch.device) -> None:
        self.width, self.window_samples, self.hop_samples = options.geometry()
        self._fft_samples, self._deltas = options.fft_samples, options.deltas
        self._transform = torchaudio.transforms.LFCC(
            sample_rate=SAMPLE_RATE_HZ,
            n_filter=options.n_filters,
            n_lfcc=options.n_coefficients,
            log_lf=True,
            speckwargs={
                "n_fft": self._fft_samples,
                "win_length": self.window_samples,
                "hop_length": self.hop_samples,
                "center": False,
            },
        ).to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames of shape (batch, frame, coefficient) of waveforms (batch, time)."""
        padded = pad_windows(
            waveforms, window_samples=self.window_samples, fft_samples=self._fft_samples
        )
        parts = [self._transform(padded)]
        if self._deltas:
            parts.append(torchaudio.functional.compute_deltas(parts[-1]))
            parts.append(torchaudio.functional.compute_deltas(parts[-1]))
        return torch.cat(parts, dim=1).transpose(1, 2)

"""The log-mel spectrogram."""

import torch
import torchaudio
from torch import Tensor

from signl.features.frontend import SAMPLE_RATE_HZ
from signl.features.logmel.options import LogMelOptions
from signl.features.window_padding import pad_windows


class LogMel:
    """Log-mel spectrogram: natural logarithm of the power in mel bands.

    The frames see whole windows only, so 72,000 samples give 224 frames at the default
    window and hop: as many as wav2vec 2.0 gives.
    """

    def __init__(self, options: LogMelOptions, device: torch.device) -> None:
        self.width, self.window_samples, self.hop_samples = options.geometry()
        self._fft_samples = options.fft_samples
        self._spectrogram = torchaudio.transforms.Spectrogram(
            n_fft=self._fft_samples,
            win_length=self.window_samples,
            hop_length=self.hop_samples,
            center=False,
        ).to(device)
        self._mel = torchaudio.transforms.MelScale(
            n_mels=options.n_mels,
            sample_rate=SAMPLE_RATE_HZ,
            f_min=options.low_hz,
            f_max=options.high_hz,
            n_stft=self._fft_samples // 2 + 1,
            norm="slaney",
            mel_scale="slaney",
        ).to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames of shape (batch, frame, mel) of waveforms of shape (batch, time)."""
        padded = pad_windows(
            waveforms, window_samples=self.window_samples, fft_samples=self._fft_samples
        )
        # The floor is far below speech of unit variance, and keeps digital silence finite.
        mel: Tensor = torch.log(self._mel(self._spectrogram(padded)).clamp_min(1e-6))
        return mel.transpose(1, 2)

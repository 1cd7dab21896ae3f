"""Spectral front-ends: log-mel spectrogram and LFCC."""

from dataclasses import dataclass

import torch
import torchaudio
from torch import Tensor

from signl.audio import SAMPLE_RATE_HZ


def _samples(milliseconds: float) -> int:
    return round(milliseconds * SAMPLE_RATE_HZ / 1000)


def _fft_size(window_samples: int) -> int:
    """Return the power of two that holds a window."""
    return 1 << (window_samples - 1).bit_length()


@dataclass(frozen=True, kw_only=True)
class LogMelOptions:
    """Options of the log-mel spectrogram; its frames have ``n_mels`` channels."""

    n_mels: int = 80
    window_ms: float = 25.0
    hop_ms: float = 20.0
    low_hz: float = 20.0
    high_hz: float = 8000.0


class LogMel:
    """Log-mel spectrogram: natural logarithm of the power in mel bands.

    The frames see whole windows only, so 72,000 samples give 224 frames at the default
    window and hop: as many as wav2vec 2.0 gives.
    """

    def __init__(self, options: LogMelOptions, device: torch.device) -> None:
        self.width = options.n_mels
        self.window_samples = _samples(options.window_ms)
        self.hop_samples = _samples(options.hop_ms)
        self._spectrogram = torchaudio.transforms.Spectrogram(
            n_fft=_fft_size(self.window_samples),
            win_length=self.window_samples,
            hop_length=self.hop_samples,
            center=False,
        ).to(device)
        self._mel = torchaudio.transforms.MelScale(
            n_mels=options.n_mels,
            sample_rate=SAMPLE_RATE_HZ,
            f_min=options.low_hz,
            f_max=options.high_hz,
            n_stft=_fft_size(self.window_samples) // 2 + 1,
            norm="slaney",
            mel_scale="slaney",
        ).to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames of shape (batch, frame, mel) of waveforms of shape (batch, time)."""
        power = self._spectrogram(_pad_windows(waveforms, self.window_samples))
        # The floor is far below speech of unit variance, and keeps digital silence finite.
        mel: Tensor = torch.log(self._mel(power).clamp_min(1e-6))
        return mel.transpose(1, 2)


@dataclass(frozen=True, kw_only=True)
class LfccOptions:
    """Options of LFCC; its frames have ``n_coefficients`` channels, thrice that with deltas."""

    n_filters: int = 40
    n_coefficients: int = 20
    window_ms: float = 25.0
    hop_ms: float = 20.0
    deltas: bool = True


class Lfcc:
    """Linear-frequency cepstral coefficients, with first and second differences if asked."""

    def __init__(self, options: LfccOptions, device: torch.device) -> None:
        self.width = options.n_coefficients * (3 if options.deltas else 1)
        self.window_samples = _samples(options.window_ms)
        self.hop_samples = _samples(options.hop_ms)
        self._deltas = options.deltas
        self._transform = torchaudio.transforms.LFCC(
            sample_rate=SAMPLE_RATE_HZ,
            n_filter=options.n_filters,
            n_lfcc=options.n_coefficients,
            log_lf=True,
            speckwargs={
                "n_fft": _fft_size(self.window_samples),
                "win_length": self.window_samples,
                "hop_length": self.hop_samples,
                "center": False,
            },
        ).to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames of shape (batch, frame, coefficient) of waveforms (batch, time)."""
        cepstra = self._transform(_pad_windows(waveforms, self.window_samples))
        parts = [cepstra]
        if self._deltas:
            parts.append(torchaudio.functional.compute_deltas(parts[-1]))
            parts.append(torchaudio.functional.compute_deltas(parts[-1]))
        return torch.cat(parts, dim=1).transpose(1, 2)


def _pad_windows(waveforms: Tensor, window_samples: int) -> Tensor:
    """Append what an FFT longer than the window reads past the last window's end.

    Without centring, a transform counts frames by its FFT size; the window sits in the middle
    of that, so padding both sides by half the difference gives one frame to each whole window.
    """
    surplus = _fft_size(window_samples) - window_samples
    return torch.nn.functional.pad(waveforms, (surplus // 2, surplus - surplus // 2))

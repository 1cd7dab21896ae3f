"""Linear-frequency cepstral coefficients of the baselines of the ASVspoof challenges."""

from typing import Final

import torch
import torchaudio
from torch import Tensor

from signl.features.frontend import SAMPLE_RATE_HZ
from signl.features.lfcc.options import LfccOptions

_PREEMPHASIS: Final = 0.97
#: Added to energies before their logarithm.
_FLOOR: Final = 2.0**-23


class ChallengeLfcc:
    """LFCC with log energy, and differences of both orders: 60 channels for 20 coefficients.

    The form of 2021 keeps the lower half of the frequencies: channels of coded audio end at 4 kHz.

    Parameters
    ----------
    options : LfccOptions
        With ``variant`` asvspoof2021 or asvspoof2019.
    device : torch.device

    References
    ----------
    Wang and Yamagishi, Interspeech 2021, arXiv 2103.11326; baseline B03 of ASVspoof 2021.
    """

    normalises = False

    def __init__(self, options: LfccOptions, device: torch.device) -> None:
        self.width, self.window_samples, self.hop_samples = options.geometry()
        self._fft_samples = options.fft_samples
        self._window = torch.hamming_window(options.window_samples, periodic=True, device=device)
        is_halved = options.variant == "asvspoof2021"
        n_bins = self._fft_samples // 4 if is_halved else self._fft_samples // 2 + 1
        highest_hz = SAMPLE_RATE_HZ / (4 if is_halved else 2)
        self.filter_bank = linear_triangles(n_bins, options.n_filters, highest_hz).to(device)
        self._cosines = torchaudio.functional.create_dct(
            options.n_coefficients, options.n_filters, norm="ortho"
        ).to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames (batch, frame, 60) of waveforms (batch, time) at recording level."""
        power = self._power(torchaudio.functional.preemphasis(waveforms, _PREEMPHASIS))
        cepstra = torch.log10(power @ self.filter_bank + _FLOOR) @ self._cosines
        energy = torch.log10(power.sum(-1, keepdim=True) / self._fft_samples + _FLOOR)
        static = torch.cat([energy, cepstra[..., 1:]], dim=-1)
        first = differences(static)
        return torch.cat([static, first, differences(first)], dim=-1)

    def _power(self, waveforms: Tensor) -> Tensor:
        """Return the power (batch, frame, bin) of the bins that the filters see."""
        spectrum = torch.stft(
            waveforms,
            self._fft_samples,
            self.hop_samples,
            win_length=len(self._window),
            window=self._window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        kept = spectrum[:, : len(self.filter_bank)].mT
        return kept.real.square() + kept.imag.square()


def linear_triangles(n_bins: int, n_filters: int, highest_hz: float) -> Tensor:
    """Return triangles of equal width and peak 1 over frequency, (bin, filter).

    The published code spreads its bins evenly from 0 to ``highest_hz``, both included. For the
    lower half of the frequencies that is not where they lie: the last of 256 lies at 3,984 Hz.
    """
    frequencies = torch.linspace(0, highest_hz, n_bins, dtype=torch.float64)
    corners = torch.linspace(0, highest_hz, n_filters + 2, dtype=torch.float64)
    places = (frequencies[:, None] - corners[:-2]) / (corners[1] - corners[0])
    return (1 - (places - 1).abs()).clamp_min(0).float()


def differences(frames: Tensor) -> Tensor:
    """Return what the next frame has more than the one before; the frames at the edges repeat."""
    padded = torch.cat([frames[:, :1], frames, frames[:, -1:]], dim=1)
    return padded[:, 2:] - padded[:, :-2]

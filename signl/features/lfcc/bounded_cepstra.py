"""Linear-frequency cepstral coefficients of a bounded band, of energies with a floor."""

from typing import Final

import torch
import torchaudio
from torch import Tensor

from signl.features.frontend import SAMPLE_RATE_HZ
from signl.features.lfcc.options import LfccOptions

#: Where the lowest band begins and the highest ends: bins 2 and 225 of an FFT of 512 samples.
LOWEST_HZ: Final = 62.5
HIGHEST_HZ: Final = 7031.25
#: The least energy of a band: a share of the mean of all bands and frames, and a constant.
FLOOR_SHARE: Final = 2e-7
FLOOR: Final = 1e-10


class BoundedLfcc:
    """LFCC of bands from 62.5 to 7,031 Hz: 60 channels, without differences.

    Hann windows of 25 ms centred on their samples, 10 ms apart; triangles of equal width; natural
    logarithms. Energies are raised to a floor that follows the mean of the utterance, so that
    digital silence is no extreme; frames therefore depend on the whole utterance.

    Parameters
    ----------
    options : LfccOptions
        With ``variant`` below_7khz.
    device : torch.device
    """

    normalises = False

    def __init__(self, options: LfccOptions, device: torch.device) -> None:
        self.width, self.window_samples, self.hop_samples = options.geometry()
        self._fft_samples = options.fft_samples
        window = torch.hann_window(options.window_samples, dtype=torch.float64)
        # Of a sum of 1, as the floor has it.
        self._window = (window / window.sum()).float().to(device)
        self._filter_bank = torchaudio.functional.linear_fbanks(
            self._fft_samples // 2 + 1,
            f_min=LOWEST_HZ,
            f_max=HIGHEST_HZ,
            n_filter=options.n_filters,
            sample_rate=SAMPLE_RATE_HZ,
        ).to(device)
        self._cosines = torchaudio.functional.create_dct(
            options.n_coefficients, options.n_filters, norm="ortho"
        ).to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames (batch, frame, 60) of waveforms (batch, time) at recording level."""
        energies = self._power(waveforms) @ self._filter_bank
        floor = FLOOR_SHARE * energies.mean(dim=(1, 2), keepdim=True) + FLOOR
        cepstra: Tensor = torch.maximum(energies, floor).log() @ self._cosines
        return cepstra

    def _power(self, waveforms: Tensor) -> Tensor:
        """Return the power (batch, frame, bin) of frames up to the first past the end."""
        to_next_hop = -waveforms.shape[-1] % self.hop_samples
        spectrum = torch.stft(
            torch.nn.functional.pad(waveforms, (0, to_next_hop)),
            self._fft_samples,
            self.hop_samples,
            win_length=len(self._window),
            window=self._window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        ).mT
        return spectrum.real.square() + spectrum.imag.square()

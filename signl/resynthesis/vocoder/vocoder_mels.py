"""Mel spectrograms as vocoders were trained on them."""

from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from signl.resynthesis.spectra import mel_bank
from signl.resynthesis.vocoder.mel_options import MelOptions

#: By how much a logarithm is multiplied.
_FACTORS: Final = {"ln": 1.0, "log10": 1 / np.log(10), "db": 20 / np.log(10)}


class VocoderMels:
    """Computes mel spectrograms of one form.

    Parameters
    ----------
    options : MelOptions
        The form.
    """

    def __init__(self, options: MelOptions) -> None:
        self.options = options
        self._window = torch.hann_window(options.window, dtype=torch.float64)
        self._bank = torch.from_numpy(
            mel_bank(
                options.n_mels,
                options.n_fft,
                sample_rate_hz=options.sample_rate_hz,
                low_hz=options.low_hz,
                high_hz=options.top_hz,
                scale=options.scale,
                norm=options.norm,
            )
        )

    def __call__(self, waveform: Tensor) -> Tensor:
        """Return the mel spectrogram (band, frame) of a waveform (time,), at its own rate.

        Reflected samples stand before the first and behind the last; a waveform that is too short
        for that is filled up with silence.
        """
        options = self.options
        margin = options.n_fft // 2 if options.centre else (options.n_fft - options.hop) // 2
        waveform = F.pad(waveform, (0, max(0, options.n_fft - len(waveform))))
        spectrum = torch.stft(
            F.pad(waveform[None], (margin, margin), mode="reflect")[0],
            options.n_fft,
            options.hop,
            options.window,
            self._window,
            center=False,
            return_complex=True,
        )
        powers = spectrum.real**2 + spectrum.imag**2
        filled = powers if options.power == 2 else (powers + options.epsilon).sqrt()
        bands = (self._bank @ filled).clamp_min(options.floor)
        logarithms: Tensor = bands.log() * _FACTORS[options.log]
        return logarithms

"""Noise shaped by the energies of a recording's bands."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from signl.augmentation.augmentation_options import SAMPLE_RATE_HZ
from signl.resynthesis.method_options import choose, draw_count
from signl.resynthesis.noise_vocoder.options import NoiseVocoderOptions
from signl.resynthesis.spectra import Samples, hann, mel_bank, spectrum_of, waveform_of

WINDOW: Final = 512
HOP: Final = 128


def envelope(powers: NDArray[np.float64], n_bands: int) -> NDArray[np.float64]:
    """Return powers (bin, frame) that tell no more than the means of mel bands.

    A bin between the middles of two bands has a value between theirs.
    """
    bank = mel_bank(n_bands, WINDOW)
    bank = bank[bank.sum(axis=1) > 0]
    means = (bank / bank.sum(axis=1, keepdims=True)) @ powers
    # The first bin and the last lie in no band: they are those beside them.
    weights = bank.copy()
    weights[:, 0], weights[:, -1] = bank[:, 1], bank[:, -2]
    between: NDArray[np.float64] = (weights / weights.sum(axis=0)).T @ means
    return between


class BandNoise:
    """Makes noise of a recording, or of what lies above a frequency.

    Parameters
    ----------
    options : NoiseVocoderOptions
        Bands and frequencies.
    """

    def __init__(self, options: NoiseVocoderOptions) -> None:
        self.options = options

    def __call__(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Return a waveform (time,) as long."""
        options = self.options
        spectrum = spectrum_of(samples, WINDOW, HOP)
        n_bands = draw_count(options.bands, rng)
        is_part = rng.random() < options.above_probability
        above_hz = choose(options.above_hz, rng) if is_part else 0
        noise = spectrum_of(rng.standard_normal(len(samples)), WINDOW, HOP)
        noise /= np.sqrt(float((hann(WINDOW) ** 2).sum()))  # now of mean power 1
        made = noise * np.sqrt(envelope(np.abs(spectrum) ** 2, n_bands))
        first = int(np.ceil(above_hz / SAMPLE_RATE_HZ * WINDOW))
        return waveform_of(np.concatenate([spectrum[:first], made[first:]]), HOP, len(samples))

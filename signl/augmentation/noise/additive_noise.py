"""Noise that is added to a waveform."""

import numpy as np
from numpy.typing import NDArray

from signl.augmentation.augmentation_options import draw
from signl.augmentation.filtering import add_at_snr
from signl.augmentation.noise.options import NoiseOptions
from signl.augmentation.sounds import Sounds


class AdditiveNoise:
    """Adds white noise, or a sound of a folder from a random place on, over and over.

    Parameters
    ----------
    options : NoiseOptions
        Folder and ratio.
    """

    def __init__(self, options: NoiseOptions) -> None:
        self._snr_db = options.snr_db
        folder = options.folder
        self._sounds = None if folder is None else Sounds(folder, file_s=options.file_s)

    def __call__(
        self, samples: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return a waveform (time,) with noise; its peak may be over full scale."""
        snr_db = draw(self._snr_db, rng)
        if self._sounds is None:
            return add_at_snr(samples, rng.standard_normal(len(samples)), snr_db)
        sound = self._sounds.draw(rng)
        start = rng.integers(len(sound))
        places = (start + np.arange(len(samples))) % len(sound)
        return add_at_snr(samples, sound[places], snr_db)

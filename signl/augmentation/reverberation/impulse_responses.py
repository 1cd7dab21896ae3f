"""Rooms, by their impulse responses."""

import numpy as np
from numpy.typing import NDArray

from signl.augmentation.filtering import convolve
from signl.augmentation.reverberation.options import ReverberationOptions
from signl.augmentation.sounds import Sounds


class Reverberation:
    """Convolves with an impulse response; the direct sound stays where it was.

    Parameters
    ----------
    options : ReverberationOptions
        Names the folder.
    """

    def __init__(self, options: ReverberationOptions) -> None:
        assert options.folder is not None
        self._responses = Sounds(options.folder, file_s=options.file_s, first_channel=True)

    def __call__(
        self, samples: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return a waveform (time,) as long and of the same energy, as heard in a room.

        What would ring on after its end is cut.
        """
        response = self._responses.draw(rng)
        heard = convolve(samples, response, skip=int(np.abs(response).argmax()))
        norm = np.linalg.norm(heard)
        # A response of zeros, or silence, has no level to be brought back.
        return heard * (np.linalg.norm(samples) / norm) if norm > 0 else samples

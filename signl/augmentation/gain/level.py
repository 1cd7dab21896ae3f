"""A waveform at another level."""

import numpy as np
from numpy.typing import NDArray

from signl.augmentation.augmentation_options import draw
from signl.augmentation.filtering import limit_peak
from signl.augmentation.gain.options import GainOptions


class Gain:
    """Multiplies by a gain that is drawn.

    Parameters
    ----------
    options : GainOptions
        From where to where.
    """

    def __init__(self, options: GainOptions) -> None:
        self._gain_db = options.gain_db

    def __call__(
        self, samples: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return a waveform (time,), its peak at most at full scale."""
        return limit_peak(samples * 10 ** (draw(self._gain_db, rng) / 20))

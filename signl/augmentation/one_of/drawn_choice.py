"""One augmentation of several, or none."""

import numpy as np
from numpy.typing import NDArray

from signl.augmentation.one_of.options import OneOfOptions


class DrawnChoice:
    """Draws one of its choices, or none, and does that.

    Parameters
    ----------
    options : OneOfOptions
        The choices.
    """

    def __init__(self, options: OneOfOptions) -> None:
        self._ends = np.cumsum([each.probability for each in options.choices])
        self._choices = [each.build() for each in options.choices]

    def __call__(
        self, samples: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return what the choice that is drawn makes of a waveform (time,)."""
        drawn = int(np.searchsorted(self._ends, rng.random(), side="right"))
        return samples if drawn == len(self._choices) else self._choices[drawn](samples, rng)

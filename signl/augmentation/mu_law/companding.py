"""Steps that grow with the level (ITU-T G.711, its continuous form)."""

import numpy as np
from numpy.typing import NDArray

from signl.augmentation.filtering import limit_peak
from signl.augmentation.mu_law.options import MuLawOptions


class MuLaw:
    """Compands, rounds and expands; draws nothing.

    Parameters
    ----------
    options : MuLawOptions
        Bits of a sample.
    """

    def __init__(self, options: MuLawOptions) -> None:
        self._mu = 2.0**options.bits - 1

    def __call__(
        self, samples: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return a waveform (time,) as long, of 2 ** bits values.

        One whose peak is over full scale is brought to that first, where steps would clip it.
        """
        mu = self._mu
        samples = limit_peak(samples)
        companded = np.sign(samples) * np.log1p(mu * np.abs(samples)) / np.log1p(mu)
        # From -1 to 1 in mu steps: of an odd number of them, none is at 0.
        steps = np.round((companded + 1) * mu / 2) * 2 / mu - 1
        expanded: NDArray[np.float64] = np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(mu)) / mu
        return expanded

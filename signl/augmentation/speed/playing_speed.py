"""A waveform played at another speed."""

from typing import Final

import numpy as np
import torch
import torchaudio.functional
from numpy.typing import NDArray

from signl.augmentation.speed.options import SpeedOptions

#: Speeds are taken to the hundredth: the resampler's filters grow with the terms of the fraction.
_STEPS: Final = 100


class PlayingSpeed:
    """Plays faster or slower, and so higher or lower.

    Parameters
    ----------
    options : SpeedOptions
        Speeds to choose among.
    """

    def __init__(self, options: SpeedOptions) -> None:
        self._rates = [round(_STEPS * factor) for factor in options.factors]

    def __call__(
        self, samples: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return a waveform (time,) of which there is less at a higher speed."""
        rate = self._rates[rng.integers(len(self._rates))]
        if rate == _STEPS:
            return samples
        played = torchaudio.functional.resample(torch.from_numpy(samples), rate, _STEPS)
        result: NDArray[np.float64] = played.numpy()
        return result

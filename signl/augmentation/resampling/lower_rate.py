"""A waveform at a lower sample rate, and back at its own."""

import numpy as np
import torch
import torchaudio.functional
from numpy.typing import NDArray

from signl.augmentation.augmentation_options import SAMPLE_RATE_HZ
from signl.augmentation.resampling.options import ResamplingOptions


class LowerRate:
    """Resamples down and up; draws nothing.

    Parameters
    ----------
    options : ResamplingOptions
        The lower rate.
    """

    def __init__(self, options: ResamplingOptions) -> None:
        self._rate_hz = options.rate_hz

    def __call__(
        self, samples: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return a waveform (time,) as long, without what the lower rate cannot hold."""
        down = torchaudio.functional.resample(
            torch.from_numpy(samples), SAMPLE_RATE_HZ, self._rate_hz
        )
        up = torchaudio.functional.resample(down, self._rate_hz, SAMPLE_RATE_HZ)
        result: NDArray[np.float64] = up[: len(samples)].numpy()
        return result

"""Overlap-add of pieces that are similar where they overlap.

References
----------
Verhelst and Roelands (1993), An overlap-add technique based on waveform similarity (WSOLA) for high
quality time-scale modification of speech, ICASSP.
"""

from typing import Final

import numpy as np
import torch
import torchaudio.functional

from signl.augmentation.augmentation_options import draw
from signl.resynthesis.spectra import Samples, hann
from signl.resynthesis.wsola.options import WsolaOptions

WINDOW: Final = 512
HOP: Final = 256
#: Samples by which a piece is moved at most, 10 ms: the period of a pitch of 50 Hz lies within.
REACH: Final = 160
#: Ratios are taken to the hundredth: the resampler's filters grow with the terms of the fraction.
_STEPS: Final = 100


def stretch(samples: Samples, ratio: float) -> Samples:
    """Return a waveform (time,) of ``ratio`` times the duration and of the same pitch."""
    n_samples = max(1, round(ratio * len(samples)))
    n_frames = -(-n_samples // HOP) + 1
    ends = HOP + REACH, WINDOW + 2 * REACH + 2 * HOP
    padded = np.pad(samples, ends)
    weights = hann(WINDOW).numpy()
    total = np.zeros((n_frames + 1) * HOP)
    start = REACH
    for number in range(n_frames):
        if number:
            planned = min(REACH + round(number * HOP / ratio), REACH + HOP + len(samples))
            start = _most_similar(padded, planned, padded[start + HOP : start + HOP + WINDOW])
        total[number * HOP : number * HOP + WINDOW] += weights * padded[start : start + WINDOW]
    return total[HOP : HOP + n_samples]


def _most_similar(padded: Samples, planned: int, wanted: Samples) -> int:
    """Return where the piece begins, around ``planned``, that is most like what is wanted."""
    first = planned - REACH
    around = padded[first : planned + REACH + WINDOW]
    likeness = np.correlate(around, wanted, "valid")
    energies = np.cumsum(np.concatenate([[0.0], around**2]))
    energy = np.maximum(energies[WINDOW:] - energies[:-WINDOW], 1e-12)
    return first + int(np.argmax(likeness / np.sqrt(energy)))


class Wsola:
    """Changes the duration, or the pitch, where what is made is resampled to its old duration.

    Parameters
    ----------
    options : WsolaOptions
        Ratios, and the share whose pitch is changed.
    """

    def __init__(self, options: WsolaOptions) -> None:
        self.options = options

    def __call__(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Return a waveform (time,): as long, at another pitch, or else longer or shorter."""
        steps = round(_STEPS * draw(self.options.stretch, rng))
        is_shifted = rng.random() < self.options.pitch_probability
        stretched = stretch(samples, steps / _STEPS)
        if not is_shifted:
            return stretched
        played = torchaudio.functional.resample(torch.from_numpy(stretched), steps, _STEPS).numpy()
        result: Samples = np.pad(played, (0, max(0, len(samples) - len(played))))[: len(samples)]
        return result

"""All-pole filters of a recording, excited by pulses or noise.

References
----------
Atal and Hanauer (1971), Speech analysis and synthesis by linear prediction of the speech wave, The
Journal of the Acoustical Society of America 50 (2B).
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from signl.augmentation.augmentation_options import SAMPLE_RATE_HZ
from signl.resynthesis.lpc.options import LpcOptions
from signl.resynthesis.method_options import choose
from signl.resynthesis.pitch import Samples, filled, pitch_of

WINDOW: Final = 480
HOP: Final = 240
_PERIOD_MS: Final = 1000 * HOP / SAMPLE_RATE_HZ
#: Added to the power of a frame, as a part of it and by itself, so that silence has a filter too.
_WHITE: Final = 1e-9
_LEAST_POWER: Final = 1e-16


class Filters(NamedTuple):
    """Filters of frames: predictors (frame, order) and the levels of their excitation (frame,)."""

    predictors: NDArray[np.float64]
    levels: NDArray[np.float64]


def window() -> Samples:
    """Return the periodic Hann window; those of neighbouring frames add up to 1."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)


def predict(samples: Samples, order: int) -> Filters:
    """Return the filters of frames, the first of which ends a hop after the first sample.

    By the autocorrelation method: sample n of a frame is about the sum of ``predictors[k]`` times
    sample n - k - 1, and noise of ``levels``.
    """
    n_frames = -(-len(samples) // HOP) + 1
    padded = np.pad(samples, (HOP, (n_frames + 1) * HOP - HOP - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] * window()
    powers = np.abs(np.fft.rfft(frames, 2 * WINDOW)) ** 2
    correlation = np.fft.irfft(powers)[:, : order + 1] / np.sum(window() ** 2)
    correlation[:, 0] += _WHITE * correlation[:, 0] + _LEAST_POWER
    lags = np.abs(np.arange(order)[:, None] - np.arange(order))
    right = correlation[:, 1:, None]
    predictors = np.linalg.solve(correlation[:, lags], right)[..., 0].astype(np.float64)
    errors = correlation[:, 0] - np.sum(predictors * correlation[:, 1:], axis=1)
    return Filters(predictors, np.sqrt(np.maximum(errors, 0)))


def pulses(samples: Samples, rng: np.random.Generator) -> Samples:
    """Return pulses at the pitch of a waveform, and noise where there is none, of mean power 1."""
    pitch_hz = pitch_of(filled(samples), _PERIOD_MS).hz
    nearest = np.minimum((np.arange(len(samples)) + HOP // 2) // HOP, len(pitch_hz) - 1)
    hz = pitch_hz[nearest]
    turns = np.floor(np.cumsum(hz / SAMPLE_RATE_HZ))
    is_pulse = np.diff(turns, prepend=0.0) > 0
    excitation = np.where(hz > 0, 0.0, rng.standard_normal(len(samples)))
    excitation[is_pulse] = np.sqrt(SAMPLE_RATE_HZ / hz[is_pulse])
    return excitation


def excite(filters: Filters, excitation: Samples) -> Samples:
    """Return the excitation (time,) through the filters of its frames, which fade into each other.

    What a filter still rings with is added to the frame after its own.
    """
    n_frames = len(filters.levels)
    padded = np.pad(excitation, (HOP, n_frames * HOP - len(excitation)))
    total = np.zeros((n_frames + 1) * HOP + WINDOW)
    for number, (predictor, level) in enumerate(zip(*filters, strict=True)):
        start = number * HOP
        frame = np.zeros(2 * WINDOW)
        frame[:WINDOW] = level * window() * padded[start : start + WINDOW]
        made = lfilter([1.0], np.concatenate([[1.0], -predictor]), frame)
        room = total[start : start + 2 * WINDOW]
        room += made[: len(room)]
    return total[HOP : HOP + len(excitation)]


class LinearPrediction:
    """Keeps the envelopes of frames, as linear prediction has them, and makes the excitation.

    Parameters
    ----------
    options : LpcOptions
        Orders and excitations.
    """

    def __init__(self, options: LpcOptions) -> None:
        self.options = options

    def __call__(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Return a waveform (time,) as long."""
        filters = predict(samples, choose(self.options.orders, rng))
        return excite(filters, self.excitation(samples, rng))

    def excitation(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Return the excitation (time,), of a mean power of about 1."""
        kind = choose(self.options.excitations, rng)
        if kind == "noise":
            return rng.standard_normal(len(samples))
        made = pulses(samples, rng)
        if kind == "mixed":
            made += self.options.noise * rng.standard_normal(len(samples))
        return made

"""The pitch of a recording, by WORLD's DIO and StoneMask (Morise 2009, 2016)."""

from typing import Final, NamedTuple

import numpy as np
import pyworld
from numpy.typing import NDArray

from signl.augmentation.augmentation_options import SAMPLE_RATE_HZ

Samples = NDArray[np.float64]

#: Samples below which a recording is filled up with silence: DIO cannot filter less.
LEAST_SAMPLES: Final = 1600


class Pitch(NamedTuple):
    """Pitches in Hz (frame,), 0 where there is none, and the times of the frames in seconds."""

    hz: Samples
    times_s: Samples


def filled(samples: Samples) -> Samples:
    """Return a waveform with silence behind it, where it is too short to be analysed."""
    padded: Samples = np.pad(samples, (0, max(0, LEAST_SAMPLES - len(samples))))
    return np.ascontiguousarray(padded, dtype=np.float64)


def pitch_of(samples: Samples, period_ms: float) -> Pitch:
    """Return the pitch of a waveform (time,) that is long enough, see :func:`filled`."""
    rough, times_s = pyworld.dio(samples, SAMPLE_RATE_HZ, frame_period=period_ms)
    return Pitch(pyworld.stonemask(samples, rough, times_s, SAMPLE_RATE_HZ), times_s)

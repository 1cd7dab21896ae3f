"""Recordings mixed to mono at another rate; long ones block by block, in bounded memory."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

#: Seconds from which a recording is resampled in blocks, and of a block. Clips of trainings and
#: evaluations are shorter, and come out of one convolution.
LONG_S: Final = 120.0
BLOCK_S: Final = 30.0
#: Half the width of torchaudio's filter, in zero crossings, with some to spare.
_CROSSINGS: Final = 8


def mono_at(samples: npt.NDArray[np.float32], rate_hz: int, wanted_hz: int) -> Tensor:
    """Mix samples to mono and bring them to another rate.

    Parameters
    ----------
    samples : ndarray of shape (time, channel), float32
    rate_hz, wanted_hz : int

    Returns
    -------
    Tensor of shape (time,), float32
        In blocks, as in one piece but for the order of sums.
    """
    if rate_hz == wanted_hz or len(samples) <= LONG_S * rate_hz:
        return _resampled(samples, rate_hz, wanted_hz)
    common = math.gcd(rate_hz, wanted_hz)
    # A filter's steps begin at multiples of this, so that blocks that do are computed alike.
    step, gives = rate_hz // common, wanted_hz // common
    reach = math.ceil(_CROSSINGS * max(1.0, rate_hz / wanted_hz))
    n_beside = math.ceil(reach / step) + 1
    n_block = math.ceil(BLOCK_S * rate_hz / step)
    n_out = math.ceil(len(samples) * wanted_hz / rate_hz)
    mono = torch.empty(n_out)
    for first in range(0, math.ceil(len(samples) / step), n_block):
        begin = max(0, first - n_beside)
        part = samples[begin * step : (first + n_block + n_beside) * step]
        block = _resampled(part, rate_hz, wanted_hz)[(first - begin) * gives :]
        here = mono[first * gives : (first + n_block) * gives]
        here.copy_(block[: len(here)])
    return mono


def _resampled(samples: npt.NDArray[np.float32], rate_hz: int, wanted_hz: int) -> Tensor:
    if samples.shape[1] == 1:
        mixed = samples[:, 0].astype(np.float32)  # a copy: the recording stays as it is
    else:
        mixed = samples.mean(axis=1, dtype=np.float32)
    mono = torch.from_numpy(np.ascontiguousarray(mixed))
    if rate_hz == wanted_hz:
        return mono
    import torchaudio.functional  # most recordings are at the rate that is wanted

    resampled: Tensor = torchaudio.functional.resample(mono, rate_hz, wanted_hz)
    return resampled

"""Padding that gives one frame to each whole window."""

import torch
from torch import Tensor


def pad_windows(waveforms: Tensor, *, window_samples: int, fft_samples: int) -> Tensor:
    """Append what an FFT longer than the window reads past the last window's end.

    Without centring, a transform counts frames by its FFT size; the window sits in the middle
    of that, so padding both sides by half the difference gives one frame to each whole window.
    """
    surplus = fft_samples - window_samples
    return torch.nn.functional.pad(waveforms, (surplus // 2, surplus - surplus // 2))

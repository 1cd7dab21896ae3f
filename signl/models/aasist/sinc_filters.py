"""Fixed band-pass filters of a waveform, evenly spaced in mel."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.audio import SAMPLE_RATE_HZ
from signl.models.aasist.options import TAPS


def band_pass_filters(n_filters: int) -> np.ndarray:
    """Return windowed band-pass filters (filter, tap), in float64.

    Their edges divide 0 Hz to half the sample rate evenly in mel, 2595 log10(1 + f / 700); a filter
    is the difference of the ideal low-passes of its two edges, under a symmetric Hamming window.
    """
    top_mel = 2595 * np.log10(1 + SAMPLE_RATE_HZ / 2 / 700)
    edges_hz = 700 * (10 ** (np.linspace(0, top_mel, n_filters + 1) / 2595) - 1)
    samples = np.arange(TAPS) - TAPS // 2
    rates = 2 * edges_hz[:, None] / SAMPLE_RATE_HZ
    low_passes = rates * np.sinc(rates * samples)
    return np.hamming(TAPS) * np.diff(low_passes, axis=0)


class SincFilters(nn.Module):
    """Filters a waveform; there is nothing to be trained, nor in the state dict.

    Parameters
    ----------
    n_filters : int
        Number of filters.
    masked : int
        In training, at most so many neighbouring filters are zeroed, the same in a whole batch.

    References
    ----------
    Ravanelli and Bengio, SincNet, SLT 2018; with fixed filters in Jung et al., AASIST, ICASSP
    2022, arXiv 2110.01200.
    """

    filters: Tensor

    def __init__(self, n_filters: int, *, masked: int = 0) -> None:
        super().__init__()
        self.masked = masked
        # Real numbers also where a module is built without memory: no file will fill them in.
        filters = torch.from_numpy(band_pass_filters(n_filters)).float()
        self.register_buffer("filters", filters.unsqueeze(1), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Filter (batch, time) to (batch, filter, time - taps + 1), in full precision."""
        with torch.autocast(waveforms.device.type, enabled=False):
            return F.conv1d(waveforms.float().unsqueeze(1), self._filters())

    def _filters(self) -> Tensor:
        if not (self.training and self.masked):
            return self.filters
        n_masked = int(torch.randint(self.masked + 1, ()))
        first = int(torch.randint(len(self.filters) - n_masked, ()))
        filters = self.filters.clone()
        filters[first : first + n_masked] = 0
        return filters

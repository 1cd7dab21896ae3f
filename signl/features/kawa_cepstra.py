"""LFCC and MFCC as of Kawa et al., Interspeech 2023: torchaudio's, with very long differences."""

import warnings
from typing import Any, Final, Literal

import torch
import torchaudio
from torch import Tensor

from signl.features.frontend import SAMPLE_RATE_HZ, Geometry

_N_FFT: Final = 512
_WINDOW: Final = 400
#: Filters, and coefficients.
N_BANDS: Final = 128


class KawaCepstra:
    """Cepstra of decibels, with differences of both orders: 384 channels.

    The differences are slopes over 399 frames, for the published code takes the 400 samples of the
    window for frames. Decibels below an utterance's maximum by more than 80 are raised to
    that, so frames depend on the whole utterance.

    Parameters
    ----------
    kind : str
        lfcc, with filters of equal width, or mfcc, with those of the HTK mel scale.
    geometry : Geometry
        Of the frames, which are centred.
    device : torch.device

    References
    ----------
    Kawa et al., Interspeech 2023, arXiv 2306.01428.
    """

    normalises = False

    def __init__(
        self, kind: Literal["lfcc", "mfcc"], geometry: Geometry, device: torch.device
    ) -> None:
        self.width, self.window_samples, self.hop_samples = geometry
        spectrum: dict[str, Any] = {
            "n_fft": _N_FFT,
            "win_length": _WINDOW,
            "hop_length": self.hop_samples,
        }
        self._transform = _transform_of(kind, spectrum).to(device)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Return frames (batch, frame, 384) of waveforms (batch, time) at recording level."""
        n_frames = 1 + waveforms.shape[-1] // self.hop_samples
        # What is mirrored at the ends must be there; of less, repeated, the frames are kept.
        n_repeats = -(-(_N_FFT // 2 + 1) // waveforms.shape[-1])
        # With an axis of channels, or the maximum would be that of the whole batch.
        cepstra = self._transform(waveforms.repeat(1, n_repeats)[:, None])[:, 0, :, :n_frames]
        first = torchaudio.functional.compute_deltas(cepstra, win_length=_WINDOW)
        second = torchaudio.functional.compute_deltas(first, win_length=_WINDOW)
        return torch.cat([cepstra, first, second], dim=1).mT


def _transform_of(kind: str, spectrum: dict[str, Any]) -> Any:  # noqa: ANN401
    """Return torchaudio's cepstra of as many coefficients as bands."""
    if kind == "lfcc":
        return torchaudio.transforms.LFCC(
            SAMPLE_RATE_HZ, n_filter=N_BANDS, n_lfcc=N_BANDS, speckwargs=spectrum
        )
    with warnings.catch_warnings():
        # The lowest of the published bands are narrower than the bins, and empty.
        warnings.filterwarnings("ignore", "At least one mel filterbank has all zero values")
        return torchaudio.transforms.MFCC(
            SAMPLE_RATE_HZ, n_mfcc=N_BANDS, melkwargs={**spectrum, "n_mels": N_BANDS}
        )

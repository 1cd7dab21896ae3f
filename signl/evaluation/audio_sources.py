"""What audio may be given as: a file, its bytes, or an array that is seen to be a recording."""

import threading
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from torch import Tensor

from signl.audio import Recording, check_form, load_beginning, load_waveform, to_waveform
from signl.errors import AudioError

#: The largest file that is read: all of it is in memory while it is decoded.
MAX_BYTES: Final = 4 << 30

#: Of files beyond this one at a time is read, however many threads decode.
_LARGE_BYTES: Final = 64 << 20
_one_large: Final = threading.Lock()
#: A beginning up to this is decoded without reading the rest of its file.
_BEGINNING_S: Final = 120.0

#: A file or its bytes, or samples of shape (time,) or (time, channel), full scale 1.
Source = str | Path | bytes | np.ndarray | Tensor


def waveform_of(source: Source, rate_hz: int | None = None, *, max_duration_s: float) -> Tensor:
    """Return the first seconds of a recording, mono at 16 kHz.

    Parameters
    ----------
    source : path, bytes, ndarray or Tensor
        A file, what it holds, or floating-point samples of shape (time,) or (time, channel).
    rate_hz : int, optional
        Of an array.
    max_duration_s : float
        No more than this.

    Returns
    -------
    Tensor of shape (time,), float32, at least one sample

    Raises
    ------
    AudioError
        If a file cannot be read or decoded, or an array is no recording.
    """
    if isinstance(source, str | Path | bytes):
        if rate_hz is not None:
            raise AudioError(f"a rate of {rate_hz} Hz for a file, which says its own: give none")
        if isinstance(source, bytes):
            return load_waveform(source, max_duration_s=max_duration_s)
        return _load_file(Path(source), max_duration_s)
    return to_waveform(_checked(source, rate_hz), max_duration_s)


def _load_file(path: Path, max_duration_s: float) -> Tensor:
    try:
        if not path.is_file():
            kind = "no file of audio, but something else" if path.exists() else "not there"
            raise AudioError(f"it is {kind}")
        with path.open("rb") as file:
            if max_duration_s <= _BEGINNING_S:
                beginning = load_beginning(file, max_duration_s=max_duration_s)
                if beginning is not None:
                    return beginning
            if (n_bytes := file.seek(0, 2)) > MAX_BYTES:
                raise AudioError(f"{n_bytes:,} bytes, allowed are {MAX_BYTES:,}")
            if n_bytes <= _LARGE_BYTES:
                return _load_rest(file, max_duration_s)
            with _one_large:
                return _load_rest(file, max_duration_s)
    except OSError as error:
        raise AudioError(f"it cannot be read: {error.strerror or error}") from error


def _load_rest(file: BinaryIO, max_duration_s: float) -> Tensor:
    file.seek(0)
    return load_waveform(file.read(), max_duration_s=max_duration_s)


def _checked(samples: Any, rate_hz: int | None) -> Recording:  # noqa: ANN401
    """Return an array as a recording, having seen that it is one."""
    array = samples.detach().cpu().numpy() if isinstance(samples, Tensor) else samples
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        kind = getattr(array, "dtype", type(array).__name__)
        raise AudioError(
            f"samples of {kind}; allowed are a path, and arrays of floats with a full scale of 1"
        )
    if rate_hz is None or isinstance(rate_hz, bool) or rate_hz != int(rate_hz):
        raise AudioError(f"an array needs its sample rate in Hz, a whole number; got {rate_hz!r}")
    if array.ndim not in (1, 2) or not array.size:
        raise AudioError(
            f"samples of shape {array.shape}; allowed are (time,) and (time, channel), not empty"
        )
    array = array.reshape(len(array), -1)
    try:
        check_form(int(rate_hz), array.shape[1])
    except AudioError as error:
        raise AudioError(f"samples of shape {samples.shape}, (time, channel): {error}") from error
    if not np.isfinite(array).all():
        raise AudioError("samples that are infinite or not a number")
    return Recording(array.astype(np.float32), int(rate_hz))

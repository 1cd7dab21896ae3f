"""Decoding: from the published bytes of an utterance to a mono waveform at 16 kHz."""

import contextlib
import re
from itertools import pairwise
from typing import BinaryIO, Final

import numpy as np
import soundfile
import torch
from torch import Tensor

from signl import audio_files
from signl.decoders import Recording as Recording
from signl.decoders import check_form as check_form
from signl.decoders import decode_with_ffmpeg, decode_with_sndfile
from signl.errors import AudioError
from signl.resampling import LONG_S, mono_at

SAMPLE_RATE_HZ: Final = 16_000
#: What libsndfile and FFmpeg raise at a file that they cannot read.
_REFUSALS: Final = (soundfile.SoundFileError, ValueError, MemoryError)
_FFMPEG_REFUSALS: Final = (ValueError, IndexError, MemoryError)
#: Files joined end to end, beyond which a file is refused.
MAX_JOINED: Final = 1_000
#: How far the two decoders may differ over a file whose container says nothing of its length.
AGREEMENT_S: Final = 0.1
#: Read of a file whose beginning is asked for, to see what it is.
_HEAD_BYTES: Final = 1 << 16


def decode(encoded: bytes, *, max_duration_s: float, mixes: bool = False) -> Recording:
    """Decode the first ``max_duration_s`` seconds of an audio file of any common format.

    libsndfile reads first. It refuses many FLACs of the ASVspoof archives, among them those
    whose header gives no length; FFmpeg, which reads the rest, gives the same samples where
    both can read. A file that ends sooner than ``max_duration_s`` must be as long as it says
    itself (see :mod:`signl.audio_files`); files joined end to end are decoded one by one.

    Parameters
    ----------
    encoded : bytes
        The file.
    max_duration_s : float
        Decode no more than this.
    mixes : bool
        Mix all channels to one while decoding: of a long recording, less is in memory.

    Raises
    ------
    AudioError
        If neither library reads it, or not as much as the file promises; or it holds no
        sample, or one that is not a number; or its sample rate or its number of channels is
        none that is in use.
    """
    recording = _decode_joined(encoded, max_duration_s, mixes)
    if not len(recording.samples):
        raise AudioError(f"{len(encoded)} bytes hold no sample")
    return _finite(recording)


def _finite(recording: Recording) -> Recording:
    if not np.isfinite(recording.samples).all():
        raise AudioError("samples that are infinite or not a number")
    return recording


def _decode_joined(encoded: bytes, max_duration_s: float, mixes: bool) -> Recording:
    """Decode a file, or several that were joined end to end, until there is enough."""
    recording = None
    if audio_files.ends_by_itself(encoded):
        with contextlib.suppress(*_REFUSALS):
            recording = decode_with_sndfile(encoded, max_duration_s, mixes=mixes)
            if not recording.falls_short_of(max_duration_s):
                return recording
    begins = audio_files.joined_at(encoded)
    if len(begins) == 1:
        return _decode_one(encoded, max_duration_s, mixes, recording)
    if len(begins) > MAX_JOINED:
        raise AudioError(f"{len(begins)} files joined end to end, allowed are {MAX_JOINED}")
    del recording
    decoded: list[Recording] = []
    rest_s = max_duration_s
    for begin, end in pairwise([*begins, len(encoded)]):
        decoded.append(_decode_one(encoded[begin:end], rest_s, mixes))
        rest_s -= len(decoded[-1].samples) / decoded[-1].rate_hz
        if rest_s <= 0:
            break
    forms = {(one.rate_hz, one.samples.shape[1]) for one in decoded}
    if len(forms) > 1:
        raise AudioError(f"joined files of different rates or channels: {sorted(forms)}")
    return Recording(np.concatenate([one.samples for one in decoded]), decoded[0].rate_hz)


def _decode_one(
    encoded: bytes, max_duration_s: float, mixes: bool, by_sndfile: Recording | None = None
) -> Recording:
    """Decode a file and compare what it gives with what its container promises.

    ``by_sndfile`` is what libsndfile gives of it, where that is known.
    """
    try:
        recording = by_sndfile or decode_with_sndfile(encoded, max_duration_s, mixes=mixes)
    except _REFUSALS as refusal:
        try:
            recording = decode_with_ffmpeg(encoded, max_duration_s, mixes=mixes)
        except _FFMPEG_REFUSALS as error:
            raise AudioError(
                f"{len(encoded)} bytes that neither libsndfile ({_reason(refusal)}) "
                f"nor FFmpeg ({_reason(error)}) can decode"
            ) from error
        lacks = _lacking(recording, audio_files.state(encoded), max_duration_s)
    else:
        if not recording.falls_short_of(max_duration_s):
            return recording
        stated = audio_files.state(encoded)
        lacks = _lacking(recording, stated, max_duration_s)
        if lacks or not stated.known:
            with contextlib.suppress(*_FFMPEG_REFUSALS):
                other = decode_with_ffmpeg(encoded, max_duration_s, mixes=mixes)
                if lacks:
                    recording, lacks = other, _lacking(other, stated, max_duration_s)
                else:
                    lacks = _disagreement(recording, other)
    if lacks:
        raise AudioError(f"audio cut short: {lacks}")
    return recording


def _lacking(
    recording: Recording, stated: audio_files.Statement, max_duration_s: float
) -> str | None:
    """Say what the file promises within ``max_duration_s`` and the recording has not."""
    if not recording.falls_short_of(max_duration_s):
        return None
    if stated.cut:
        return stated.cut
    n_samples, rate_hz = len(recording.samples), recording.rate_hz
    if not (n_samples or stated.known):
        return "no sample can be decoded"
    stated_hz = stated.rate_hz or rate_hz
    if stated.n_samples is None or n_samples * stated_hz >= stated.n_samples * rate_hz:
        return None
    return (
        f"{n_samples} samples at {rate_hz} Hz where the file promises "
        f"{stated.n_samples} at {stated_hz} Hz"
    )


def _disagreement(recording: Recording, other: Recording) -> str | None:
    found_s, other_s = (len(one.samples) / one.rate_hz for one in (recording, other))
    if other_s <= found_s + AGREEMENT_S:
        return None
    return f"libsndfile finds {found_s:.2f} s, FFmpeg {other_s:.2f} s"


def _reason(error: Exception) -> str:
    """Return what a decoder says, without the name of the buffer that it read."""
    said = re.sub(r" <_io\.BytesIO[^>]*>|: '<none>'", "", str(error)).strip()
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in said)


def to_mono_16k(recording: Recording) -> Tensor:
    """Mix a recording to mono and resample it to 16 kHz.

    Returns
    -------
    Tensor of shape (time,), float32
    """
    return mono_at(recording.samples, recording.rate_hz, SAMPLE_RATE_HZ)


def load_waveform(encoded: bytes, *, max_duration_s: float) -> Tensor:
    """Decode an utterance to a mono waveform at 16 kHz of at most ``max_duration_s``.

    Returns
    -------
    Tensor of shape (time,), float32, at least one sample

    Raises
    ------
    AudioError
        If it cannot be decoded.
    """
    recording = decode(encoded, max_duration_s=max_duration_s, mixes=max_duration_s > LONG_S)
    return to_waveform(recording, max_duration_s)


def load_beginning(file: BinaryIO, *, max_duration_s: float) -> Tensor | None:
    """Return what :func:`load_waveform` gives of a file, and read no more of it than that takes.

    Nothing, where all of the file has to be read to know: where it is shorter, for one.

    Raises
    ------
    AudioError
        If it cannot be decoded.
    """
    n_bytes = file.seek(0, 2)
    file.seek(0)
    if not audio_files.ends_by_itself(file.read(_HEAD_BYTES), n_bytes):
        return None
    file.seek(0)
    with contextlib.suppress(*_REFUSALS):
        recording = decode_with_sndfile(file, max_duration_s)
        if not recording.falls_short_of(max_duration_s):
            return to_waveform(_finite(recording), max_duration_s)
    return None


def to_waveform(recording: Recording, max_duration_s: float) -> Tensor:
    """Return the first ``max_duration_s`` of a recording as :func:`load_waveform` gives them."""
    samples = recording.samples[: int(np.ceil(max_duration_s * recording.rate_hz))]
    waveform = to_mono_16k(Recording(samples, recording.rate_hz))
    return waveform[: round(max_duration_s * SAMPLE_RATE_HZ)]


def load_clip(encoded: bytes, *, clip_s: float, normalises: bool = True) -> Tensor:
    """Decode an utterance to a clip: cut or repeated to ``clip_s`` seconds, then normalised.

    With ``normalises=False`` its samples stay as they were decoded, of full scale 1.

    Returns
    -------
    Tensor of shape (time,), float32
        144,000 samples for the 9 s of SIGNL (arXiv 2501.04942).

    Raises
    ------
    AudioError
        If it cannot be decoded.
    """
    waveform = load_waveform(encoded, max_duration_s=clip_s)
    return to_clip(waveform, clip_s=clip_s, normalises=normalises)


def to_clip(waveform: Tensor, *, clip_s: float, normalises: bool = True) -> Tensor:
    """Cut or repeat a waveform at 16 kHz to ``clip_s`` seconds, then normalise it if asked."""
    clip = repeat_to(waveform, round(clip_s * SAMPLE_RATE_HZ))
    return normalise(clip) if normalises else clip


def repeat_to(waveform: Tensor, n_samples: int) -> Tensor:
    """Cut a waveform to ``n_samples``, or repeat it end to end until it has as many."""
    if not len(waveform):
        raise ValueError("an empty waveform cannot be repeated")
    if n_samples <= len(waveform):
        return waveform[:n_samples]
    # By NumPy, which copies in this thread alone.
    return torch.from_numpy(np.resize(waveform.numpy(), n_samples))


def normalise(waveform: Tensor) -> Tensor:
    """Bring a waveform to zero mean and unit variance, as the Wav2Vec2 feature extractor does.

    The small constant under the root is that extractor's; it keeps silence finite.
    """
    samples = waveform.numpy()
    # Sums in double precision, rounded once, as var_mean of PyTorch gives them; of that each call
    # costs three times as much, and a hundred times where a second thread has to be waited for.
    wide = samples.astype(np.float64)
    mean = wide.mean()
    wide -= mean
    variance = np.square(wide, out=wide).mean()
    # The root of PyTorch, whose last digit is not always that of NumPy.
    deviation = torch.sqrt(torch.tensor(variance, dtype=torch.float32) + 1e-7)
    normalised = samples - np.float32(mean)
    normalised /= deviation.numpy()
    return torch.from_numpy(normalised)

"""Decoding: from the published bytes of an utterance to a mono waveform at 16 kHz."""

import contextlib
import io
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import av
import numpy as np
import numpy.typing as npt
import soundfile
import torch
import torchaudio.functional
from av.error import FFmpegError
from torch import Tensor

from signl import audio_files
from signl.errors import AudioError

SAMPLE_RATE_HZ: Final = 16_000
#: Rates that are in use lie here. To resample from any other, as a damaged header may give it,
#: can take gigabytes and minutes.
RATES_HZ: Final = range(1_000, 400_001, 25)

#: Channels, and samples of all channels in a second, of the most that is recorded: 64 at 48 kHz.
MAX_CHANNELS: Final = 64
MAX_VALUES_PER_S: Final = 64 * 48_000
#: What libsndfile may take a file for. Of others, such as IRCAM, half a file would pass as whole.
_SNDFILE_FORMATS: Final = frozenset(
    ("WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "AU", "NIST", "HTK", "VOC", "FLAC", "OGG", "MP3")
)
#: What libsndfile and FFmpeg raise at a file that they cannot read.
_REFUSALS: Final = (soundfile.SoundFileError, ValueError, MemoryError)
_FFMPEG_REFUSALS: Final = (FFmpegError, ValueError, IndexError, MemoryError)
#: Files joined end to end, beyond which a file is refused.
MAX_JOINED: Final = 1_000
#: How far the two decoders may differ over a file whose container says nothing of its length.
AGREEMENT_S: Final = 0.1
#: What FFmpeg may take a file for: no playlists, which lead to other files.
_FFMPEG_FORMATS: Final = (
    "wav,w64,aiff,flac,ogg,mp3,mov,aac,amr,amrnb,amrwb,caf,au,nistsphere,matroska,voc,wv,asf"
)

Samples = npt.NDArray[np.float32]


class Recording(NamedTuple):
    """What was decoded: samples of shape (time, channel), full scale 1, and their rate."""

    samples: Samples
    rate_hz: int

    def falls_short_of(self, seconds: float) -> bool:
        """Tell whether these are fewer samples than ``seconds`` have."""
        return len(self.samples) < int(np.ceil(seconds * self.rate_hz))


def decode(encoded: bytes, *, max_duration_s: float) -> Recording:
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

    Raises
    ------
    AudioError
        If neither library reads it, or not as much as the file promises; or it holds no
        sample, or one that is not a number; or its sample rate or its number of channels is
        none that is in use.
    """
    recording = _decode_joined(encoded, max_duration_s)
    if not len(recording.samples):
        raise AudioError(f"{len(encoded)} bytes hold no sample")
    if not np.isfinite(recording.samples).all():
        raise AudioError("samples that are infinite or not a number")
    return recording


def _decode_joined(encoded: bytes, max_duration_s: float) -> Recording:
    """Decode a file, or several that were joined end to end, until there is enough."""
    if audio_files.ends_by_itself(encoded):
        with contextlib.suppress(*_REFUSALS):
            recording = _decode_with_sndfile(encoded, max_duration_s)
            if not recording.falls_short_of(max_duration_s):
                return recording
    begins = audio_files.joined_at(encoded)
    if len(begins) == 1:
        return _decode_one(encoded, max_duration_s)
    if len(begins) > MAX_JOINED:
        raise AudioError(f"{len(begins)} files joined end to end, allowed are {MAX_JOINED}")
    decoded: list[Recording] = []
    rest_s = max_duration_s
    for begin, end in pairwise([*begins, len(encoded)]):
        decoded.append(_decode_one(encoded[begin:end], rest_s))
        rest_s -= len(decoded[-1].samples) / decoded[-1].rate_hz
        if rest_s <= 0:
            break
    forms = {(one.rate_hz, one.samples.shape[1]) for one in decoded}
    if len(forms) > 1:
        raise AudioError(f"joined files of different rates or channels: {sorted(forms)}")
    return Recording(np.concatenate([one.samples for one in decoded]), decoded[0].rate_hz)


def _decode_one(encoded: bytes, max_duration_s: float) -> Recording:
    """Decode a file and compare what it gives with what its container promises."""
    try:
        recording = _decode_with_sndfile(encoded, max_duration_s)
    except _REFUSALS as refusal:
        try:
            recording = _decode_with_ffmpeg(encoded, max_duration_s)
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
                other = _decode_with_ffmpeg(encoded, max_duration_s)
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


def check_form(rate_hz: int, n_channels: int) -> None:
    """Refuse, before anything is decoded, what would take gigabytes or minutes.

    Raises
    ------
    AudioError
        Names the rate or the channels, and what is allowed.
    """
    if rate_hz not in RATES_HZ:
        raise AudioError(
            f"a sample rate of {rate_hz} Hz, allowed are the multiples of "
            f"{RATES_HZ.step} Hz in {RATES_HZ.start}..{RATES_HZ.stop - 1}"
        )
    if not 1 <= n_channels <= MAX_CHANNELS:
        raise AudioError(f"{n_channels} channels, allowed are 1..{MAX_CHANNELS}")
    if rate_hz * n_channels > MAX_VALUES_PER_S:
        raise AudioError(
            f"{n_channels} channels at {rate_hz} Hz are {rate_hz * n_channels} values a second, "
            f"allowed are {MAX_VALUES_PER_S}"
        )


def _decode_with_sndfile(encoded: bytes, max_duration_s: float) -> Recording:
    with soundfile.SoundFile(io.BytesIO(encoded)) as file:
        if file.format not in _SNDFILE_FORMATS:
            raise ValueError(
                f"{file.format} is no form that is read: it does not say where it ends"
            )
        check_form(file.samplerate, file.channels)
        n_samples = min(file.frames, int(np.ceil(max_duration_s * file.samplerate)))
        samples = file.read(n_samples, dtype="float32", always_2d=True)
        if len(samples) != n_samples:
            raise ValueError(f"{len(samples)} samples where the header promises {n_samples}")
        return Recording(samples, file.samplerate)


def _decode_with_ffmpeg(encoded: bytes, max_duration_s: float) -> Recording:
    audio_files.check_tables(encoded)
    formats = {"format_whitelist": _FFMPEG_FORMATS}
    with av.open(io.BytesIO(encoded), mode="r", options=formats) as container:
        stream = next((item for item in container.streams.audio if item.codec_context), None)
        if stream is None:
            raise ValueError("no audio stream of a known codec")
        rate_hz = stream.rate
        check_form(rate_hz, stream.codec_context.channels)
        n_samples = int(np.ceil(max_duration_s * rate_hz))
        blocks, n_decoded = [], 0
        for block in _float_blocks(container, stream):
            blocks.append(block)
            n_decoded += len(block)
            if n_decoded >= n_samples:
                break
        _check_duration(container, stream, n_decoded, n_samples)
    samples = np.concatenate(blocks) if blocks else np.empty((0, 1), np.float32)
    return Recording(samples[:n_samples], rate_hz)


def _check_duration(
    container: av.container.InputContainer, stream: av.AudioStream, n_decoded: int, n_wanted: int
) -> None:
    """Refuse an MP4 that is shorter than its tables say; other containers state it elsewhere."""
    if "mp4" not in container.format.name or stream.duration is None or not stream.time_base:
        return
    promised = round(stream.duration * stream.time_base * stream.rate)
    if n_decoded < min(promised - audio_files.CODEC_DELAY, n_wanted):
        raise ValueError(f"{n_decoded} samples where the header promises {promised}")


def _float_blocks(
    container: av.container.InputContainer, stream: av.AudioStream
) -> Iterator[Samples]:
    """Yield the decoded frames as float32 arrays of shape (time, channel)."""
    # Interleaved: PyAV reads beyond the memory of frames with many channels in planes.
    to_float = av.AudioResampler(format="flt")
    for frame in container.decode(stream):
        check_form(frame.sample_rate, frame.layout.nb_channels)
        for converted in to_float.resample(frame):
            block: Samples = converted.to_ndarray().astype(np.float32, copy=False)
            yield block.reshape(-1, converted.layout.nb_channels)


def to_mono_16k(recording: Recording) -> Tensor:
    """Mix a recording to mono and resample it to 16 kHz.

    Returns
    -------
    Tensor of shape (time,), float32
    """
    samples = recording.samples
    if samples.shape[1] == 1:
        mixed = samples[:, 0].astype(np.float32)  # a copy: the recording stays as it is
    else:
        mixed = samples.mean(axis=1, dtype=np.float32)
    mono = torch.from_numpy(np.ascontiguousarray(mixed))
    if recording.rate_hz == SAMPLE_RATE_HZ:
        return mono
    resampled: Tensor = torchaudio.functional.resample(mono, recording.rate_hz, SAMPLE_RATE_HZ)
    return resampled


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
    return to_waveform(decode(encoded, max_duration_s=max_duration_s), max_duration_s)


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

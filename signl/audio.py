"""Decoding: from the published bytes of an utterance to a mono waveform at 16 kHz."""

import io
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import av
import numpy as np
import numpy.typing as npt
import soundfile
import torch
import torchaudio.functional
from av.error import FFmpegError
from torch import Tensor

from signl.errors import AudioError

SAMPLE_RATE_HZ: Final = 16_000
#: Rates that are in use lie here. To resample from any other, as a damaged header may give it,
#: can take gigabytes and minutes.
RATES_HZ: Final = range(1_000, 400_001, 25)

Samples = npt.NDArray[np.float32]


class Recording(NamedTuple):
    """What was decoded: samples of shape (time, channel), full scale 1, and their rate."""

    samples: Samples
    rate_hz: int


def decode(encoded: bytes, *, max_duration_s: float) -> Recording:
    """Decode the first ``max_duration_s`` seconds of an audio file of any common format.

    libsndfile reads first. It refuses many FLACs of the ASVspoof archives, among them those
    whose header gives no length; FFmpeg, which reads the rest, gives the same samples where
    both can read.

    Parameters
    ----------
    encoded : bytes
        The file.
    max_duration_s : float
        Decode no more than this.

    Raises
    ------
    AudioError
        If neither library reads it; or it holds no sample, or one that is not a number; or
        its sample rate is none that is in use.
    """
    try:
        recording = _decode_with_sndfile(encoded, max_duration_s)
    except (soundfile.SoundFileError, ValueError, MemoryError) as refusal:
        try:
            recording = _decode_with_ffmpeg(encoded, max_duration_s)
        except (FFmpegError, ValueError, IndexError) as error:
            raise AudioError(
                f"{len(encoded)} bytes that neither libsndfile ({_reason(refusal)}) "
                f"nor FFmpeg ({_reason(error)}) can decode"
            ) from error
    if not len(recording.samples):
        raise AudioError(f"{len(encoded)} bytes hold no sample")
    if not np.isfinite(recording.samples).all():
        raise AudioError("samples that are infinite or not a number")
    if recording.rate_hz not in RATES_HZ:
        raise AudioError(
            f"a sample rate of {recording.rate_hz} Hz, allowed are the multiples of "
            f"{RATES_HZ.step} Hz in {RATES_HZ.start}..{RATES_HZ.stop - 1}"
        )
    return recording


def _reason(error: Exception) -> str:
    """Return what a decoder says, without the name of the buffer that it read."""
    return re.sub(r" <_io\.BytesIO[^>]*>|: '<none>'", "", str(error)).strip()


def _decode_with_sndfile(encoded: bytes, max_duration_s: float) -> Recording:
    with soundfile.SoundFile(io.BytesIO(encoded)) as file:
        n_samples = min(file.frames, int(np.ceil(max_duration_s * file.samplerate)))
        samples = file.read(n_samples, dtype="float32", always_2d=True)
        if len(samples) != n_samples:
            raise ValueError(f"{len(samples)} samples where the header promises {n_samples}")
        return Recording(samples, file.samplerate)


def _decode_with_ffmpeg(encoded: bytes, max_duration_s: float) -> Recording:
    with av.open(io.BytesIO(encoded), mode="r") as container:
        stream = next((item for item in container.streams.audio if item.codec_context), None)
        if stream is None:
            raise ValueError("no audio stream of a known codec")
        rate_hz = stream.rate
        n_samples = int(np.ceil(max_duration_s * rate_hz))
        blocks, n_decoded = [], 0
        for block in _float_blocks(container, stream):
            blocks.append(block)
            n_decoded += len(block)
            if n_decoded >= n_samples:
                break
    samples = np.concatenate(blocks) if blocks else np.empty((0, 1), np.float32)
    return Recording(samples[:n_samples], rate_hz)


def _float_blocks(
    container: av.container.InputContainer, stream: av.AudioStream
) -> Iterator[Samples]:
    """Yield the decoded frames as float32 arrays of shape (time, channel)."""
    # Interleaved: PyAV reads beyond the memory of frames with many channels in planes.
    to_float = av.AudioResampler(format="flt")
    for frame in container.decode(stream):
        for converted in to_float.resample(frame):
            block: Samples = converted.to_ndarray().astype(np.float32, copy=False)
            yield block.reshape(-1, converted.layout.nb_channels)


def to_mono_16k(recording: Recording) -> Tensor:
    """Mix a recording to mono and resample it to 16 kHz.

    Returns
    -------
    Tensor of shape (time,), float32
    """
    mono = torch.from_numpy(np.ascontiguousarray(recording.samples.mean(axis=1, dtype=np.float32)))
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
    waveform = to_mono_16k(decode(encoded, max_duration_s=max_duration_s))
    return waveform[: round(max_duration_s * SAMPLE_RATE_HZ)]


def load_clip(encoded: bytes, *, clip_s: float) -> Tensor:
    """Decode an utterance to a clip: cut or repeated to ``clip_s`` seconds, then normalised.

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
    return normalise(repeat_to(waveform, round(clip_s * SAMPLE_RATE_HZ)))


def repeat_to(waveform: Tensor, n_samples: int) -> Tensor:
    """Cut a waveform to ``n_samples``, or repeat it end to end until it has as many."""
    if not len(waveform):
        raise ValueError("an empty waveform cannot be repeated")
    n_repeats = -(-n_samples // len(waveform))
    return waveform.repeat(n_repeats)[:n_samples]


def normalise(waveform: Tensor) -> Tensor:
    """Bring a waveform to zero mean and unit variance, as the Wav2Vec2 feature extractor does.

    The small constant under the root is that extractor's; it keeps silence finite.
    """
    variance, mean = torch.var_mean(waveform, correction=0)
    return (waveform - mean) / torch.sqrt(variance + 1e-7)

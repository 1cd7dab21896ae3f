"""The two decoders: libsndfile, and FFmpeg for the rest; each refuses what is out of bounds."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

from signl import audio_files
from signl.errors import AudioError

if TYPE_CHECKING:
    import av

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
#: What FFmpeg may take a file for: no playlists, which lead to other files.
_FFMPEG_FORMATS: Final = (
    "wav,w64,aiff,flac,ogg,mp3,mov,aac,amr,amrnb,amrwb,caf,au,nistsphere,matroska,voc,wv,asf"
)

#: Samples that are read at a time of a file that is mixed: 5 s at 48 kHz.
_BLOCK: Final = 1 << 18

Samples = npt.NDArray[np.float32]


class Recording(NamedTuple):
    """What was decoded: samples of shape (time, channel), full scale 1, and their rate."""

    samples: Samples
    rate_hz: int

    def falls_short_of(self, seconds: float) -> bool:
        """Tell whether these are fewer samples than ``seconds`` have."""
        return len(self.samples) < int(np.ceil(seconds * self.rate_hz))


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


def decode_with_sndfile(
    source: bytes | BinaryIO, max_duration_s: float, *, mixes: bool = False
) -> Recording:
    """Decode the first seconds of a file by libsndfile; with ``mixes`` to one channel.

    Raises
    ------
    SoundFileError, ValueError, MemoryError
        If it cannot, or gives less than the header promises.
    AudioError
        If the rate or the channels are none that are in use.
    """
    opened = io.BytesIO(source) if isinstance(source, bytes) else source
    with soundfile.SoundFile(opened) as file:
        if file.format not in _SNDFILE_FORMATS:
            raise ValueError(
                f"{file.format} is no form that is read: it does not say where it ends"
            )
        check_form(file.samplerate, file.channels)
        n_samples = min(file.frames, int(np.ceil(max_duration_s * file.samplerate)))
        if mixes:
            samples = _read_mixed(file, n_samples)
        else:
            samples = file.read(n_samples, dtype="float32", always_2d=True)
        if len(samples) != n_samples:
            raise ValueError(f"{len(samples)} samples where the header promises {n_samples}")
        return Recording(samples, file.samplerate)


def _read_mixed(file: soundfile.SoundFile, n_samples: int) -> Samples:
    """Read a file block by block into one channel: of several, all would be in memory at once."""
    mixed, n_read = np.empty((n_samples, 1), np.float32), 0
    for block in file.blocks(_BLOCK, frames=n_samples, dtype="float32", always_2d=True):
        mixed[n_read : n_read + len(block)] = _mixed(block)
        n_read += len(block)
    return mixed[:n_read]


def _mixed(samples: Samples) -> Samples:
    # What is no number stays none, and is refused later.
    with np.errstate(invalid="ignore", over="ignore"):
        mixed: Samples = samples.mean(axis=1, dtype=np.float32, keepdims=True)
    return mixed


def decode_with_ffmpeg(encoded: bytes, max_duration_s: float, *, mixes: bool = False) -> Recording:
    """Decode the first seconds of a file by FFmpeg; with ``mixes`` to one channel.

    Raises
    ------
    ValueError, IndexError, MemoryError
        If it cannot, or gives less than the header of an MP4 promises.
    AudioError
        If the rate or the channels are none that are in use.
    """
    from av.error import FFmpegError  # trainings import this module, and decode nothing

    audio_files.check_tables(encoded)
    try:
        return _decode_with_ffmpeg(encoded, max_duration_s, mixes=mixes)
    except FFmpegError as error:
        raise ValueError(str(error)) from error


def _decode_with_ffmpeg(encoded: bytes, max_duration_s: float, *, mixes: bool) -> Recording:
    import av  # as above

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
            blocks.append(_mixed(block) if mixes else block)
            n_decoded += len(block)
            if n_decoded >= n_samples:
                break
        _check_duration(container, stream, n_decoded, n_samples)
    samples = np.concatenate(blocks) if blocks else np.empty((0, 1), np.float32)
    return Recording(samples[:n_samples], rate_hz)


def _check_duration(
    container: "av.container.InputContainer",
    stream: "av.AudioStream",
    n_decoded: int,
    n_wanted: int,
) -> None:
    """Refuse an MP4 that is shorter than its tables say; other containers state it elsewhere."""
    if "mp4" not in container.format.name or stream.duration is None or not stream.time_base:
        return
    promised = round(stream.duration * stream.time_base * stream.rate)
    if n_decoded < min(promised - audio_files.CODEC_DELAY, n_wanted):
        raise ValueError(f"{n_decoded} samples where the header promises {promised}")


def _float_blocks(
    container: "av.container.InputContainer", stream: "av.AudioStream"
) -> Iterator[Samples]:
    """Yield the decoded frames as float32 arrays of shape (time, channel)."""
    # Interleaved: PyAV reads beyond the memory of frames with many channels in planes.
    import av  # as above

    to_float = av.AudioResampler(format="flt")
    for frame in container.decode(stream):
        check_form(frame.sample_rate, frame.layout.nb_channels)
        for converted in to_float.resample(frame):
            block: Samples = converted.to_ndarray().astype(np.float32, copy=False)
            yield block.reshape(-1, converted.layout.nb_channels)

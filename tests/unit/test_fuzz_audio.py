"""Damaged audio files of each container: samples, or an error of this project, in bounded time.

The cases are the same in every run; a failure names its number, which ``damaged`` makes anew.
"""

import io
import random
import resource
import time

import av
import numpy as np
import pytest
import soundfile

from signl.audio import decode
from signl.errors import AudioError

# libsndfile seeks before the beginning of some files; Python tells of it and goes on.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

N_QUICK, N_SLOW = 300, 5_000
MAX_SECONDS = 5
MAX_GROWN_KIB = 1 << 20
MAX_MESSAGE = 2_000
FORMS = (
    *(("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAV", "IMA_ADPCM"), ("FLAC", "PCM_16")),
    *(("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_24")),
    *(("W64", "PCM_16"), ("RF64", "PCM_16"), ("CAF", "PCM_16"), ("AU", "PCM_16")),
    *(("NIST", "PCM_16"), ("VOC", "PCM_16")),
)


def by_ffmpeg(form, codec, **options):
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form, options=options) as container:
        stream = container.add_stream(codec, rate=16_000)
        stream.layout = "mono"
        kind = "s16p" if codec == "libmp3lame" else "s16"
        frame = av.AudioFrame.from_ndarray(np.ones((1, 4000), np.int16), kind, "mono")
        frame.rate = 16_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def files():
    samples = 0.1 * np.random.default_rng(0).standard_normal(4000)
    made = [
        by_ffmpeg("mp4", "aac"),
        by_ffmpeg("matroska", "aac"),
        by_ffmpeg("mp3", "libmp3lame", write_xing="0"),
        by_ffmpeg("mp2", "mp2"),
    ]
    for kind, subtype in FORMS:
        buffer = io.BytesIO()
        soundfile.write(buffer, samples, 16_000, format=kind, subtype=subtype)
        made.append(buffer.getvalue())
    return made


def damaged(files, number):
    """Cut, join, overwrite, or change sizes of one file, mostly within its header."""
    chance = random.Random(number)
    encoded = bytearray(chance.choice(files))
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(min(len(encoded), chance.choice((64, 300, 1 << 20))) or 1)
        match chance.randrange(6):
            case 0:
                encoded[at : at + 1] = chance.randbytes(1)
            case 1:
                encoded[at : at + 4] = chance.choice((bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff"))
            case 2:
                del encoded[chance.randrange(len(encoded) + 1) :]
            case 3:
                encoded += chance.choice(files)
            case 4:
                del encoded[at : at + chance.randrange(1, 40)]
            case 5:
                encoded[at:at] = chance.randbytes(chance.randrange(1, 40))
    return bytes(encoded)


def check(files, numbers):
    peak_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in numbers:
        began = time.perf_counter()
        try:
            decoded = decode(damaged(files, number), max_duration_s=1.0)
        except AudioError as error:
            said = str(error)
        except Exception as error:
            raise AssertionError(f"case {number}: {error!r}") from error
        else:
            said = ""
            assert len(decoded.samples) >= 1, number
            assert np.isfinite(decoded.samples).all(), number
        assert said.isprintable(), number
        assert len(said) < MAX_MESSAGE, number
        assert time.perf_counter() - began < MAX_SECONDS, number
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_before
    assert grown < MAX_GROWN_KIB


def test_damaged_files(files):
    check(files, range(N_QUICK))


@pytest.mark.slow
def test_many_damaged_files(files):
    check(files, range(N_QUICK, N_QUICK + N_SLOW))

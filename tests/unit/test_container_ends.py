"""Where files end that say so; test_audio has what comes of it when they are decoded."""

import io

import av
import numpy as np
import pytest
import soundfile

from signl.audio import decode
from signl.container_ends import end_of_asf, end_of_matroska, end_of_voc
from signl.errors import AudioError


def voc():
    buffer = io.BytesIO()
    soundfile.write(buffer, np.sin(np.arange(8000)), 16_000, format="VOC")
    return buffer.getvalue()


def matroska():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.ones((1, 8000), np.int16), "s16", "mono")
        frame.rate = 16_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return buffer.getvalue()


def asf():
    """Two objects, of no audio."""
    return b"".join(bytes(range(16)) + (24 + n).to_bytes(8, "little") + bytes(n) for n in (7, 500))


FILES = {
    "voc": (voc, end_of_voc),
    "matroska": (matroska, end_of_matroska),
    "asf": (asf, end_of_asf),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("share", [0.3, 0.9, 1.0])
def test_an_end_is_that_of_the_whole_file(kind, share):
    make, end_of = FILES[kind]
    whole = make()
    kept = whole[: round(share * len(whole))]
    # The zero that ends a VOC is its last byte.
    assert end_of(kept) == len(whole) - (kind == "voc")


@pytest.mark.parametrize("make", [voc, matroska])
def test_half_a_file_is_refused(make):
    whole = make()
    assert len(decode(whole, max_duration_s=9).samples) == 8000
    with pytest.raises(AudioError, match=rf"the header promises \d+ bytes, {len(whole) // 2} are"):
        decode(whole[: len(whole) // 2], max_duration_s=9)


def test_a_size_that_is_left_open_says_nothing():
    live = bytearray(matroska())
    at = live.index(b"\x18\x53\x80\x67") + 4
    live[at : at + 8] = b"\x01" + b"\xff" * 7
    assert end_of_matroska(bytes(live)) == at - 4
    assert len(decode(bytes(live), max_duration_s=9).samples) == 8000


@pytest.mark.parametrize("end_of", [end_of_asf, end_of_voc, end_of_matroska])
@pytest.mark.parametrize("byte", range(0, 256, 15))
def test_any_bytes_end_somewhere(end_of, byte):
    assert end_of(bytes([byte]) * 1000) >= 0

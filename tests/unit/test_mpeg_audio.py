"""Frames of MPEG audio, against what FFmpeg writes; streams that were joined, with and without
what MP3 files have before and after their frames."""

import io
import itertools

import av
import numpy as np
import pytest

from signl.audio import decode
from signl.audio_files import state
from signl.errors import AudioError
from signl.mpeg_audio import after_id3, counted_frames, frames, stream_begins

SECONDS = 1


def encode(form="mp3", codec="libmp3lame", *, rate_hz=16_000, **options):
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form, options=options) as container:
        stream = container.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        n_samples = SECONDS * rate_hz
        tone = (8000 * np.sin(np.arange(n_samples) / 9)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(tone[None], "s16", "mono")
        frame.rate = rate_hz
        resampler = av.AudioResampler(
            stream.codec_context.format.name, "mono", rate_hz, stream.codec_context.frame_size
        )
        for each in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(each))
        container.mux(stream.encode(None))
    return buffer.getvalue()


APE = b"APETAGEX" + (2000).to_bytes(4, "little") + (40).to_bytes(4, "little") + bytes(56)
#: With what lies around the frames: counting frame, ID3 before, ID3 behind, APE behind.
WRITTEN = {
    "counted": encode(),
    "counted, no ID3": encode(id3v2_version="0"),
    "bare": encode(id3v2_version="0", write_xing="0"),
    "ID3": encode(write_xing="0"),
    "ID3 behind": encode(id3v2_version="0", write_xing="0", write_id3v1="1"),
    "APE behind": encode(id3v2_version="0", write_xing="0") + APE,
}
BARE = {"id3v2_version": "0", "write_xing": "0"}


@pytest.mark.parametrize(
    ("codec", "rate_hz", "n_samples"),
    [
        ("libmp3lame", 16_000, 576),
        ("libmp3lame", 44_100, 1152),
        ("mp2", 16_000, 1152),
        ("mp2", 48_000, 1152),
        ("libmp3lame", 8_000, 576),
    ],
)
def test_frames_lie_end_to_end(codec, rate_hz, n_samples):
    form = "mp2" if codec == "mp2" else "mp3"
    encoded = encode(form, codec, rate_hz=rate_hz, **({} if codec == "mp2" else BARE))
    found = list(frames(encoded))
    assert [frame.end for frame in found] == [*(frame.at for frame in found[1:]), len(encoded)]
    assert found[0].at == 0
    assert {(frame.n_samples, frame.rate_hz) for frame in found} == {(n_samples, rate_hz)}
    decoded = len(decode(encoded, max_duration_s=9).samples)
    assert abs(len(found) * n_samples - decoded) <= 2 * 1152


def test_a_frame_counts_the_others():
    encoded = WRITTEN["counted"]
    at = after_id3(encoded)
    assert at > 0
    assert counted_frames(encoded, at) == len(list(frames(encoded))) - 1
    assert counted_frames(WRITTEN["bare"], 0) is None


@pytest.mark.parametrize(("first", "second"), list(itertools.product(WRITTEN, repeat=2)))
def test_joined_streams_are_decoded_to_their_end(first, second):
    """Bytes that a codec adds before and after a stream are no reason to miss the second."""
    joined = decode(WRITTEN[first] + WRITTEN[second], max_duration_s=9)
    assert 2 * SECONDS <= len(joined.samples) / joined.rate_hz < 2 * SECONDS + 0.4


def test_streams_begin_where_they_were_joined():
    parts = [WRITTEN[name] for name in ("ID3", "counted", "counted, no ID3", "ID3")]
    begins = list(itertools.accumulate(map(len, parts[:-1]), initial=0))
    assert stream_begins(b"".join(parts)) == begins
    assert stream_begins(b"".join([parts[0], bytes(50), *parts[1:]])) == [
        0,
        *(begin + 50 for begin in begins[1:]),
    ]


@pytest.mark.parametrize("second", WRITTEN)
def test_a_cut_stream_does_not_hide_in_the_next_one(second):
    bare = WRITTEN["bare"]
    for n_bytes in (20, 60, 100):
        with pytest.raises(AudioError, match=r"cut short|neither libsndfile"):
            decode(bare[: list(frames(bare))[-4].at + n_bytes] + WRITTEN[second], max_duration_s=9)


def test_frames_go_on_behind_other_bytes():
    bare = WRITTEN["bare"]
    n_frames = len(list(frames(bare)))
    for between in (bytes(1000), b"\xff\xfb" * 50, b"ID3 and other text" * 9):
        found = list(frames(bare + between + bare))
        assert len(found) == 2 * n_frames
        assert found[n_frames].stream_at == len(bare + between)
    assert len(list(frames(bare + bytes(1000)))) == n_frames


def test_a_stream_of_another_rate_is_not_left_out():
    other = encode(rate_hz=48_000, **BARE)
    for first in WRITTEN.values():
        with pytest.raises(AudioError, match="joined files of different rates"):
            decode(first + other, max_duration_s=9)


def test_fewer_frames_than_were_counted_are_cut():
    encoded = WRITTEN["counted"]
    assert state(encoded).cut is None
    at = list(frames(encoded))[-5].at
    assert "frames, " in state(encoded[:at]).cut

"""The frames of MPEG audio, as in MP3 files, and where one stream ends and another begins.

A file of MPEG audio is a row of frames without a header of its own, between tags. What says how
long it is, if anything, is a first frame that counts the others (Xing, Info); it is ISO/IEC 11172-3
and 13818-3 that give the sizes of frames.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

#: Walks end here: 87 minutes of MP3.
MAX_FRAMES: Final = 200_000
_ID3V1_BYTES: Final = 128

#: Layer -> bit rates of MPEG-1, and of MPEG-2 and 2.5, in kbit/s.
_KBPS: Final = {
    1: (
        (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
        (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    ),
    2: (
        (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
        (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    ),
    3: (
        (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
        (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    ),
}
_RATES_HZ: Final = {
    3: (44100, 48000, 32000),
    2: (22050, 24000, 16000),
    0: (11025, 12000, 8000),
}
#: A frame that counts those behind it.
_COUNTING: Final = re.compile(
    rb"\xff[\xe2-\xff][^\xff].(?:.{32}|.{17}|.{9})(?:.{2})?(?:Xing|Info)", re.DOTALL
)
#: Where a stream may go on behind bytes that are neither frame nor tag.
_SYNC: Final = re.compile(rb"\xff[\xe2-\xff]|ID3[\x02-\x04][\x00-\x09].[\x00-\x7f]{4}", re.DOTALL)


class Frame(NamedTuple):
    """A frame: where it begins and should end, its samples of a channel, and their rate.

    ``stream_at`` is where its stream begins, if it is the first behind a tag or other bytes.
    """

    at: int
    end: int
    n_samples: int
    rate_hz: int
    stream_at: int | None = None


def after_id3(encoded: bytes, at: int = 0) -> int:
    """Return where an ID3 tag that begins at ``at`` ends; ``at``, if none does."""
    if encoded[at : at + 3] != b"ID3" or len(encoded) < at + 10:
        return at
    size = 0
    for byte in encoded[at + 6 : at + 10]:
        size = size << 7 | byte & 0x7F
    return at + 10 + size


def frame_at(encoded: bytes, at: int) -> Frame | None:
    """Return the frame that begins here, if one does."""
    if at + 4 > len(encoded):
        return None
    head = int.from_bytes(encoded[at : at + 4], "big")
    version, layer, kbps, rate = (
        head >> 19 & 3,
        4 - (head >> 17 & 3),
        head >> 12 & 15,
        head >> 10 & 3,
    )
    if head >> 21 != 0x7FF or version == 1 or layer == 4 or kbps in (0, 15) or rate == 3:
        return None
    rate_hz = _RATES_HZ[version][rate]
    bits_per_s = 1000 * _KBPS[layer][version != 3][kbps - 1]
    n_samples = {1: 384, 2: 1152, 3: 1152 if version == 3 else 576}[layer]
    slot_bytes = 4 if layer == 1 else 1
    n_slots = n_samples // (8 * slot_bytes) * bits_per_s // rate_hz + (head >> 9 & 1)
    return Frame(at, at + n_slots * slot_bytes, n_samples, rate_hz)


def frames(encoded: bytes) -> Iterator[Frame]:
    """Yield the frames from the beginning, over what lies between them, until there is none."""
    at = last = 0
    stream_at: int | None = None
    for _ in range(MAX_FRAMES):
        if frame := frame_at(encoded, at):
            yield frame._replace(stream_at=stream_at)
            at, last, stream_at = frame.end, at, None
        elif (end := after_id3(encoded, at)) > at:
            at, stream_at = end, at
        elif encoded[at : at + 3] == b"TAG":
            at = stream_at = at + _ID3V1_BYTES
        elif encoded[at : at + 8] == b"APETAGEX":
            at = stream_at = at + 32 + int.from_bytes(encoded[at + 12 : at + 16], "little")
        elif (found := _next_stream(encoded, max(last + 4, stream_at or 0))) is not None:
            at = last = stream_at = found
        else:
            return


def _next_stream(encoded: bytes, at: int) -> int | None:
    """Return where frames go on, or a tag: also within the last one, if that was cut."""
    for match in _SYNC.finditer(encoded, at):
        if match[0][0] != 0xFF:
            return match.start()
        first = frame_at(encoded, match.start())
        second = frame_at(encoded, first.end) if first else None
        if first and second and first.rate_hz == second.rate_hz:
            return match.start()
    return None


def stream_begins(encoded: bytes) -> list[int]:
    """Return where the streams begin that were joined; the first at 0.

    Another begins with a frame that counts, behind a tag, or where the sample rate changes.
    """
    begins: list[int] = []
    rate_hz = 0
    for frame in frames(encoded):
        if frame.stream_at is not None:
            begins.append(frame.stream_at)
        elif frame.rate_hz != rate_hz or _COUNTING.match(encoded, frame.at):
            begins.append(frame.at)
        rate_hz = frame.rate_hz
    return [0, *begins[1:]]


def counted_frames(encoded: bytes, at: int) -> int | None:
    """Return how many frames follow, if the one that begins here counts them."""
    match = _COUNTING.match(encoded, at)
    if match is None or not encoded[match.end() + 3] & 1:
        return None
    return int.from_bytes(encoded[match.end() + 4 : match.end() + 8], "big")

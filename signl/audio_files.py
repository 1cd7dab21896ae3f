"""What an audio file says of itself: how long it is, and whether another was joined to it.

Headers alone are read. Decoders stop without a word where a file was cut, or after the first of
several that were joined; :mod:`signl.audio` compares what they give with what is found here.
"""

import re
import struct
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from signl import mpeg_audio
from signl.container_ends import end_of_asf, end_of_matroska, end_of_voc
from signl.errors import AudioError

#: Some writers count the 44 bytes of the WAV header among those of the samples.
SLACK_BYTES: Final = 44
#: Sizes from here on stand for "unknown", as programs write them that cannot seek back.
UNKNOWN_SIZE: Final = 0x7FFF0000
#: Walks through the pages, frames or chunks of a file end here: 87 minutes of MP3.
MAX_STEPS: Final = 200_000
#: What lossy codecs put before and after the audio is left out by some decoders.
CODEC_DELAY: Final = 5_000
#: An Ogg stream whose first page ends later than this was cut from one that had begun before.
FIRST_PAGE_S: Final = 10

_W64: Final = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_NAMES: Final = {b"fLaC": "flac", b"OggS": "ogg", b".snd": "au", b"caff": "caf", b"NIST": "nist"}
_NAMES.update({b"Crea": "voc", b"\x1a\x45\xdf\xa3": "matroska", b"\x30\x26\xb2\x75": "asf"})
#: The second byte of the flags of a WavPack's block that is the first of its samples.
_FIRST_BLOCK: Final = bytes(flags for flags in range(256) if flags & 8)
#: Where another file begins; long enough not to be found by chance. A FLAC stream within Ogg
#: begins alike.
_BEGINNING: Final = re.compile(
    rb"(?:RIFF|RF64).{4}WAVE|FORM.{4}AIF[FC]|OggS\x00\x02\x00{8}|NIST_1A\n   1024\n|"
    rb"caff\x00\x01\x00\x00desc|Creative Voice File\x1a|\.snd\x00\x00.{2}.{4}\x00\x00\x00.|"
    rb"(?<!\x7fFLAC.{4})fLaC[\x00\x80]\x00\x00\x22|#!AMR(?:-WB)?\n|"
    rb"wvpk.{4}[\x02-\x10]\x04.{6}\x00{4}.{5}[" + re.escape(_FIRST_BLOCK) + b"]|" + re.escape(_W64),
    re.DOTALL,
)
#: Formats of WAV whose samples have a fixed size: integers, floats, A-law, u-law, extensible.
_FIXED_SIZE: Final = {1, 3, 6, 7, 0xFFFE}


class Statement(NamedTuple):
    """What a file says of its length: samples of a channel, at which rate.

    ``cut`` says what shows that its end is missing; ``known``, whether it is of a form read here.
    """

    n_samples: int | None = None
    rate_hz: int | None = None
    cut: str | None = None
    known: bool = True


def state(encoded: bytes) -> Statement:
    """Return what an audio file says of its length; damaged headers say nothing."""
    reader = _READERS.get(_kind(encoded))
    if reader is None:
        return Statement(known=False)
    try:
        return reader(encoded)
    except (struct.error, IndexError, ValueError, ZeroDivisionError):
        return Statement()


def ends_by_itself(encoded: bytes, n_bytes: int | None = None) -> bool:
    """Tell whether a decoder stops at the end of this file, even if another follows it.

    Of a file of ``n_bytes`` the beginning may be given alone.
    """
    kind = _kind(encoded)
    if kind != "wav":
        return kind in ("flac", "ogg", "mp3")
    data = next((chunk for chunk in _chunks(encoded) if chunk[0] == b"data"), None)
    return data is not None and 0 < data[2] <= (n_bytes or len(encoded)) - data[1]


def joined_at(encoded: bytes) -> list[int]:
    """Return where each of the files begins that were joined to this one; the first at 0."""
    kind = _kind(encoded)
    if kind == "mp4":
        begins = [at for name, at, _ in _boxes(encoded) if name == b"ftyp"]
    elif kind == "mp3":
        begins = mpeg_audio.stream_begins(encoded)
    else:
        begins = []
        at = _end_of_head(encoded, 0)
        while (match := _BEGINNING.search(encoded, at)) and len(begins) < MAX_STEPS:
            begins.append(match.start())
            at = _end_of_head(encoded, match.start())
    return [0, *begins[1:]] if kind in ("mp4", "mp3") else [0, *begins]


def check_tables(encoded: bytes) -> None:
    """Refuse an MP4 whose tables promise more samples than it has bytes.

    FFmpeg takes 24 bytes of memory for each before it reads one.
    """
    if _kind(encoded) != "mp4":
        return
    for name, at, size in _boxes(encoded):
        if name == b"mdat":
            continue
        head = encoded[at : at + size]
        for match in re.finditer(rb"stsz.{8}(.{4})|stz2.{8}(.{4})|trun.{4}(.{4})", head, re.DOTALL):
            n_samples = int.from_bytes(next(filter(None, match.groups())), "big")
            if n_samples > len(encoded):
                raise AudioError(
                    f"an MP4 whose table promises {n_samples} packets, allowed is one for each "
                    f"of its {len(encoded)} bytes"
                )


def _kind(encoded: bytes) -> str:
    at = mpeg_audio.after_id3(encoded)
    head = encoded[at : at + 16]
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:11] == b"AIF":
        return "aiff"
    if head == _W64:
        return "w64"
    if head[:4] in _NAMES:
        return _NAMES[head[:4]]
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"styp"):
        return "mp4"
    return "mp3" if mpeg_audio.frame_at(encoded, at) else ""


def _end_of_head(encoded: bytes, at: int) -> int:
    """Return from where another beginning is one: not within metadata, nor beside the first."""
    at += mpeg_audio.after_id3(encoded) if at == 0 else 0
    if encoded[at : at + 4] == b"fLaC":
        return _flac_audio(encoded, at)
    if encoded[at : at + 4] != b"OggS":
        return at + 16
    for page in _ogg_pages(encoded, at):
        if not page.flags & 2:
            return page.at
    return len(encoded)


def _chunks(encoded: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, beginning and stated size of the chunks of WAV, RF64, AIFF, W64 and CAF."""
    kind = _kind(encoded)
    width = {"wav": 4, "aiff": 4, "w64": 16, "caf": 4}[kind]
    form = {"wav": "<4sI", "aiff": ">4sI", "w64": "<16sQ", "caf": ">4sq"}[kind]
    at = mpeg_audio.after_id3(encoded) + {"wav": 12, "aiff": 12, "w64": 40, "caf": 8}[kind]
    size64 = None
    for _ in range(MAX_STEPS):
        if at + struct.calcsize(form) > len(encoded):
            return
        name, size = struct.unpack_from(form, encoded, at)
        at += struct.calcsize(form)
        if name == b"ds64" and len(encoded) >= at + 16:
            size64 = struct.unpack_from("<Q", encoded, at + 8)[0]
        if name == b"data" and size == 0xFFFFFFFF and size64:
            size = size64
        if kind == "w64":
            size -= 24
        yield name[:4] if width == 16 else name, at, size
        alignment = {"wav": 2, "aiff": 2, "w64": 8, "caf": 1}[kind]
        at += max(size, 0) + -max(size, 0) % alignment


def _pcm(encoded: bytes) -> Statement:
    """WAV, RF64, AIFF, W64, CAF: the chunk of the samples, against the bytes that are there."""
    bytes_each, stated = 0, None
    for name, at, size in _chunks(encoded):
        if name == b"fmt " and size >= 16:
            tag, _, _, _, align = struct.unpack_from("<HHIIH", encoded, at)
            bytes_each = align if tag in _FIXED_SIZE else 0
        elif name == b"COMM":
            _, stated, _ = struct.unpack_from(">HIH", encoded, at)
        elif name in (b"data", b"SSND"):
            there = len(encoded) - at
            if size > there + SLACK_BYTES and (size < UNKNOWN_SIZE or encoded[:4] == b"RF64"):
                return _cut(size, there)
            if size <= 0 and _only_chunks_follow(encoded, at):
                there = 0
            used = min(size, there) if 0 < size < UNKNOWN_SIZE else there
            return Statement(stated or (used // bytes_each if bytes_each else None))
    return Statement(stated or None)


def _only_chunks_follow(encoded: bytes, at: int) -> bool:
    """Tell whether the rest, after a chunk of no bytes, is chunks and no samples."""
    order = ">" if encoded[:4] == b"FORM" else "<"
    while at + 8 <= len(encoded):
        name, size = struct.unpack_from(f"{order}4sI", encoded, at)
        if not re.fullmatch(rb"[A-Za-z0-9 ]{4}", name):
            return False
        at += 8 + size + size % 2
    return at >= len(encoded) and at - len(encoded) <= 1


def _au(encoded: bytes) -> Statement:
    begin, size, _, _, _ = struct.unpack_from(">IIIII", encoded, 4)
    there = len(encoded) - begin
    if there + SLACK_BYTES < size < UNKNOWN_SIZE:
        return _cut(size, there)
    return Statement()


def _cut(size: int, there: int) -> Statement:
    return Statement(cut=f"the header promises {size} bytes of samples, {there} are there")


def _nist(encoded: bytes) -> Statement:
    count = re.search(rb"sample_count -i (\d{1,15})\s", encoded[:1024])
    return Statement(int(count[1]) if count else None)


def _flac_audio(encoded: bytes, at: int) -> int:
    """Return where the metadata of a FLAC ends."""
    at += 4
    while at + 4 <= len(encoded):
        head = encoded[at]
        at += 4 + int.from_bytes(encoded[at + 1 : at + 4], "big")
        if head & 0x80:
            break
    return at


def _flac(encoded: bytes) -> Statement:
    at = mpeg_audio.after_id3(encoded) + 8
    return Statement(int.from_bytes(encoded[at + 13 : at + 18], "big") & (1 << 36) - 1 or None)


class _Page(NamedTuple):
    at: int
    flags: int
    granule: int
    serial: int
    number: int
    body: int
    end: int


def _ogg_pages(encoded: bytes, at: int) -> Iterator[_Page]:
    for _ in range(MAX_STEPS):
        if encoded[at : at + 4] != b"OggS" or at + 27 > len(encoded):
            return
        flags, granule, serial, number, _, n = struct.unpack_from("<BqIIIB", encoded, at + 5)
        body = at + 27 + n
        page = _Page(at, flags, granule, serial, number, body, body + sum(encoded[at + 27 : body]))
        yield page
        at = page.end


def _ogg(encoded: bytes) -> Statement:
    pages = list(_ogg_pages(encoded, mpeg_audio.after_id3(encoded)))
    first, last = pages[0], pages[-1]
    if last.end > len(encoded):
        return Statement(cut="the last page is cut short")
    of_one = [page for page in pages if page.serial == first.serial]
    if not of_one[-1].flags & 4:
        return Statement(cut="the last page does not end the stream")
    for before, page in pairwise(of_one):
        if page.number != before.number + 1:
            return Statement(cut=f"page {page.number} follows page {before.number}")
    head = encoded[first.body : first.end]
    if head.startswith(b"OpusHead"):
        rate_hz, skipped = 48_000, int.from_bytes(head[10:12], "little")
    elif head.startswith(b"\x01vorbis"):
        rate_hz, skipped = int.from_bytes(head[12:16], "little"), 0
    else:
        return Statement()
    begun = next((page.granule for page in of_one if page.granule > 0), 0)
    if begun > FIRST_PAGE_S * rate_hz:
        return Statement()
    return Statement(of_one[-1].granule - skipped - rate_hz // 10, rate_hz)


def _mp3(encoded: bytes) -> Statement:
    """MPEG audio: the frames that are there, and how many of them the first one counts."""
    frames = list(mpeg_audio.frames(encoded))
    last = frames[-1]
    counted = mpeg_audio.counted_frames(encoded, frames[0].at)
    # The frame that counts the others holds no audio.
    n_frames = len(frames) - (last.end > len(encoded)) - (counted is not None)
    if counted is not None and n_frames + 1 < counted:
        return Statement(cut=f"the header counts {counted} frames, {n_frames} are there")
    if last.end > len(encoded):
        return Statement(cut="the last frame is cut short")
    # More than were counted: a stream that counts none was joined to one that does.
    whole = counted if counted and n_frames <= counted + 1 else n_frames
    return Statement(max(0, whole * last.n_samples - CODEC_DELAY), last.rate_hz)


def _boxes(encoded: bytes) -> Iterator[tuple[bytes, int, int]]:  # outermost ones of an MP4
    at = 0
    for _ in range(MAX_STEPS):
        if at + 8 > len(encoded):
            return
        size, name = struct.unpack_from(">I4s", encoded, at)
        if size == 1 and at + 16 <= len(encoded):
            size = int.from_bytes(encoded[at + 8 : at + 16], "big")
        size = len(encoded) - at if size == 0 else max(size, 8)
        yield name, at, size
        at += size


def _mp4(encoded: bytes) -> Statement:
    for name, at, size in _boxes(encoded):
        if size > (left := len(encoded) - at):
            return Statement(cut=f"the box {name!r} has {size} bytes, {left} are there")
    return Statement()


def _ending(end_of: Callable[[bytes], int]) -> Callable[[bytes], Statement]:
    """Return the reader of files that say where they end, and no number of samples."""

    def read(encoded: bytes) -> Statement:
        end, there = end_of(encoded), len(encoded)
        cut = f"the header promises {end} bytes, {there} are there" if end > there else None
        return Statement(cut=cut, known=False)

    return read


_ENDS: Final = {"asf": end_of_asf, "voc": end_of_voc, "matroska": end_of_matroska}
_READERS: Final = dict(
    **dict.fromkeys(("wav", "aiff", "w64", "caf"), _pcm),
    **dict(au=_au, nist=_nist, flac=_flac, ogg=_ogg, mp3=_mp3, mp4=_mp4),
    **{kind: _ending(end_of) for kind, end_of in _ENDS.items()},
)

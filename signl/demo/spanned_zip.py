"""Write a zip in several pieces, as CFAD is published.

References
----------
PKWARE, APPNOTE.TXT 6.3.10: section 4.3 (records) and 8.5 (splitting): the first piece begins
with a marker, no header is torn apart, offsets are relative to the piece in which a header lies.
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from signl.artefacts import atomic_write
from signl.demo.containers import COMPRESSION_LEVEL, ZIP_TIME

MARKER = b"PK\x07\x08"
DEFLATE = 8
VERSION = 20
UNIX = 3 << 8
DOS_DATE = (ZIP_TIME[0] - 1980) << 9 | ZIP_TIME[1] << 5 | ZIP_TIME[2]


class Place(NamedTuple):
    """Where a header lies."""

    piece: int
    offset: int


class Packed(NamedTuple):
    """A member, compressed."""

    name: bytes
    facts: bytes  # what the local and the central header share
    data: bytes


class Pieces:
    """Pieces that fill one after the other; the last one takes all that is left.

    Parameters
    ----------
    n_pieces : int
        Number of pieces.
    limit : int
        Bytes that all but the last may hold.
    """

    def __init__(self, n_pieces: int, limit: int) -> None:
        self.contents = [bytearray() for _ in range(n_pieces)]
        self._limit = limit
        self._current = 0

    def _room(self) -> int | None:
        """Return the bytes that the current piece can still take; None for any number."""
        if self._current == len(self.contents) - 1:
            return None
        return self._limit - len(self.contents[self._current])

    def add_whole(self, record: bytes) -> Place:
        """Write a record that must not be torn, and say where it begins."""
        room = self._room()
        if room is not None and len(record) > room:
            self._current += 1
            return self.add_whole(record)
        place = Place(self._current, len(self.contents[self._current]))
        self.contents[self._current] += record
        return place

    def add_torn(self, data: bytes) -> None:
        """Write data over as many pieces as it takes."""
        room = self._room()
        while room is not None and len(data) > room:
            self.contents[self._current] += data[:room]
            data = data[room:]
            self._current += 1
            room = self._room()
        self.contents[self._current] += data


def write_spanned_zip(paths: Sequence[Path], members: Mapping[str, bytes]) -> None:
    """Write members into one zip of ``len(paths)`` pieces of about equal size.

    Parameters
    ----------
    paths : sequence of Path
        The pieces in their order; the central directory ends the last one.
    members : Mapping of str to bytes
        Contents by member name; a name that ends in a slash is a folder.

    Raises
    ------
    ValueError
        If the members are too few to reach into every piece.
    """
    packed = [_pack(name, content) for name, content in members.items()]
    total = len(MARKER) + sum(30 + len(member.name) + len(member.data) for member in packed)
    pieces = Pieces(len(paths), total // len(paths))
    pieces.add_whole(MARKER)
    directory = []
    for member in packed:
        place = pieces.add_whole(_local_header(member))
        pieces.add_torn(member.data)
        directory.append(_central_header(member, place))
    _end(pieces, directory)
    if not all(pieces.contents):
        raise ValueError(f"{len(members)} members of {total} bytes cannot fill {len(paths)} pieces")
    with ExitStack() as stack:
        for path, content in zip(paths, pieces.contents, strict=True):
            stack.enter_context(atomic_write(path)).write_bytes(content)


def _pack(name: str, content: bytes) -> Packed:
    """Compress a member."""
    compressor = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = compressor.compress(content) + compressor.flush()
    method = DEFLATE
    if name.endswith("/"):
        data, method = b"", 0
    encoded = name.encode("ascii")
    facts = struct.pack(
        "<HHHHHIIIHH",
        *(VERSION, 0, method, 0, DOS_DATE),
        *(zlib.crc32(content), len(data), len(content), len(encoded), 0),
    )
    return Packed(encoded, facts, data)


def _local_header(member: Packed) -> bytes:
    """Return the record that comes before a member's data."""
    return b"PK\x03\x04" + member.facts + member.name


def _central_header(member: Packed, place: Place) -> bytes:
    """Return the directory's record of a member."""
    mode = 0o040755 if member.name.endswith(b"/") else 0o100644
    record = struct.pack("<HHHII", 0, place.piece, 0, mode << 16, place.offset)
    version = struct.pack("<H", UNIX | VERSION)
    return b"PK\x01\x02" + version + member.facts + record + member.name


def _end(pieces: Pieces, directory: Sequence[bytes]) -> None:
    """Write the central directory and the record that says where it is."""
    places = [pieces.add_whole(record) for record in directory]
    last = len(pieces.contents) - 1
    pieces.add_whole(
        b"PK\x05\x06"
        + struct.pack(
            "<HHHHIIH",
            *(last, places[0].piece, sum(place.piece == last for place in places)),
            *(len(places), sum(map(len, directory)), places[0].offset, 0),
        )
    )

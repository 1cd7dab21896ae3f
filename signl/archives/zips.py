"""Members of a zip, of one file or of several spans, in the order in which they lie on disk.

The standard library's zipfile reads no spanned zip: its offsets count from the start of the
span ("disk") a member begins in. Here the spans are one file, and each offset is made absolute.

References
----------
PKWARE, APPNOTE.TXT - .ZIP File Format Specification, version 6.3.
"""

import io
import stat
import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from signl.archives.members import (
    MAX_MEMBER_BYTES,
    Member,
    Wanted,
    check_count,
    check_ratio,
    check_size,
    damaged,
    is_foreign,
    normalise,
    refuse_kind,
    shown,
)
from signl.archives.spans import open_spans
from signl.archives.zip_ends import Directory, find_directory, read_exactly
from signl.errors import ArchiveError

_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_ENTRY_MAGIC: Final = b"PK\x01\x02"
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_LOCAL_MAGIC: Final = b"PK\x03\x04"
_ZIP64_FIELD: Final = 1
_FULL: Final = 0xFFFFFFFF
_IS_ENCRYPTED: Final = 1
_IS_UTF8: Final = 1 << 11
_UNIX: Final = 3
_STORED, _DEFLATED = 0, 8


class Entry(NamedTuple):
    """What the central directory says of one member; ``offset`` is absolute."""

    name: str
    raw_name: bytes
    offset: int
    compressed_size: int
    size: int
    crc: int
    method: int
    is_encrypted: bool


def stream_zip(
    paths: Sequence[Path], is_wanted: Wanted, *, max_bytes: int = MAX_MEMBER_BYTES
) -> Iterator[Member]:
    """Yield the files of a zip in the order in which they lie on disk.

    Parameters
    ----------
    paths : sequence of Path
        The zip; of a spanned one all spans in order, ``.zip`` last.
    is_wanted : callable
        Whether the content of a member of this name is read.
    max_bytes : int
        A wanted member that claims more is refused.

    Raises
    ------
    ArchiveError
        If the zip is truncated or damaged, lacks a span, or holds what it should not.
    """
    file, starts = open_spans(paths)
    with file:
        zip_path = paths[-1]
        directory = find_directory(file, starts, paths)
        entries = _read_directory(file, directory, starts, zip_path)
        entries.sort(key=lambda entry: entry.offset)
        _check_apart(entries, directory, zip_path)
        wanted = {entry.offset for entry in entries if is_wanted(entry.name)}
        n_bytes = sum(entry.size for entry in entries if entry.offset in wanted)
        check_ratio("what is wanted of it", n_bytes, starts[-1], zip_path)
        for entry in entries:
            if entry.offset not in wanted:
                yield Member(entry.name, entry.size, None)
                continue
            # Both are held at once. Compression never adds more than some bytes.
            check_size(
                entry.name, max(entry.size, entry.compressed_size - 1024), zip_path, max_bytes
            )
            check_ratio(f"member {entry.name!r}", entry.size, entry.compressed_size, zip_path)
            yield Member(entry.name, entry.size, _read_content(file, entry, zip_path))


def _read_directory(
    file: io.BufferedReader, directory: Directory, starts: list[int], path: Path
) -> list[Entry]:
    """Read the files among the entries of the central directory."""
    file.seek(directory.start)
    content = read_exactly(file, directory.size, path)
    entries: list[Entry] = []
    position = 0
    n_entries = 0
    while position < len(content):
        check_count(n_entries, path)
        if position + _ENTRY.size > len(content):
            raise damaged(path, "its directory ends early")
        fields = _ENTRY.unpack_from(content, position)
        if fields[0] != _ENTRY_MAGIC:
            raise damaged(path, f"entry {n_entries + 1} of its directory is malformed")
        name_end = position + _ENTRY.size + fields[10]
        extra_end = name_end + fields[11]
        raw_name = content[position + _ENTRY.size : name_end]
        extra = content[name_end:extra_end]
        position = extra_end + fields[12]
        if position > len(content):
            raise damaged(path, "its directory ends early")
        entry = _parse_entry(fields, raw_name, extra, starts, path)
        n_entries += 1
        if entry is not None:
            entries.append(entry)
    if not directory.has(n_entries):
        raise damaged(
            path,
            f"its directory holds {n_entries:,} entries, not the {directory.n_entries:,} it claims",
        )
    return list(_unwrap(entries)) if directory.n_wraps else entries


def _unwrap(entries: list[Entry]) -> Iterator[Entry]:
    """Yield entries, which lie one after the other, with the offsets that 32 bits could not say."""
    n_bytes = previous = 0
    for entry in entries:
        if entry.offset < previous:
            n_bytes += _FULL + 1
        previous = entry.offset
        yield entry._replace(offset=entry.offset + n_bytes)


def _parse_entry(
    fields: tuple[int, ...], raw_name: bytes, extra: bytes, starts: list[int], path: Path
) -> Entry | None:
    """Read one entry of the central directory; None for a folder."""
    made_by, flags, method, crc = fields[1], fields[3], fields[4], fields[7]
    encoding = "utf-8" if flags & _IS_UTF8 else "cp437"
    text = raw_name.decode(encoding, "backslashreplace")
    is_folder = text.endswith(("/", "\\"))
    name = normalise(text.rstrip("/\\") or "/", path)
    mode = fields[15] >> 16
    if made_by >> 8 == _UNIX and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        if is_foreign(name):
            return None
        raise refuse_kind(name, "a link or a device", path)
    if is_folder:
        return None
    size, compressed_size, offset, disk = _zip64_values(fields, extra, name, path)
    start = starts[disk] + offset if disk < len(starts) - 1 else starts[-1]
    if start + _LOCAL.size + len(raw_name) + compressed_size > starts[-1]:
        raise damaged(path, f"member {name!r} does not lie within it")
    return Entry(
        name, raw_name, start, compressed_size, size, crc, method, bool(flags & _IS_ENCRYPTED)
    )


def _zip64_values(
    fields: tuple[int, ...], extra: bytes, name: str, path: Path
) -> tuple[int, int, int, int]:
    """Return size, compressed size, offset and disk; those that are full stand in ``extra``."""
    values = [fields[9], fields[8], fields[16], fields[13]]
    limits = (_FULL, _FULL, _FULL, 0xFFFF)
    is_full = [value == limit for value, limit in zip(values, limits, strict=True)]
    if not any(is_full):
        return values[0], values[1], values[2], values[3]
    field = _extra_field(extra, _ZIP64_FIELD)
    position = 0
    for index, width in enumerate((8, 8, 8, 4)):
        if is_full[index]:
            if field is None or position + width > len(field):
                raise damaged(path, f"member {name!r} lacks its ZIP64 sizes")
            values[index] = int.from_bytes(field[position : position + width], "little")
            position += width
    return values[0], values[1], values[2], values[3]


def _extra_field(extra: bytes, wanted: int) -> bytes | None:
    """Return one of the extra fields of an entry."""
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, position)
        if kind == wanted:
            return extra[position + 4 : position + 4 + size]
        position += 4 + size
    return None


def _check_apart(entries: list[Entry], directory: Directory, path: Path) -> None:
    """Refuse members that share bytes, by which a small zip can hold endless audio."""
    for entry, following in pairwise(entries):
        end = entry.offset + _LOCAL.size + len(entry.raw_name) + entry.compressed_size
        if end > following.offset:
            raise damaged(path, f"members {entry.name!r} and {following.name!r} overlap")
    if entries and entries[-1].offset >= directory.start:
        raise damaged(path, f"member {entries[-1].name!r} lies in its directory")


def _read_content(file: io.BufferedReader, entry: Entry, path: Path) -> bytes:
    """Read, decompress and check one member."""
    file.seek(entry.offset)
    fields = _LOCAL.unpack(read_exactly(file, _LOCAL.size, path))
    raw_name = read_exactly(file, fields[9], path)
    if fields[0] != _LOCAL_MAGIC or raw_name != entry.raw_name:
        raise damaged(path, f"member {entry.name!r} is not where the directory says")
    if entry.is_encrypted:
        raise ArchiveError(
            f"{shown(path)}: member {entry.name!r} is encrypted; unpack the archive with its "
            "password and give the folder"
        )
    file.seek(fields[10], 1)
    content = _decompress(read_exactly(file, entry.compressed_size, path), entry, path)
    if len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise damaged(path, f"member {entry.name!r} does not match its checksum")
    return content


def _decompress(content: bytes, entry: Entry, path: Path) -> bytes:
    """Decompress a member, to no more than the size it claims."""
    if entry.method == _STORED:
        return content
    if entry.method != _DEFLATED:
        raise ArchiveError(
            f"{shown(path)}: member {entry.name!r} is compressed by method {entry.method}, which "
            "is not read here; unpack the archive (for example with 7z x) and give the folder"
        )
    inflater = zlib.decompressobj(wbits=-15)
    try:
        # One byte more, so that a member that holds more than it claims is seen.
        return inflater.decompress(content, entry.size + 1)
    except zlib.error as error:
        raise damaged(path, f"member {entry.name!r}: {error}") from error

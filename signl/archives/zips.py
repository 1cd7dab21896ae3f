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
    GET_ANEW,
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    Member,
    Wanted,
    check_count,
    check_size,
    damaged,
    normalise,
    refuse_kind,
)
from signl.archives.spans import open_spans
from signl.errors import ArchiveError

_END: Final = struct.Struct("<4s4H2LH")
_END_MAGIC: Final = b"PK\x05\x06"
_END64_LOCATOR: Final = struct.Struct("<4sLQL")
_END64_LOCATOR_MAGIC: Final = b"PK\x06\x07"
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_END64_MAGIC: Final = b"PK\x06\x06"
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_ENTRY_MAGIC: Final = b"PK\x01\x02"
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_LOCAL_MAGIC: Final = b"PK\x03\x04"
_ZIP64_FIELD: Final = 1
_MAX_COMMENT: Final = 0xFFFF
#: The largest published directory, of some 350,000 members, has some 60 MB.
_MAX_DIRECTORY_BYTES: Final = 1 << 29
_FULL: Final = 0xFFFFFFFF
_IS_ENCRYPTED: Final = 1
_IS_UTF8: Final = 1 << 11
_UNIX: Final = 3
_STORED, _DEFLATED = 0, 8


class Directory(NamedTuple):
    """Where the central directory lies."""

    n_entries: int
    start: int
    size: int


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
        directory = _find_directory(file, starts, paths)
        entries = _read_directory(file, directory, starts, zip_path)
        entries.sort(key=lambda entry: entry.offset)
        _check_apart(entries, directory, zip_path)
        for entry in entries:
            if not is_wanted(entry.name):
                yield Member(entry.name, entry.size, None)
                continue
            # Compression never adds much: what it claims to hold compressed is bounded as well.
            largest = max(entry.size, entry.compressed_size // 2)
            check_size(entry.name, largest, zip_path, max_bytes)
            yield Member(entry.name, entry.size, _read_content(file, entry, zip_path))


def _read_exactly(file: io.BufferedReader, size: int, path: Path) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise damaged(path, "ends early")
    return content


def _find_directory(file: io.BufferedReader, starts: list[int], paths: Sequence[Path]) -> Directory:
    """Find the central directory by the record at the end of the last span."""
    path, total = paths[-1], starts[-1]
    tail_start = max(starts[-2], total - _END.size - _MAX_COMMENT)
    file.seek(tail_start)
    tail = file.read(total - tail_start)
    position = tail.rfind(_END_MAGIC)
    if position < 0 or position + _END.size > len(tail):
        raise damaged(path, "has no directory at its end")
    _, disk, directory_disk, _, n_entries, size, offset, _ = _END.unpack_from(tail, position)
    locator = tail_start + position - _END64_LOCATOR.size
    found = _find_directory64(file, locator, starts, paths)
    if found is None:
        _check_spans(disk, paths)
        if directory_disk > disk:
            raise damaged(path, f"its directory begins in span {directory_disk + 1}")
        found = Directory(n_entries, starts[directory_disk] + offset, size)
    if found.start + found.size > total:
        raise damaged(path, "its directory does not lie within it")
    if found.size > _MAX_DIRECTORY_BYTES or found.n_entries > MAX_MEMBERS:
        raise damaged(path, f"its directory claims {found.n_entries:,} members")
    return found


def _find_directory64(
    file: io.BufferedReader, locator: int, starts: list[int], paths: Sequence[Path]
) -> Directory | None:
    """Find the central directory of a ZIP64 archive; None if it is not one."""
    path = paths[-1]
    if locator < starts[-2]:
        return None
    file.seek(locator)
    magic, end_disk, end_offset, n_disks = _END64_LOCATOR.unpack(
        _read_exactly(file, _END64_LOCATOR.size, path)
    )
    if magic != _END64_LOCATOR_MAGIC:
        return None
    _check_spans(n_disks - 1, paths)
    if end_disk >= len(paths) or starts[end_disk] + end_offset > starts[-1]:
        raise damaged(path, "its ZIP64 record does not lie within it")
    file.seek(starts[end_disk] + end_offset)
    record = _END64.unpack(_read_exactly(file, _END64.size, path))
    directory_disk, n_entries, size, offset = record[5], *record[7:]
    if record[0] != _END64_MAGIC or directory_disk >= len(paths):
        raise damaged(path, "its ZIP64 record is not where it should be")
    return Directory(n_entries, starts[directory_disk] + offset, size)


def _check_spans(last_disk: int, paths: Sequence[Path]) -> None:
    """Check that as many spans are given as the zip says it has."""
    if last_disk + 1 == len(paths):
        return
    path = paths[-1]
    if len(paths) == 1 and 0 < last_disk < 100:
        spans = ", ".join(f"{path.stem}.z{number:02d}" for number in range(1, last_disk + 1))
        raise ArchiveError(
            f"{path} is the last of {last_disk + 1} spans: put {spans} beside it, or join them "
            f"with: zip -s 0 {path.name} --out {path.stem}_joined.zip"
        )
    raise ArchiveError(
        f"{path} says that it is of {last_disk + 1} spans, but there are {len(paths)}: "
        f"{', '.join(part.name for part in paths)}; {GET_ANEW}"
    )


def _read_directory(
    file: io.BufferedReader, directory: Directory, starts: list[int], path: Path
) -> list[Entry]:
    """Read the files among the entries of the central directory."""
    file.seek(directory.start)
    content = _read_exactly(file, directory.size, path)
    entries: list[Entry] = []
    position = 0
    for n_entries in range(directory.n_entries):
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
        if entry is not None:
            entries.append(entry)
    if position != len(content):
        raise damaged(path, f"its directory holds more than the {directory.n_entries:,} it claims")
    return entries


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
    fields = _LOCAL.unpack(_read_exactly(file, _LOCAL.size, path))
    raw_name = _read_exactly(file, fields[9], path)
    if fields[0] != _LOCAL_MAGIC or raw_name != entry.raw_name:
        raise damaged(path, f"member {entry.name!r} is not where the directory says")
    if entry.is_encrypted:
        raise ArchiveError(
            f"{path}: member {entry.name!r} is encrypted; unpack the archive with its password "
            "and give the folder"
        )
    file.seek(fields[10], 1)
    content = _decompress(_read_exactly(file, entry.compressed_size, path), entry, path)
    if len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise damaged(path, f"member {entry.name!r} does not match its checksum")
    return content


def _decompress(content: bytes, entry: Entry, path: Path) -> bytes:
    """Decompress a member, to no more than the size it claims."""
    if entry.method == _STORED:
        return content
    if entry.method != _DEFLATED:
        raise ArchiveError(
            f"{path}: member {entry.name!r} is compressed by method {entry.method}, which is not "
            "read here; unpack the archive (for example with 7z x) and give the folder"
        )
    inflater = zlib.decompressobj(wbits=-15)
    try:
        # One byte more, so that a member that holds more than it claims is seen.
        return inflater.decompress(content, entry.size + 1)
    except zlib.error as error:
        raise damaged(path, f"member {entry.name!r}: {error}") from error

"""Where the central directory of a zip lies, as the records at its end say.

References
----------
PKWARE, APPNOTE.TXT - .ZIP File Format Specification, version 6.3.
"""

import io
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from signl.archives.members import GET_ANEW, MAX_MEMBERS, damaged
from signl.errors import ArchiveError

_END: Final = struct.Struct("<4s4H2LH")
_END_MAGIC: Final = b"PK\x05\x06"
_END64_LOCATOR: Final = struct.Struct("<4sLQL")
_END64_LOCATOR_MAGIC: Final = b"PK\x06\x07"
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_END64_MAGIC: Final = b"PK\x06\x06"
_MAX_COMMENT: Final = 0xFFFF
#: The largest published directory, of some 350,000 members, has some 60 MB.
_MAX_DIRECTORY_BYTES: Final = 1 << 27
_FULL: Final = 0xFFFFFFFF
_WRAP: Final = 1 << 16


class Directory(NamedTuple):
    """Where the central directory lies.

    Attributes
    ----------
    n_entries : int
        The entries that it claims.
    start, size : int
        Its first byte, absolute, and its bytes.
    is_zip64 : bool
        Whether these numbers are whole. Without ZIP64 fields the first has 16 bits, others 32.
    n_wraps : int
        How often 32 bits wrapped round before its start: a zip of more than 4 GB that lacks the
        ZIP64 fields that it needs, as the Finder of macOS writes it.
    """

    n_entries: int
    start: int
    size: int
    is_zip64: bool = False
    n_wraps: int = 0

    def has(self, n_entries: int) -> bool:
        """Tell whether so many entries are what it claims, as far as its field can say."""
        claimed = self.n_entries
        return n_entries == claimed or (not self.is_zip64 and n_entries % _WRAP == claimed)


def read_exactly(file: io.BufferedReader, size: int, path: Path) -> bytes:
    """Return the next ``size`` bytes; a damaged archive, if there are fewer."""
    content = file.read(size)
    if len(content) < size:
        raise damaged(path, "ends early")
    return content


def find_directory(file: io.BufferedReader, starts: list[int], paths: Sequence[Path]) -> Directory:
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
        found = _unwrapped(found, offset, tail_start + position, paths)
    if found.start + found.size > total:
        raise damaged(path, "its directory does not lie within it")
    if found.size > _MAX_DIRECTORY_BYTES or found.n_entries > MAX_MEMBERS:
        raise damaged(path, f"its directory claims {found.n_entries:,} members")
    return found


def _unwrapped(found: Directory, offset: int, end: int, paths: Sequence[Path]) -> Directory:
    """Return a directory with the start that 32 bits could not say, where it ends at ``end``."""
    n_wraps, rest = divmod(end - found.size - offset, _FULL + 1)
    if len(paths) > 1 or n_wraps <= 0 or rest:
        return found
    return found._replace(start=end - found.size, n_wraps=n_wraps)


def _find_directory64(
    file: io.BufferedReader, locator: int, starts: list[int], paths: Sequence[Path]
) -> Directory | None:
    """Find the central directory of a ZIP64 archive; None if it is not one."""
    path = paths[-1]
    if locator < starts[-2]:
        return None
    file.seek(locator)
    magic, end_disk, end_offset, n_disks = _END64_LOCATOR.unpack(
        read_exactly(file, _END64_LOCATOR.size, path)
    )
    if magic != _END64_LOCATOR_MAGIC:
        return None
    _check_spans(n_disks - 1, paths)
    if end_disk >= len(paths) or starts[end_disk] + end_offset > starts[-1]:
        raise damaged(path, "its ZIP64 record does not lie within it")
    file.seek(starts[end_disk] + end_offset)
    record = _END64.unpack(read_exactly(file, _END64.size, path))
    directory_disk, n_entries, size, offset = record[5], *record[7:]
    if record[0] != _END64_MAGIC or directory_disk >= len(paths):
        raise damaged(path, "its ZIP64 record is not where it should be")
    return Directory(n_entries, starts[directory_disk] + offset, size, is_zip64=True)


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

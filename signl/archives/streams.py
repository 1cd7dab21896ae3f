"""Members of an archive, whatever its form: tar, tar.gz, zip, spanned zip, folder, loose files."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from signl.archives.folders import stream_folder
from signl.archives.members import (
    GET_ANEW,
    MAX_MEMBER_BYTES,
    Member,
    Wanted,
    check_size,
    normalise,
)
from signl.archives.tars import stream_tar
from signl.archives.whereabouts import LocatedArchive
from signl.archives.zips import stream_zip
from signl.errors import ArchiveError

#: The largest published protocol is some 50 MB.
MAX_PROTOCOL_BYTES: Final = 1 << 28
_LOOSE_SUFFIXES: Final = (".txt", ".tsv", ".csv")


def stream_members(
    paths: Sequence[Path], is_wanted: Wanted, *, max_bytes: int = MAX_MEMBER_BYTES
) -> Iterator[Member]:
    """Yield the files of an archive in the order in which they lie on disk.

    Parameters
    ----------
    paths : sequence of Path
        One file or folder; of a spanned zip, or of loose files, all of them.
    is_wanted : callable
        Whether the content of a member of this (normalised) name is read. No other is.
    max_bytes : int
        A member that is larger is refused.

    Raises
    ------
    ArchiveError
        If the archive is missing, unreadable, truncated, damaged or hostile. Names it, the
        member and what to do.
    """
    try:
        yield from _stream(paths, is_wanted, max_bytes=max_bytes)
    except OSError as error:
        name = error.filename or paths[-1]
        raise ArchiveError(f"{name} cannot be read ({error.strerror or error})") from error


def _stream(paths: Sequence[Path], is_wanted: Wanted, *, max_bytes: int) -> Iterator[Member]:
    """Choose the reader."""
    last = paths[-1]
    if last.is_dir():
        return stream_folder(last, is_wanted, max_bytes=max_bytes)
    if last.suffix == ".zip":
        return stream_zip(paths, is_wanted, max_bytes=max_bytes)
    if last.suffix in _LOOSE_SUFFIXES:
        return _stream_loose(paths, is_wanted, max_bytes=max_bytes)
    return stream_tar(last, is_wanted, max_bytes=max_bytes)


def _stream_loose(paths: Sequence[Path], is_wanted: Wanted, *, max_bytes: int) -> Iterator[Member]:
    """Yield files that lie beside each other."""
    for path in paths:
        size = path.stat().st_size
        check_size(path.name, size, path.parent, max_bytes)
        content = path.read_bytes() if is_wanted(path.name) else None
        yield Member(path.name, size, content)


def read_protocols(located: LocatedArchive, is_protocol: Callable[[str], bool]) -> dict[str, bytes]:
    """Read the protocol files of an archive: name of the member to content.

    Raises
    ------
    ArchiveError
        If the archive is damaged or hostile, holds none, or two of one name.
    """
    found: dict[str, bytes] = {}
    paths = located.paths
    for member in stream_members(paths, is_protocol, max_bytes=MAX_PROTOCOL_BYTES):
        if member.content is None:
            continue
        if member.name in found:
            raise ArchiveError(f"{paths[-1]}: member {member.name!r} is there twice; {GET_ANEW}")
        found[member.name] = member.content
    return found


def source_name(paths: Sequence[Path], member: str) -> str:
    """Name a protocol file for messages: archive and member, or the path of a loose file."""
    for path in paths:
        if path.name == member:
            return str(path)
    return f"{paths[-1]}: {member}"


__all__ = [
    "MAX_PROTOCOL_BYTES",
    "Member",
    "normalise",
    "read_protocols",
    "source_name",
    "stream_members",
]

"""Members of an archive, whatever its form: tar, tar.gz, zip, spanned zip, folder, loose files."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from signl.archives.descriptions import BARE
from signl.archives.folders import stream_folder
from signl.archives.members import (
    MAX_MEMBER_BYTES,
    UNPUBLISHED,
    Member,
    Wanted,
    align,
    check_size,
    is_foreign,
    is_twice,
    normalise,
    shown,
)
from signl.archives.tars import stream_tar
from signl.archives.whereabouts import LocatedArchive
from signl.archives.zips import stream_zip
from signl.errors import ArchiveError

logger = logging.getLogger(__name__)

#: The published protocols of a corpus have some 50 MB together.
MAX_PROTOCOL_BYTES: Final = 1 << 27
_LOOSE_SUFFIXES: Final = (".txt", ".tsv", ".csv")


def stream_members(
    paths: Sequence[Path],
    is_wanted: Wanted,
    *,
    max_bytes: int = MAX_MEMBER_BYTES,
    root: str = "",
) -> Iterator[Member]:
    """Yield the files of an archive in the order in which they lie on disk.

    What systems and editors leave beside files (:func:`signl.archives.members.is_foreign`) is
    passed over; the log says how much of it there was.

    Parameters
    ----------
    paths : sequence of Path
        One file or folder; of a spanned zip, or of loose files, all of them.
    is_wanted : callable
        Whether the content of a member of this (normalised) name is read. No other is.
    max_bytes : int
        A member that is larger is refused.
    root : str
        The folder in which all members were published. Names are given as below it, also of
        a copy that has a folder more or less (:func:`signl.archives.members.align`). Of
        :data:`signl.archives.descriptions.BARE` names are as they lie below the archive or folder.

    Raises
    ------
    ArchiveError
        If the archive is missing, unreadable, truncated, damaged or hostile. Names it, the
        member and what to do.
    """
    # Loose files have their own names.
    top = None if root == "" else ""
    root = "" if root == BARE or paths[-1].suffix in _LOOSE_SUFFIXES else root
    # Without its own name: a folder may have been given another.
    is_folder = paths[-1].is_dir() and bool(root)
    n_foreign = n_moved = 0
    foreign = moved = ""

    def is_chosen(name: str) -> bool:
        return not is_foreign(name) and is_wanted(align(name, root))

    try:
        for member in _stream(paths, is_chosen, max_bytes=max_bytes, top=top):
            if is_foreign(member.name):
                n_foreign, foreign = n_foreign + 1, foreign or member.name
                continue
            name = align(member.name, root)
            if name != (f"{root}/{member.name}" if is_folder else member.name):
                n_moved, moved = n_moved + 1, moved or f"{member.name!r} as {name!r}"
            yield member if name == member.name else member._replace(name=name)
    except OSError as error:
        path = error.filename or paths[-1]
        raise ArchiveError(f"{shown(path)} cannot be read ({error.strerror or error})") from error
    source = shown(paths[-1])
    if n_foreign:
        logger.info(
            "%s: passed over %d files that systems or editors left, first %r",
            *(source, n_foreign, foreign),
        )
    if n_moved:
        logger.info(
            "%s: %d members lie in other folders than published: read %s", source, n_moved, moved
        )


def _stream(
    paths: Sequence[Path], is_wanted: Wanted, *, max_bytes: int, top: str | None
) -> Iterator[Member]:
    """Choose the reader."""
    last = paths[-1]
    if last.is_dir():
        return stream_folder(last, is_wanted, max_bytes=max_bytes, top=top)
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
    n_bytes = 0
    members = stream_members(
        paths, is_protocol, max_bytes=MAX_PROTOCOL_BYTES, root=located.archive.root
    )
    for member in members:
        if member.content is None:
            continue
        if member.name in found:
            raise is_twice(paths[-1], member.name)
        n_bytes += member.size
        if n_bytes > MAX_PROTOCOL_BYTES:
            raise ArchiveError(
                f"{shown(paths[-1])}: its protocols claim {n_bytes:,} bytes together, more than "
                f"the {MAX_PROTOCOL_BYTES:,} that any published ones have; {UNPUBLISHED}"
            )
        found[member.name] = member.content
    return found


def source_name(paths: Sequence[Path], member: str) -> str:
    """Name a protocol file for messages: archive and member, or the path of a loose file."""
    for path in paths:
        if path.name == member:
            return shown(path)
    return shown(f"{paths[-1]}: {member}")


__all__ = [
    "MAX_PROTOCOL_BYTES",
    "Member",
    "normalise",
    "read_protocols",
    "source_name",
    "stream_members",
]

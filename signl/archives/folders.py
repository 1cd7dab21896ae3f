"""Members of an unpacked archive: the files of a folder."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from signl.archives.members import (
    MAX_MEMBER_BYTES,
    Member,
    Wanted,
    changed,
    check_count,
    check_size,
    is_foreign,
    refuse_kind,
    shown,
)
from signl.errors import ArchiveError

logger = logging.getLogger(__name__)

_MAX_DEPTH: Final = 32


def stream_folder(
    path: Path, is_wanted: Wanted, *, max_bytes: int = MAX_MEMBER_BYTES, top: str | None = None
) -> Iterator[Member]:
    """Yield the files below a folder, sorted by name within each folder.

    Names begin with ``top``, by default the folder's own name, as those of the archive it was
    unpacked from do. Symbolic links are followed: it is the user's own folder, and parts of it
    may lie on another disk. What is neither file nor folder, such as a link to nowhere, is
    passed over, unless it is wanted.

    Raises
    ------
    ArchiveError
        If what is wanted is neither file nor folder, or a link leads into its own parents.
    """
    odd: list[str] = []
    for n_members, (name, file) in enumerate(_walk(path, path.name if top is None else top, ())):
        check_count(n_members, path)
        if not file.is_file():
            if is_wanted(name):
                raise refuse_kind(name, _odd_kind(file), path)
            if not is_foreign(name):
                odd.append(name)
            continue
        size = file.stat().st_size
        if not is_wanted(name):
            yield Member(name, size, None)
            continue
        check_size(name, size, path, max_bytes)
        with file.open("rb") as handle:
            content = handle.read(size + 1)
        if len(content) != size:
            raise changed(file)
        yield Member(name, size, content)
    if odd:
        logger.warning(
            "%s: passed over %d links to nowhere, or other things that are neither files nor "
            "folders, first %r",
            shown(path),
            len(odd),
            odd[0],
        )


def _odd_kind(path: Path) -> str:
    """Say what it is that is neither file nor folder."""
    if path.is_symlink() and not path.exists():
        return "a link that leads nowhere: put the file in its place, or mend the link"
    return "neither a file nor a folder"


def _walk(
    folder: Path, name: str, parents: tuple[tuple[int, int], ...]
) -> Iterator[tuple[str, Path]]:
    """Yield names and paths of what lies below a folder and is no folder."""
    status = folder.stat()
    identity = (status.st_dev, status.st_ino)
    if identity in parents or len(parents) > _MAX_DEPTH:
        raise ArchiveError(
            f"{shown(folder)} is a link to a folder that it lies in, or lies deeper than any "
            "published one; remove it"
        )
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        text = os.fsencode(entry.name).decode("utf-8", "backslashreplace")
        member, path = f"{name}/{text}" if name else text, folder / entry.name
        if entry.is_dir() and not is_foreign(member):
            yield from _walk(path, member, (*parents, identity))
        else:
            yield member, path

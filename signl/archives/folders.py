"""Members of an unpacked archive: the files of a folder."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from signl.archives.members import (
    MAX_MEMBER_BYTES,
    Member,
    Wanted,
    check_count,
    check_size,
    damaged,
    refuse_kind,
)
from signl.errors import ArchiveError

_MAX_DEPTH: Final = 32


def stream_folder(
    path: Path, is_wanted: Wanted, *, max_bytes: int = MAX_MEMBER_BYTES
) -> Iterator[Member]:
    """Yield the files below a folder, sorted by name within each folder.

    Names begin with the folder's own, as those of the archive it was unpacked from do.
    Symbolic links are followed: it is the user's own folder, and parts of it may lie on
    another disk.

    Raises
    ------
    ArchiveError
        If there is something that is neither file nor folder, or a link into its own parents.
    """
    for n_members, (name, file) in enumerate(_walk(path, path.name, ())):
        check_count(n_members, path)
        size = file.stat().st_size
        if not is_wanted(name):
            yield Member(name, size, None)
            continue
        check_size(name, size, path, max_bytes)
        with file.open("rb") as handle:
            content = handle.read(size + 1)
        if len(content) != size:
            raise damaged(file, "changed while it was read")
        yield Member(name, size, content)


def _walk(
    folder: Path, name: str, parents: tuple[tuple[int, int], ...]
) -> Iterator[tuple[str, Path]]:
    """Yield names and paths of the files below a folder."""
    status = folder.stat()
    identity = (status.st_dev, status.st_ino)
    if identity in parents or len(parents) > _MAX_DEPTH:
        raise ArchiveError(
            f"{folder} is a link to a folder that it lies in, or lies deeper than any published "
            "one; remove it"
        )
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        text = os.fsencode(entry.name).decode("utf-8", "backslashreplace")
        member, path = f"{name}/{text}", folder / entry.name
        if entry.is_file():
            yield member, path
        elif entry.is_dir():
            yield from _walk(path, member, (*parents, identity))
        else:
            raise refuse_kind(member, "neither a file nor a folder", folder)

"""Write archives of given members: the same bytes for the same members."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, cast

from signl.artefacts import atomic_write

#: Time of all members: 1 January 2024, as ZIP and as seconds of the epoch.
ZIP_TIME = (2024, 1, 1, 0, 0, 0)
TAR_TIME_S = 1_704_067_200
#: Audio hardly shrinks further.
COMPRESSION_LEVEL = 1


def text_table(rows: Iterable[Iterable[object]], separator: str = " ") -> bytes:
    """Return rows as lines of separated fields, each line ended."""
    return "".join(separator.join(map(str, row)) + "\n" for row in rows).encode()


def folders_of(members: Iterable[str]) -> list[str]:
    """Return all folders above members, sorted, each ending in a slash."""
    folders = {f"{folder}/" for name in members for folder in Path(name).parents if folder.name}
    return sorted(folders)


def write_tar(path: Path, members: Mapping[str, bytes], *, folders: Iterable[str] = ()) -> None:
    """Write a tar, compressed where the name ends in ``.gz``.

    Parameters
    ----------
    path : Path
        The archive.
    members : Mapping of str to bytes
        Contents by member name, in the order of writing.
    folders : Iterable of str
        Folders that come first.
    """
    with atomic_write(path) as scratch, ExitStack() as stack:
        handle: IO[bytes] = stack.enter_context(scratch.open("wb"))
        if path.suffix == ".gz":
            handle = cast(
                "IO[bytes]",
                stack.enter_context(gzip.GzipFile("", "wb", COMPRESSION_LEVEL, handle, mtime=0)),
            )
        archive = stack.enter_context(
            tarfile.open(fileobj=handle, mode="w", format=tarfile.GNU_FORMAT)
        )
        for folder in folders:
            archive.addfile(_tar_entry(folder, kind=tarfile.DIRTYPE, mode=0o755))
        for name, content in members.items():
            entry = _tar_entry(name, kind=tarfile.REGTYPE, mode=0o644)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def _tar_entry(name: str, *, kind: bytes, mode: int) -> tarfile.TarInfo:
    """Return an entry that says nothing of who wrote it when."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = kind, mode, TAR_TIME_S
    return entry


def write_zip(path: Path, members: Mapping[str, bytes], *, zip64: bool = False) -> None:
    """Write a zip of members, in their order.

    Parameters
    ----------
    path : Path
        The archive.
    members : Mapping of str to bytes
        Contents by member name.
    zip64 : bool
        Give members the headers of archives beyond 4 GB.
    """
    with atomic_write(path) as scratch, zipfile.ZipFile(scratch, "w") as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # Unix
            entry._compresslevel = COMPRESSION_LEVEL  # type: ignore[attr-defined]
            with archive.open(entry, "w", force_zip64=zip64) as handle:
                handle.write(content)

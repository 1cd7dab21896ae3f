"""Files that are whole or absent: written beside their place, and renamed to it."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from signl.errors import ArtefactError

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def atomic_write(path: str | Path, *, is_synced: bool = False) -> Iterator[Path]:
    """Give a scratch path beside ``path``, renamed to it when the block ends well.

    When the block fails the scratch file is removed and ``path`` is as it was. The scratch
    file of a killed process is overwritten by the next attempt. That of one that still writes is
    locked: two would mix in one file, and go on writing to it after it has its name.

    Parameters
    ----------
    path : path
        The file.
    is_synced : bool
        Whether the block brings the scratch file to the disk itself, as one that writes many
        files does side by side.

    Raises
    ------
    ArtefactError
        If the disk is full, ``path`` is a folder, or another process is writing it.
    """
    path = Path(path)
    if path.is_dir():
        raise ArtefactError(f"{path} is a folder: name a file")
    scratch = path.with_name(f".{path.name}.part")
    lock: IO[Any] | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _locked(scratch, path)
        yield scratch
        if not is_synced:
            sync(scratch)
        scratch.replace(path)
        # What has this name from here on is another process's.
        lock.close()
        lock = None
    except Exception as error:
        if _is_disk_full(error, scratch):
            raise ArtefactError(
                f"no room on the disk for {path}; free some, and run the same command again"
            ) from error
        raise
    finally:
        if lock is not None:
            scratch.unlink(missing_ok=True)
            lock.close()


def sync(path: Path) -> None:
    """Wait until all that has been written to a file lies on the disk."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def _locked(scratch: Path, path: Path) -> IO[Any]:
    """Make the scratch file, empty, and lock it; where the disk knows no locks, it is not."""
    while True:
        handle = scratch.open("ab")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            raise ArtefactError(
                f"another process is writing {path}: wait for its end, or end it (a job may go on "
                "where its run was killed), and run the same command again"
            ) from None
        except OSError:
            pass
        if _is_at(handle, scratch):
            handle.truncate(0)
            return handle
        # It was renamed or removed before it was locked.
        handle.close()


def _is_at(handle: IO[Any], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _is_disk_full(error: Exception, scratch: Path) -> bool:
    """Tell whether a disk or a quota is full, also where a library says so in its own error."""
    by_code = isinstance(error, OSError) and error.errno in _FULL
    by_text = any(os.strerror(code) in str(error) for code in _FULL)
    # PyTorch says only that a position in the file is not what it should be.
    return by_code or by_text or (isinstance(error, RuntimeError) and not _can_grow(scratch))


def _can_grow(path: Path) -> bool:
    """Tell whether a disk takes a megabyte more."""
    try:
        with path.open("ab") as handle:
            handle.write(bytes(1 << 20))
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        return error.errno not in _FULL
    return True


def write_text(path: str | Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with atomic_write(path) as scratch:
        scratch.write_text(text, encoding="utf-8")

"""One training at a time in a folder: a second would overwrite the checkpoint of the first."""

import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from signl.errors import TrainingError

logger = logging.getLogger(__name__)

#: Its file, beside the history.
NAME: Final = ".training.lock"


@contextmanager
def only_training(path: Path) -> Iterator[None]:
    """Hold a lock while the block runs; it ends with the process, however that ends.

    Where the file system knows no locks, nothing is locked.

    Parameters
    ----------
    path : path
        The lock, a file; it is there while a training runs.

    Raises
    ------
    TrainingError
        If another training holds it; says which.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _locked(path)
    try:
        yield
    finally:
        # While it is held: whoever opened it meanwhile finds that it is gone.
        path.unlink(missing_ok=True)
        handle.close()


def _locked(path: Path) -> TextIO:
    """Open and lock the file that lies at ``path`` once it is locked."""
    while True:
        handle = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read(200).strip()
            handle.close()
            raise TrainingError(
                f"another training writes to {path.parent} ({holder or 'it does not say which'}); "
                "wait for its end, or end it, and run the same command again"
            ) from None
        except OSError as error:
            logger.info("%s cannot be locked (%s)", path, error)
            return handle
        if _lies_at(handle, path):
            break
        handle.close()
    handle.truncate(0)
    handle.write(f"process {os.getpid()} on {socket.gethostname()}\n")
    handle.flush()
    return handle


def _lies_at(handle: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False

"""A lock that lies with the results: one run at a time makes them, from wherever it is started.

Snakemake locks the folder that it is started in. Where two such folders have one folder of
results, by a link, it is the results that must be locked.
"""

import fcntl
import os
import re
import socket
from pathlib import Path
from typing import IO, Any, Final

from signl.errors import ConfigError

#: The lock's file, in the results; beside the logs, for as them it is none.
LOCK: Final = "logs/.lock"
#: Locks that this process holds, to its end, by their file.
_HELD: Final[dict[Path, IO[Any]]] = {}


def lock_results(folder: str | Path) -> None:
    """Lock a folder of results until this process ends, however it does.

    The system gives the lock up with the process, so that none is left of one that was killed.
    Where the folder cannot be written to, or its disk knows no locks, nothing is done.

    Parameters
    ----------
    folder : path
        The results; made, where they are not there.

    Raises
    ------
    ConfigError
        If another run has it; names that.
    """
    folder = Path(folder)
    try:
        path = folder.resolve() / LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        if path in _HELD:
            return
        handle = path.open("a+", encoding="utf-8")
    except OSError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        owner = handle.read(1000).strip() or "not known which"
        handle.close()
        raise ConfigError(
            f"another run is making the results in {folder.resolve()} ({owner}): wait for its "
            "end, or give this one results of its own"
        ) from None
    except OSError:
        handle.close()
        return
    _HELD[path] = handle
    _sign(handle)


def holder_of(path: str | Path) -> str | None:
    """Return what a lock's file says of the process that holds it; None, where none does.

    Nothing is locked for longer than it takes to see that it can be, and nothing at all where the
    file names a process of this machine that has ended.

    Parameters
    ----------
    path : path
        A lock of this module, or of :mod:`signl.training.lock`.
    """
    try:
        with Path(path).open(encoding="utf-8") as handle:
            owner = handle.read(1000).strip()
            if _has_ended(owner):
                return None
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return owner or "not known which"
    except OSError:
        return None
    return None


def _has_ended(owner: str) -> bool:
    """Tell whether a lock's file names a process of this machine that is no more."""
    found = re.match(r"process (\d+) on (\S+?),?(\s|$)", owner)
    if found is None or found[2] != socket.gethostname():
        return False
    try:
        os.kill(int(found[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _sign(handle: IO[Any]) -> None:
    """Write into a lock whose it is; on a full disk it is held without."""
    try:
        handle.truncate(0)
        handle.write(f"process {os.getpid()} on {socket.gethostname()}, started in {Path.cwd()}\n")
        handle.flush()
    except OSError:
        pass

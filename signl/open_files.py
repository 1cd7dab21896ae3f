"""How many files a process may have open, where a job has hundreds of shards."""

import resource
from collections.abc import Hashable, MutableMapping
from typing import Final, TypeVar

from signl.errors import ConfigError

Key = TypeVar("Key", bound=Hashable)
Opened = TypeVar("Opened")

#: Files that a process has open besides its shards: libraries, logs, pipes.
_OTHERS: Final = 40


def room_for_files() -> int:
    """Return how many shards this process may have open; one at the least."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, soft - _OTHERS) if soft != resource.RLIM_INFINITY else 1 << 20


def keep_open(opened: MutableMapping[Key, Opened], key: Key, file: Opened) -> Opened:
    """Put a file among those that are open, in place of the oldest where there is no more room."""
    while len(opened) >= room_for_files():
        opened.pop(next(iter(opened)))
    opened[key] = file
    return file


def check_room(n_files: int, what: str) -> None:
    """Refuse work that takes more open files than a process may have.

    Raises
    ------
    ConfigError
        Says how many it takes, how many are allowed, and the cure.
    """
    room = room_for_files()
    if n_files > room:
        raise ConfigError(
            f"{what} writes {n_files} shards side by side, and this system lets a process have "
            f"{room + _OTHERS} files open: say ulimit -n {n_files + _OTHERS} before the run, or "
            "lower the number of its shards in the configuration (corpora.CORPUS.shards)"
        )

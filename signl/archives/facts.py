"""What is known of archives without reading them, and what was read of them: for headers.

This module is imported when a workflow is parsed and imports nothing heavy.
"""

import hashlib
import json
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from signl.archives.members import changed
from signl.errors import ArchiveError

#: Folders directly below an unpacked archive whose dates are looked at.
_MAX_SUBFOLDERS: Final = 1000
#: Files up to this size, such as protocols, are told apart by what they hold, not by their date.
SMALL_BYTES: Final = 1_000_000
#: Bytes that are handed over to be hashed at a time; twice as much again is held while they are.
_HASHED_BYTES: Final = 4 << 20
_MARK: Final = b'{"archives": '


def archive_facts(paths: Iterable[str | Path]) -> list[dict[str, Any]]:
    """Return of each file of an archive its ``path`` as given, ``size`` and ``mtime_ns``.

    Of a small file its ``digest`` too.

    Of a folder the size is 0, and the date the latest of its own and of those directly in it.

    Raises
    ------
    ArchiveError
        If a file is missing or cannot be looked at.
    """
    return [_facts(Path(path)) for path in paths]


def _digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _facts(path: Path) -> dict[str, Any]:
    try:
        status = path.stat()
        if not path.is_dir():
            facts = {"path": str(path), "size": status.st_size, "mtime_ns": status.st_mtime_ns}
            return facts | ({"digest": _digest(path)} if status.st_size <= SMALL_BYTES else {})
        dates = [status.st_mtime_ns, *_dates_below(path)]
        return {"path": str(path), "size": 0, "mtime_ns": max(dates)}
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read ({error.strerror or error})") from error


def _dates_below(folder: Path) -> Iterator[int]:
    """Yield the dates of the folders directly in a folder, if it has few entries."""
    with os.scandir(folder) as entries:
        for number, entry in enumerate(entries):
            if number == _MAX_SUBFOLDERS:
                return
            if entry.is_dir():
                yield entry.stat().st_mtime_ns


class Witness:
    """Takes note of what is read of archives.

    Attributes
    ----------
    archives : list of dict
        :func:`archive_facts` from before the reading.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self.archives = archive_facts(paths)
        self._hasher = hashlib.blake2b(digest_size=16)
        # Digests take half the time of a pack, and a thread takes them while more is read.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="witness")
        self._hashing: Future[None] | None = None
        self._pending: list[bytes] = []
        self._n_pending_bytes = 0

    def add(self, name: str, content: bytes = b"") -> None:
        """Take note of a member, in the order of reading."""
        head = f"{len(name)} {len(content)} {name}\n".encode(errors="replace")
        self._pending += [head, content]
        self._n_pending_bytes += len(head) + len(content)
        if self._n_pending_bytes >= _HASHED_BYTES:
            self._hash_pending()

    def _hash_pending(self) -> None:
        """Have what waits hashed, once what was handed over before has been."""
        if self._hashing is not None:
            self._hashing.result()
        self._hashing = self._pool.submit(self._hash, self._pending)
        self._pending, self._n_pending_bytes = [], 0

    def _hash(self, pieces: Sequence[bytes]) -> None:
        # Joined: each update takes the interpreter's lock, and waits for it longer than it hashes.
        is_joined = sum(map(len, pieces)) <= 2 * _HASHED_BYTES
        for piece in [b"".join(pieces)] if is_joined else pieces:
            self._hasher.update(piece)

    @property
    def digest(self) -> str:
        """Digest of all that has been noted."""
        self._hash_pending()
        assert self._hashing is not None
        self._hashing.result()
        return self._hasher.hexdigest()

    @property
    def header(self) -> dict[str, Any]:
        """What a header says of it: ``archives`` and ``digest``."""
        return {"archives": self.archives, "digest": self.digest}


@contextmanager
def witnessing(paths: Sequence[str | Path]) -> Iterator[Witness]:
    """Give a :class:`Witness` of a reading; archives must stay as they are until its end.

    Raises
    ------
    ArchiveError
        Names the file that was changed or replaced meanwhile.
    """
    witness = Witness(paths)
    inodes = [os.stat(path).st_ino for path in paths]  # noqa: PTH116
    yield witness
    after = archive_facts(paths)
    for path, before, now, inode in zip(paths, witness.archives, after, inodes, strict=True):
        # A folder has another date as soon as its window is opened.
        is_same = Path(path).is_dir() or before == now
        if not is_same or Path(path).stat().st_ino != inode:
            raise changed(path, "was changed or replaced while it was read")


def recorded_header(path: str | Path) -> dict[str, Any] | None:
    """Return the header of a table that says of which archives it was made; None without one.

    Reads the footer alone, and trusts it: readers of the table check its seal.
    """
    with Path(path).open("rb") as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, size - 8))
        tail = handle.read()
        if len(tail) < 8 or tail[4:] != b"PAR1":
            return None
        (n_bytes,) = struct.unpack("<I", tail[:4])
        handle.seek(max(0, size - 8 - n_bytes))
        footer = handle.read(n_bytes)
    begin = footer.find(_MARK)
    if begin < 0:
        return None
    try:
        header: dict[str, Any] = json.JSONDecoder().raw_decode(
            footer[begin:].decode("ascii", "replace")
        )[0]
    except ValueError:
        return None
    return header

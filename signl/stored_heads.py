"""The heads of results that lie in an object store: what their headers say, without their data.

A run compares headers with its configuration (:mod:`signl.staleness`). Those of stored results are
copied into a local folder, each in a file of the same name that holds the head of the stored one
and nothing else, and as old as that: it is not copied again before the stored one changes.
"""

import copy
import os
import struct
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from signl.jobs import Job
from signl.whole_files import atomic_write

#: Read at first: most footers and headers are shorter.
_FIRST_BYTES: Final = 1 << 16
#: Where a store gives whole files only, those up to this size are looked at.
_MAX_WHOLE_BYTES: Final = 4_000_000
#: As many as boto3 has connections.
_AT_A_TIME: Final = 10
_PARQUET: Final = b"PAR1"

#: Gives the bytes of a stored file from one place to another.
Reader = Callable[[int, int], bytes]


def _s3_part(stored: Any, start: int, stop: int) -> bytes:  # noqa: ANN401
    """Read a part of an object of ``snakemake-storage-plugin-s3``."""
    part = stored.provider.s3c.meta.client.get_object(
        Bucket=stored.bucket, Key=stored.key, Range=f"bytes={start}-{stop - 1}"
    )
    content: bytes = part["Body"].read()
    return content


#: Package of a storage plugin -> how a part of its objects is read: plugins share no way to do so.
PARTS: Final[Mapping[str, Callable[[Any, int, int], bytes]]] = {
    "snakemake_storage_plugin_s3": _s3_part,
}


@dataclass(frozen=True)
class StoredFile:
    """A file in an object store.

    Attributes
    ----------
    place : str
        Its path as the workflow knows it, ``results/...``.
    size : int
        Its bytes.
    mtime : float
        Its date, in seconds.
    stored : object
        Snakemake's storage object.
    """

    place: str
    size: int
    mtime: float
    stored: Any

    @property
    def part_reader(self) -> Reader | None:
        """What reads a part of it; nothing, where its plugin gives whole files only."""
        read = PARTS.get(type(self.stored).__module__.partition(".")[0])
        return partial(read, self.stored) if read else None

    @property
    def is_in_reach(self) -> bool:
        """Whether its head can be read without much that does not belong to it."""
        return self.part_reader is not None or self.size <= _MAX_WHOLE_BYTES

    def head(self) -> bytes:
        """Return its head, as a file of the same kind without data; of small kinds, all of it."""
        read, size = self.part_reader or self._whole(), self.size
        if self.place.endswith(".parquet"):
            return _table_head(read, size)
        if self.place.endswith(".safetensors"):
            return _tensors_head(read, size)
        return read(0, size) if size and self.place.endswith((".json", ".csv")) else b""

    def _whole(self) -> Reader:
        """Retrieve it, as its plugin does, but to a place of its own, and give what reads it."""
        with TemporaryDirectory() as folder:
            own = copy.copy(self.stored)
            own.set_local_path(Path(folder, "file"))
            own.retrieve_object()
            content = own.local_path().read_bytes()
        return lambda start, stop: content[start:stop]


def _table_head(read: Reader, size: int) -> bytes:
    """Return a Parquet file's mark and footer."""
    begin = max(0, size - _FIRST_BYTES)
    end = read(begin, size) if size else b""
    if len(end) < 8:
        return end
    n_bytes = 8 + int(struct.unpack("<I", end[-8:-4])[0])
    if len(end) < n_bytes <= size:
        end = read(size - n_bytes, size)
    return _PARQUET + end[-n_bytes:]


def _tensors_head(read: Reader, size: int) -> bytes:
    """Return a safetensors file's header and the length before it."""
    begin = read(0, min(size, _FIRST_BYTES)) if size else b""
    if len(begin) < 8:
        return begin
    n_bytes = 8 + int(struct.unpack("<Q", begin[:8])[0])
    if len(begin) < n_bytes <= size:
        begin = read(0, n_bytes)
    return begin[:n_bytes]


def copy_heads(files: Iterable[StoredFile], folder: str | Path) -> list[str]:
    """Copy the heads of stored files into a folder, those that have changed since the last time.

    Parameters
    ----------
    files : iterable of StoredFile
        All that are in the store, of those that are asked about.
    folder : path
        Where they are kept, under the places of the files.

    Returns
    -------
    list of str
        Places of files that are too large to be retrieved whole from a store that knows no other
        way.
    """
    out_of_reach = []
    changed = []
    for each in files:
        if not each.is_in_reach:
            out_of_reach.append(each.place)
            Path(folder, each.place).unlink(missing_ok=True)
        elif not _is_copied(each, Path(folder, each.place)):
            changed.append(each)
    # Of other plugins it is not known whether they may be asked from several threads.
    n_workers = _AT_A_TIME if all(each.part_reader for each in changed) else 1
    with ThreadPoolExecutor(n_workers) as pool:
        for _ in pool.map(partial(_copy_head, folder=Path(folder)), changed):
            pass
    return out_of_reach


def told_unseen(jobs: Iterable[Job], out_of_reach: Iterable[str]) -> str:
    """Return what a run says of jobs whose outputs are all out of reach; nothing, if none are."""
    places = set(out_of_reach)
    unseen = [job.outputs[0] for job in jobs if job.outputs and places.issuperset(job.outputs)]
    if not unseen:
        return ""
    more = f" and {len(unseen) - 1:,} others" if len(unseen) > 1 else ""
    return (
        f"Not compared with this configuration: {unseen[0]}{more}, for their store gives whole "
        f"files only, and they have over {_MAX_WHOLE_BYTES // 10**6} MB; force what depends on an "
        "option or an archive that was changed (--forcerun)"
    )


def _is_copied(file: StoredFile, path: Path) -> bool:
    try:
        return abs(path.stat().st_mtime - file.mtime) < 1e-3
    except FileNotFoundError:
        return False


def _copy_head(file: StoredFile, folder: Path) -> None:
    path = folder / file.place
    with atomic_write(path) as scratch:
        scratch.write_bytes(file.head())
    os.utime(path, (file.mtime, file.mtime))

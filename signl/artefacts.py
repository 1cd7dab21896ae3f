"""Files that this package writes: whole or absent, and knowing what made them.

A table is Parquet, tensors are safetensors. Both carry a header, ``made_by``, of the stage
that made them, its revision (see :mod:`signl.revisions`) and its options; readers check it.
"""

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from signl.errors import ArtefactError

HEADER = "signl"
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Give a scratch path beside ``path``, renamed to it when the block ends well.

    When the block fails the scratch file is removed and ``path`` is as it was. The scratch
    file of a killed process is overwritten by the next attempt.

    Raises
    ------
    ArtefactError
        If the disk is full.
    """
    path = Path(path)
    scratch = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield scratch
        with scratch.open("rb") as handle:
            os.fsync(handle.fileno())
        scratch.replace(path)
    except Exception as error:
        if _is_disk_full(error, scratch):
            raise ArtefactError(
                f"no room on the disk for {path}; free some, and run the same command again"
            ) from error
        raise
    finally:
        scratch.unlink(missing_ok=True)


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


@dataclass(frozen=True, kw_only=True)
class MadeBy:
    """What made an artefact.

    Attributes
    ----------
    stage : str
        Name of the rule, for example ``extract_features``.
    revision : int
        The stage's number in :mod:`signl.revisions` when the artefact was made.
    options : Mapping
        Options of the stage; anything JSON can hold.
    """

    stage: str
    revision: int
    options: Mapping[str, Any]

    def to_json(self) -> str:
        """Return the header's text, the same for equal contents."""
        content = {"stage": self.stage, "revision": self.revision, "options": dict(self.options)}
        return json.dumps(content, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a header's text."""
        return cls(**json.loads(text))


def check_made_by(found: MadeBy, path: str | Path, *, stage: str, revision: int) -> None:
    """Refuse an artefact that another stage, or another revision of it, has made.

    Raises
    ------
    ArtefactError
        Names the file, what made it, what was expected and how to make it anew.
    """
    if (found.stage, found.revision) != (stage, revision):
        raise ArtefactError(
            f"{path} was made by {found.stage} revision {found.revision}, expected {stage} "
            f"revision {revision}; delete it and run the same snakemake command again"
        )


def write_table(path: str | Path, table: pa.Table, made_by: MadeBy) -> None:
    """Write a Parquet table with its header."""
    metadata = {**(table.schema.metadata or {}), HEADER.encode(): made_by.to_json().encode()}
    with atomic_write(path) as scratch:
        pq.write_table(table.replace_schema_metadata(metadata), scratch, compression="zstd")


def table_made_by(path: str | Path) -> MadeBy:
    """Return the header of a Parquet table.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ArtefactError
        If it is damaged or has no header.
    """
    try:
        metadata = pq.read_schema(path).metadata or {}
        return MadeBy.from_json(metadata[HEADER.encode()])
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise ArtefactError(
            f"{path} is not a whole table of this project ({error}); "
            f"delete it and run the same snakemake command again"
        ) from error


def read_table(
    path: str | Path,
    *,
    stage: str,
    revision: int,
    columns: list[str] | None = None,
) -> pa.Table:
    """Read a Parquet table that ``stage`` made at ``revision``.

    Parameters
    ----------
    path : path
        The file.
    stage, revision : str, int
        What must have made it.
    columns : list of str, optional
        Read these alone.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    """
    check_made_by(table_made_by(path), path, stage=stage, revision=revision)
    try:
        return pq.read_table(path, columns=columns, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        raise ArtefactError(
            f"{path} is damaged ({error}); delete it and run the same snakemake command again"
        ) from error

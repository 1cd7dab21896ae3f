"""Whether the artefacts that are there are those that the present configuration would make.

Snakemake's own records say with which parameters a file was made; results that were copied, or
come from an object store, are without them, and an archive that is replaced by one of an older date
escapes them. Each artefact's header says the same, and stays with it. An ordinary run therefore
compares the headers with its jobs when it is planned, and makes anew what differs.
"""

import json
import os
import struct
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from signl.archives.facts import archive_facts, recorded_header
from signl.artefacts import HEADER, MadeBy, open_document, table_made_by
from signl.errors import ArtefactError
from signl.jobs import Job
from signl.models.own_code import own_kinds
from signl.typed import Options

_WORDS: Final = {"digest": "a digest", "mtime_ns": "a date"}


class Stale(NamedTuple):
    """An artefact that was made with something else than it would be made with now."""

    path: str
    reason: str


def stale_artefacts(
    jobs: Iterable[Job], *, root: str | Path = ".", only: Container[str] | None = None
) -> Iterator[Stale]:
    """Yield the artefacts that are there and that their jobs would now make otherwise.

    A file that is damaged is not among them: whoever reads it says so.

    Parameters
    ----------
    jobs : iterable of Job
        What would be made.
    root : path
        The folder in which the results folder lies.
    only : container of str, optional
        Look at these outputs alone.
    """
    for job in jobs:
        for path in job.outputs:
            if only is not None and path not in only:
                continue
            if reason := _reason_of(job, Path(root, path), Path(root)):
                yield Stale(path, reason)


def _reason_of(job: Job, path: Path, root: Path) -> str:
    """Say in what an artefact differs from what its job would make; nothing, if in nothing."""
    if job.rows and path.is_file():
        return _compare_rows(path, job.rows, root)
    made_by = header_of(path)
    if made_by is None:
        return ""
    reason = _reason(job, made_by)
    if not reason and job.archives:
        recorded = recorded_header(path) or {}
        reason = _compare_archives(job.archives, recorded.get("archives", []))
    return reason


def _compare_rows(table: Path, rows: Sequence[str], root: Path) -> str:
    """Compare the rows of a table without a header with what they would be made of."""
    missing = [row for row in rows if not (root / row).exists()]
    if missing:
        return f"made without {missing[0]}"
    n_rows = max(0, len(table.read_text(encoding="utf-8", errors="replace").splitlines()) - 1)
    return _difference("number of rows", n_rows, len(rows)) if n_rows != len(rows) else ""


def header_of(path: str | Path) -> MadeBy | None:
    """Return what made an artefact; nothing, where it is not there, damaged, or has no header."""
    path = Path(path)
    try:
        if path.suffix == ".parquet":
            return table_made_by(path)
        if path.suffix == ".safetensors":
            return _tensors_made_by(path)
        if path.suffix == ".json":
            made_by: MadeBy = open_document(path)["made_by"]
            return made_by
    except (OSError, ArtefactError, ValueError, KeyError, TypeError, struct.error):
        return None
    return None


def _tensors_made_by(path: Path) -> MadeBy:
    """Read the header of a safetensors file alone."""
    with path.open("rb") as handle:
        (n_bytes,) = struct.unpack("<Q", handle.read(8))
        if n_bytes > path.stat().st_size:
            raise ValueError("its header is longer than the file")
        head = json.loads(handle.read(n_bytes))
    return MadeBy.from_json(head["__metadata__"][HEADER])


def _reason(job: Job, made_by: MadeBy) -> str:
    """Say in what an artefact differs from what its job would make; nothing, if in nothing."""
    stage = job.stage
    if made_by.revision != stage.revision:
        return f"revision {made_by.revision} of {made_by.stage}, now {stage.revision}"
    for key, value in job.also.items():
        if made_by.options.get(key, value) != value:
            return _difference(key, made_by.options[key], value)
    if job.options is not None and (reason := _compare(job.options, made_by.options)):
        return reason
    return ""


def _compare(options: Options, found: Mapping[str, Any]) -> str:
    """Compare options with those of a header; what that does not say had its default."""
    kind = type(options)
    known = {key: value for key, value in found.items() if key in kind.model_fields}
    now = options.dump()
    if not own_kinds(known) <= own_kinds(now):
        # Code is imported that the configuration names, not what a header may ask for.
        return next(_differences(known, now), "")
    try:
        made_with = kind.model_validate(known)
    except ValidationError as error:
        return f"options that are no longer known ({error.error_count()} of them)"
    if made_with == options:
        return ""
    return next(_differences(made_with.dump(), now), "")


def _differences(one: object, other: object, place: str = "") -> Iterator[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted({*one, *other}):
            where = f"{place}.{key}" if place else key
            yield from _differences(one.get(key), other.get(key), where)
    elif one != other:
        yield _difference(place, one, other)


def _difference(key: str, was: object, now: object) -> str:
    if isinstance(was, list) and isinstance(now, list):
        lost, new = [x for x in was if x not in now], [x for x in now if x not in was]
        return f"{key}: {len(lost)} of them are gone and {len(new)} are new, {[*new, *lost][:1]}"
    return f"{key} was {was!r}, now {now!r}"


def _compare_archives(paths: Iterable[str], recorded: Iterable[Mapping[str, Any]]) -> str:
    """Compare archives with what was noted of them when they were read."""
    present = [path for path in paths if Path(path).exists()]
    if not present or not recorded:
        return ""
    # Where a name has braces the archive is reached by a link.
    now = {os.path.realpath(each["path"]): each for each in archive_facts(present)}
    was = {os.path.realpath(each["path"]): each for each in recorded}
    if now.keys() != was.keys():
        return f"made of {sorted(was)}, now there are {sorted(now)}"
    for path, facts in now.items():
        # What a small file holds says more than its date.
        by = "digest" if "digest" in facts and "digest" in was[path] else "mtime_ns"
        for key, what in (("size", "bytes"), (by, _WORDS[by])):
            if facts[key] != was[path][key]:
                return f"{path} had {what} of {was[path][key]}, now {facts[key]}"
    return ""


def told(stale: Sequence[Stale]) -> str:
    """Return what a run says of artefacts that it makes anew."""
    more = f"; and {len(stale) - 1:,} others" if len(stale) > 1 else ""
    return (
        f"Made anew, for it was made otherwise than this configuration asks: {stale[0].path}: "
        f"{stale[0].reason}{more}"
    )

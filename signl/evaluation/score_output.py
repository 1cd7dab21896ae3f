"""Scores of files as lines of text, CSV, JSON and Parquet, written row by row."""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from signl.artefacts import atomic_write
from signl.errors import ConfigError
from signl.evaluation.score_files import Row
from signl.logs import printable
from signl.spreadsheets import inert

SCHEMA: Final = pa.schema(
    [
        ("file", pa.string()),
        ("begin_s", pa.float64()),
        ("end_s", pa.float64()),
        ("score", pa.float64()),
        ("llr", pa.float64()),
        ("threshold", pa.float64()),
        ("verdict", pa.string()),
        ("reason", pa.string()),
    ]
)
STDOUT: Final = "-"
#: Rows of a row group.
_GROUP: Final = 10_000

Write = Callable[[Row], None]


def fields_of(row: Row) -> dict[str, Any]:
    """Return the values of a row by the names of :data:`SCHEMA`."""
    values = {"file": _name(row.file), **row.score._asdict()}
    return {name: values[name] for name in SCHEMA.names}


def line_of(row: Row) -> str:
    """Return a row as a line for people, whose parts are separated by tabs."""
    score, parts = row.score, [_name(row.file)]
    if score.begin_s is not None and score.end_s is not None:
        parts.append(f"{score.begin_s:.2f}-{score.end_s:.2f} s")
    if score.score is not None:
        parts.append(f"score {score.score:.4f}")
    if score.llr is not None:
        parts.append(f"llr {score.llr:+.3f}")
    if score.threshold is not None:
        parts.append(f"threshold {score.threshold:.4f}")
    parts.append(score.verdict if score.reason is None else f"{score.verdict}: {score.reason}")
    return "\t".join(printable(part).replace("\t", " ").replace("\n", " ") for part in parts)


def _name(file: str) -> str:
    """Return the name of a file in Unicode; bytes that are none stand as escapes."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")


@contextmanager
def writing(outputs: Mapping[str, str | Path | None]) -> Iterator[Write]:
    """Give what writes a row to all outputs; files appear whole, when the block ends well.

    Parameters
    ----------
    outputs : Mapping
        ``csv``, ``json`` (an object a line) and ``parquet``, each to a path, or None. ``-`` is
        standard output, for the first two. Without any, lines for people go there.

    Raises
    ------
    ConfigError
        If Parquet is to go to standard output, or two outputs to the same place.
    """
    given = {form: str(path) for form, path in outputs.items() if path is not None}
    if given.get("parquet") == STDOUT:
        raise ConfigError("--parquet -: Parquet is no text; name a file")
    if len(set(given.values())) < len(given):
        raise ConfigError(f"two outputs to the same place: {given}; name a file for each")
    with ExitStack() as stack:
        writers = [stack.enter_context(_WRITERS[form](path)) for form, path in given.items()]
        writers = writers or [_write_line]

        def write(row: Row) -> None:
            for each in writers:
                each(row)

        yield write


def _write_line(row: Row) -> None:
    sys.stdout.write(line_of(row) + "\n")


@contextmanager
def _text(path: str) -> Iterator[IO[str]]:
    """Open a text file to be written, whole or not at all; or standard output."""
    if path == STDOUT:
        yield sys.stdout
        return
    with atomic_write(path) as scratch, scratch.open("w", encoding="utf-8", newline="") as handle:
        yield handle


@contextmanager
def _csv(path: str) -> Iterator[Write]:
    with _text(path) as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(SCHEMA.names)

        def write(row: Row) -> None:
            values = fields_of(row).values()
            writer.writerow(inert(each) if isinstance(each, str) else each for each in values)

        yield write


@contextmanager
def _json(path: str) -> Iterator[Write]:
    with _text(path) as handle:
        yield lambda row: print(json.dumps(fields_of(row), allow_nan=False), file=handle)


@contextmanager
def _parquet(path: str) -> Iterator[Write]:
    rows: list[dict[str, Any]] = []
    with atomic_write(path) as scratch, pq.ParquetWriter(scratch, SCHEMA) as writer:

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
            rows.clear()

        def write(row: Row) -> None:
            rows.append(fields_of(row))
            if len(rows) == _GROUP:
                flush()

        yield write
        flush()


_WRITERS: Final = {"csv": _csv, "json": _json, "parquet": _parquet}

"""Tables of results as text for the terminal: compact where they are wide, else in columns."""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from signl.artefacts import table_made_by
from signl.augmentation.perturbed_names import perturbed
from signl.errors import ArtefactError
from signl.evaluation.collecting import STAGE, read_collected
from signl.evaluation.tables import COLUMNS

# Columns of the compact text of tables over seeds.
_COMPACT_COLUMNS: Final = (
    *("recipe", "train", "evaluate on", "labels %", "seeds", "trials"),
    *("EER %", "minDCF", "published EER %"),
)
_NUMBER: Final = re.compile(r"-?|[\d,.]+( ± [\d.]+)?|[-+]?[\d.]+(e[-+]?\d+)?")


def format_table(path: str | Path) -> str:
    """Return a table of results as text of fixed width.

    Parameters
    ----------
    path : path
        A CSV file with a header, or a Parquet file of the rule ``collect_metrics``. The tables in
        and across domains have more columns than a terminal: of them the first figures are given.

    Raises
    ------
    ArtefactError
        If the file is neither; says what it is.
    FileNotFoundError
        If there is no such file.
    """
    path = Path(path)
    header, *rows = _collected(path) if path.suffix == ".parquet" else _csv_lines(path)
    if tuple(header) == COLUMNS:
        rows = [_compact(dict(zip(header, row, strict=True))) for row in rows]
        header = [*_COMPACT_COLUMNS]
    return _aligned(header, rows)


def _csv_lines(path: Path) -> list[list[str]]:
    """Return the lines of a CSV file, all of one length."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            lines = [line for line in reader if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ArtefactError(f"{path} is no table in CSV: {error}") from error
    if not lines:
        raise ArtefactError(f"{path} is empty: a table has a header")
    for number, line in enumerate(lines, start=1):
        if len(line) != len(lines[0]):
            raise ArtefactError(
                f"{path} is no table: row {number} has {len(line)} columns, its header has "
                f"{len(lines[0])}"
            )
    return lines


def _collected(path: Path) -> list[list[str]]:
    """Return header and rows of a table that holds numbers, as text."""
    made_by = table_made_by(path)
    if made_by.stage != STAGE:
        raise ArtefactError(
            f"{path} was made by {made_by.stage}, and is no table of results; allowed are CSV "
            "files, metrics.parquet and breakdown.parquet"
        )
    table = read_collected(path)
    rows = [[_text(value) for value in row.values()] for row in table.to_pylist()]
    return [list(table.column_names), *rows]


def _text(value: object) -> str:
    """Return a value as text: nothing for null, six digits of a fraction."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return columns of fixed width, those of numbers flush right."""
    lines = [[_printable(cell) for cell in line] for line in (header, *rows)]
    columns = list(zip(*lines, strict=True))
    widths = [max(map(len, column)) for column in columns]
    sides = [">" if all(map(_NUMBER.fullmatch, column[1:])) else "<" for column in columns]
    layout = "  ".join(f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True))
    return "".join(layout.format(*line).rstrip() + "\n" for line in lines)


def _printable(text: str) -> str:
    """Return text without what would move a cursor or colour a terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _compact(row: Mapping[str, str]) -> list[str]:
    """Return the cells of a line of the compact text."""
    return [
        row["recipe"],
        row["train_corpus"],
        f"{perturbed(row['eval_corpus'], row.get('perturbation', ''))} ({row['protocol']})",
        row["label_percent"],
        row["n_seeds"],
        f"{int(row['n_bonafide']) + int(row['n_spoof']):,}",
        _mean_and_deviation(row["eer_mean"], row["eer_std"], digits=2),
        _mean_and_deviation(row["min_dcf_mean"], row["min_dcf_std"], digits=3),
        _mean_and_deviation(row["published_eer_mean"], row["published_eer_std"], digits=2),
    ]


def _mean_and_deviation(mean: str, deviation: str, *, digits: int) -> str:
    """Return ``mean ± deviation``, without what is empty."""
    if not mean:
        return "-"
    text = f"{float(mean):.{digits}f}"
    return f"{text} ± {float(deviation):.{digits}f}" if deviation else text

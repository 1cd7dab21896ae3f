"""Tables of results as text: which columns and rows, and which of them are the best."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from signl.artefacts import table_made_by
from signl.augmentation.perturbed_names import perturbed
from signl.errors import ArtefactError
from signl.evaluation.collected import STAGE, read_collected
from signl.evaluation.table_forms import FORMS, Form, Lines
from signl.evaluation.tables import COLUMNS, PERTURBED

# Columns of the compact text of tables over seeds.
_COMPACT_COLUMNS: Final = (
    *("recipe", "train", "evaluate on", "labels %", "seeds", "trials"),
    *("EER %", "minDCF", "published EER %"),
)
#: The compact column whose smallest figure is the best, and those that say of which rows.
_BEST: Final = "EER %"
_RIVALS: Final = ("train", "evaluate on", "labels %", "trials")


def format_table(path: str | Path, form: Form = "text", *, columns: Sequence[str] = ()) -> str:
    """Return a table of results as text.

    Parameters
    ----------
    path : path
        A CSV file with a header, or a Parquet file of the rule ``collect_metrics``. The tables in
        and across domains have more columns than a terminal: of them the first figures are given.
    form : {"text", "markdown", "latex", "csv"}
        Columns of fixed width, or a table of a language. LaTeX's wants the package booktabs. In
        Markdown and LaTeX the smallest mean EER of the rows that compare, those of one training
        corpus, protocol and label percent, is bold where there is more than one.
    columns : sequence of str
        The columns, in this order, as the file names them; none: those said above.

    Raises
    ------
    ArtefactError
        If the file is neither, or has no such column; says what it is, or which it has.
    FileNotFoundError
        If there is no such file.
    """
    path = Path(path)
    header, *rows = _collected(path) if path.suffix == ".parquet" else _csv_lines(path)
    best: set[int] = set()
    if columns:
        header, rows = _chosen(path, header, rows, columns)
    elif tuple(header) in (COLUMNS, (*COLUMNS, PERTURBED)):
        rows = [_compact(dict(zip(header, row, strict=True))) for row in rows]
        header = [*_COMPACT_COLUMNS]
        best = _best_of(header, rows)
    return FORMS[form](Lines(header, rows, best, header.index(_BEST) if best else 0))


def _chosen(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], columns: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    """Return header and rows with some columns alone."""
    if unknown := [name for name in columns if name not in header]:
        raise ArtefactError(f"{path} has no column {unknown[0]!r}; allowed are {', '.join(header)}")
    places = [header.index(name) for name in columns]
    return [*columns], [[row[place] for place in places] for row in rows]


def _best_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> set[int]:
    """Return the numbers of the rows whose EER is the smallest of those that compare."""
    of_rivals: dict[tuple[str, ...], list[tuple[float, int]]] = {}
    for number, row in enumerate(rows):
        cells = dict(zip(header, row, strict=True))
        if cells[_BEST] != "-":
            rivals = of_rivals.setdefault(tuple(cells[name] for name in _RIVALS), [])
            rivals.append((float(cells[_BEST].split()[0]), number))
    several = [rivals for rivals in of_rivals.values() if len(rivals) > 1]
    return {number for rivals in several for eer, number in rivals if eer == min(rivals)[0]}


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

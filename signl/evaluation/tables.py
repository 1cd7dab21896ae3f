"""Rules ``tabulate`` and ``tabulate_breakdown``: means over seeds, of cells and of their parts.

Error rates (EER, miss, false alarm, HTER) are in percent in these tables, as in the paper.
Deviations are those of a sample (divisor n - 1) and empty for a single seed. Rows are sorted by
recipe, training corpus, evaluation corpus, protocol, label percent and front-end, whatever the
order of the inputs.
"""

import csv
import io
import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from signl.artefacts import write_text
from signl.errors import ConfigError, ScoreError
from signl.evaluation.cells import Cell
from signl.evaluation.measure import read_metrics
from signl.evaluation.published import PublishedSystem, published_eer, systems_of

COLUMNS = (
    "recipe",
    "frontend",
    "train_corpus",
    "eval_corpus",
    "protocol",
    "label_percent",
    "n_seeds",
    "n_bonafide",
    "n_spoof",
    "eer_mean",
    "eer_std",
    "min_dcf_mean",
    "min_dcf_std",
    "act_dcf_mean",
    "cllr_mean",
    "calibrated_act_dcf_mean",
    "calibrated_cllr_mean",
    "transfer_miss_mean",
    "transfer_false_alarm_mean",
    "transfer_hter_mean",
    "dev_eer_mean",
    "n_dev_remarks",
    "published_eer_mean",
    "published_eer_std",
)

#: Columns of the breakdown; ``part`` is one of :data:`PARTS`, ``name`` an attack or a codec.
BREAKDOWN_COLUMNS = (
    *("recipe", "frontend", "train_corpus", "eval_corpus", "protocol", "label_percent"),
    *("part", "name", "n_seeds", "n_bonafide", "n_spoof", "eer_mean", "eer_std"),
)
#: What a breakdown is by -> where the metrics hold it.
PARTS = {"attack": "attacks", "codec": "codecs"}
# Measures that hang on the development scores.
_CALIBRATED = ("act_dcf", "cllr")
_TRANSFER = ("miss", "false_alarm", "hter")

# Columns of the compact text, and the side to which they are flush.
_TEXT_COLUMNS = {
    "recipe": "<",
    "train": "<",
    "evaluate on": "<",
    "labels %": ">",
    "seeds": ">",
    "trials": ">",
    "EER %": ">",
    "minDCF": ">",
    "published EER %": ">",
}


class _Result(NamedTuple):
    """The metrics of one classifier, and the file that they were read from."""

    path: Path
    cell: Cell
    metrics: Mapping[str, Any]


def tabulate(metrics: Sequence[Path], output: Path, *, options: Mapping[str, Any]) -> None:
    """Write a CSV with a row for each group of cells that differ in nothing but the seed.

    Parameters
    ----------
    metrics : sequence of Path
        JSON files of the rule ``measure``, in any order.
    output : Path
        The CSV file; equal inputs give equal bytes.
    options : Mapping
        ``published_as``, which may be absent: for a recipe, the ``model`` and ``frontend``
        under which the paper reports it.

    Raises
    ------
    ScoreError
        If files of one group have the same seed, or differing numbers of trials; names them.
    ConfigError
        If ``published_as`` names a system that the paper does not report.
    ArtefactError
        If a file is damaged or was made by something else.
    """
    published_as = _parse_options(options)
    rows = [
        _row(group, results, published_as.get(group.recipe)) for group, results in _grouped(metrics)
    ]
    write_rows(output, COLUMNS, rows)


def tabulate_breakdown(metrics: Sequence[Path], output: Path) -> None:
    """Write a CSV with a row for each attack and each codec of a group of cells.

    Of an attack the spoofs are its own and the bona fide those of the whole protocol; of a codec
    both are its own. The EER is empty where a part has one class only.

    Parameters
    ----------
    metrics : sequence of Path
        JSON files of the rule ``measure``, in any order.
    output : Path
        The CSV file; equal inputs give equal bytes.

    Raises
    ------
    ScoreError
        As :func:`tabulate`; and if seeds of one group differ in their parts.
    ArtefactError
        If a file is damaged or was made by something else.
    """
    rows = [
        {**_group_columns(group, results), **row}
        for group, results in _grouped(metrics)
        for row in _part_rows(results)
    ]
    write_rows(output, BREAKDOWN_COLUMNS, rows)


def write_rows(
    output: str | Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]
) -> None:
    """Write a CSV file of rows that have exactly these columns."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(output, buffer.getvalue())


def format_table(path: str | Path) -> str:
    """Return a table that :func:`tabulate` wrote as compact text of fixed width."""
    with Path(path).open(encoding="utf-8", newline="") as handle:
        rows = [_compact(row) for row in csv.DictReader(handle)]
    lines = [tuple(_TEXT_COLUMNS), *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    layout = "  ".join(
        f"{{:{align}{width}}}" for align, width in zip(_TEXT_COLUMNS.values(), widths, strict=True)
    )
    return "".join(layout.format(*line).rstrip() + "\n" for line in lines)


def _parse_options(options: Mapping[str, Any]) -> dict[str, PublishedSystem]:
    """Return the paper's system of each recipe that has one."""
    if unknown := sorted(options.keys() - {"published_as"}):
        raise ConfigError(f"tabulate: unknown keys {unknown}; known is ['published_as']")
    return systems_of(options.get("published_as") or {})


def _grouped(metrics: Iterable[Path]) -> Iterator[tuple[Cell, list[_Result]]]:
    """Yield the cells that all seeds share, in the order of rows, with their results."""
    groups: dict[Cell, list[_Result]] = defaultdict(list)
    for path in map(Path, metrics):
        document = read_metrics(path)
        cell = Cell.from_mapping(document["cell"], f"{path}: cell")
        groups[cell.without_seed()].append(_Result(path, cell, document))
    for group in sorted(groups, key=_row_order):
        results = sorted(groups[group], key=lambda result: result.cell.seed)
        _check_group(results)
        yield group, results


def _row_order(cell: Cell) -> tuple[Any, ...]:
    """Return the sort key of a row."""
    corpora = (cell.train_corpus, cell.eval_corpus, cell.protocol)
    return (cell.recipe, *corpora, cell.label_percent, cell.frontend)


def _check_group(results: Sequence[_Result]) -> None:
    """Refuse results that cannot be averaged."""
    first = results[0]
    for previous, result in itertools.pairwise(results):
        if previous.cell.seed == result.cell.seed:
            raise ScoreError(
                f"{previous.path} and {result.path} are of one cell and of one seed, "
                f"{result.cell.seed}"
            )
        if _n_trials(result) != _n_trials(first):
            raise ScoreError(
                f"seeds of one cell have differing trials (bona fide, spoof): "
                f"{_n_trials(first)} in {first.path}, {_n_trials(result)} in {result.path}"
            )


def _n_trials(result: _Result) -> tuple[int, int]:
    """Return the numbers of bona fide and spoof trials."""
    return result.metrics["n_bonafide"], result.metrics["n_spoof"]


def _group_columns(group: Cell, results: Sequence[_Result]) -> dict[str, str]:
    """Build the columns that say what a row is of, all of them text."""
    row = {name: str(value) for name, value in group.to_mapping().items() if name != "seed"}
    return row | {"label_percent": f"{group.label_percent:g}", "n_seeds": str(len(results))}


def _row(group: Cell, results: Sequence[_Result], system: PublishedSystem | None) -> dict[str, str]:
    """Build one row of the table, all of it text."""
    eer = [100 * result.metrics["eer"] for result in results]
    min_dcf = [result.metrics["min_dcf"] for result in results]
    n_bonafide, n_spoof = _n_trials(results[0])
    row = _group_columns(group, results) | {
        "n_bonafide": str(n_bonafide),
        "n_spoof": str(n_spoof),
        "eer_mean": f"{statistics.fmean(eer):.4f}",
        "eer_std": _deviation(eer),
        "min_dcf_mean": f"{statistics.fmean(min_dcf):.4f}",
        "min_dcf_std": _deviation(min_dcf),
    }
    for name in ("act_dcf", "cllr"):
        row[f"{name}_mean"] = f"{statistics.fmean(each.metrics[name] for each in results):.4f}"
    published = published_eer(system, group, n_trials=n_bonafide + n_spoof) if system else None
    row["published_eer_mean"] = f"{published.mean:.2f}" if published else ""
    row["published_eer_std"] = f"{published.deviation:.2f}" if published else ""
    return row | _dev_columns(results)


def _dev_columns(results: Sequence[_Result]) -> dict[str, str]:
    """Build the columns of what the development scores fix, empty where a seed has none."""

    def mean(block: str, name: str, factor: float = 1) -> str:
        values = [(each.metrics[block] or {}).get(name) for each in results]
        known = [factor * value for value in values if value is not None]
        return f"{statistics.fmean(known):.4f}" if len(known) == len(values) else ""

    calibrated = {f"calibrated_{name}_mean": mean("calibrated", name) for name in _CALIBRATED}
    transfer = {f"transfer_{name}_mean": mean("transfer", name, 100) for name in _TRANSFER}
    n_remarks = sum(bool(each.metrics["dev"]["remarks"]) for each in results)
    dev = {"dev_eer_mean": mean("dev", "eer", 100), "n_dev_remarks": str(n_remarks)}
    return calibrated | transfer | dev


def _part_rows(results: Sequence[_Result]) -> Iterator[dict[str, str]]:
    """Yield, of each part of a protocol, the columns that are its own."""
    first = results[0]
    for part, key in PARTS.items():
        for result in results:
            if _sizes(result, key) != _sizes(first, key):
                raise ScoreError(
                    f"seeds of one cell have differing trials by {part}: "
                    f"{first.path} and {result.path}"
                )
        for name, (n_bonafide, n_spoof) in sorted(_sizes(first, key).items()):
            rates = [result.metrics[key][name]["eer"] for result in results]
            # A part lacks a class in all seeds or in none: its trials are the same.
            eer = [100 * rate for rate in rates if rate is not None]
            yield {
                "part": part,
                "name": name,
                "n_bonafide": str(n_bonafide),
                "n_spoof": str(n_spoof),
                "eer_mean": f"{statistics.fmean(eer):.4f}" if eer else "",
                "eer_std": _deviation(eer),
            }


def _sizes(result: _Result, key: str) -> dict[str, tuple[int, int]]:
    """Return the bona fide and the spoof trials of each part."""
    parts = result.metrics[key].items()
    return {name: (part["n_bonafide"], part["n_spoof"]) for name, part in parts}


def _deviation(values: Sequence[float]) -> str:
    """Return the sample deviation as text, empty for a single value."""
    return f"{statistics.stdev(values):.4f}" if len(values) > 1 else ""


def _compact(row: Mapping[str, str]) -> tuple[str, ...]:
    """Return the cells of a line of text."""
    return (
        row["recipe"],
        row["train_corpus"],
        f"{row['eval_corpus']} ({row['protocol']})",
        row["label_percent"],
        row["n_seeds"],
        f"{int(row['n_bonafide']) + int(row['n_spoof']):,}",
        _mean_and_deviation(row["eer_mean"], row["eer_std"], digits=2),
        _mean_and_deviation(row["min_dcf_mean"], row["min_dcf_std"], digits=3),
        _mean_and_deviation(row["published_eer_mean"], row["published_eer_std"], digits=2),
    )


def _mean_and_deviation(mean: str, deviation: str, *, digits: int) -> str:
    """Return ``mean ± deviation``, without what is empty."""
    if not mean:
        return "-"
    text = f"{float(mean):.{digits}f}"
    return f"{text} ± {float(deviation):.{digits}f}" if deviation else text

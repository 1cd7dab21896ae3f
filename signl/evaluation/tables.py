"""Rules ``tabulate`` and ``tabulate_breakdown``: means over seeds, of cells and of their parts.

Error rates (EER, miss, false alarm, HTER) are in percent in these tables, as in the paper.
Deviations are those of a sample (divisor n - 1) and empty for a single seed. A figure that a seed
does not have has no mean. Rows are sorted by recipe, training corpus, evaluation corpus, protocol,
label percent and front-end.
"""

import itertools
import statistics
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from signl.corpora.pools import members_of
from signl.errors import ConfigError
from signl.evaluation.collected import CELL_COLUMNS, read_collected
from signl.spreadsheets import write_rows

if TYPE_CHECKING:
    from signl.evaluation.published import PublishedSystem

Row = Mapping[str, Any]

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
    "eer_low_mean",
    "eer_high_mean",
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

#: Columns of the breakdown; ``part`` is one of :data:`PARTS`, ``name`` an attack, a family of
#: attacks or a codec.
BREAKDOWN_COLUMNS = (
    *("recipe", "frontend", "train_corpus", "eval_corpus", "protocol", "label_percent"),
    *("part", "name", "n_seeds", "n_bonafide", "n_spoof", "eer_mean", "eer_std"),
    *("eer_low_mean", "eer_high_mean"),
)
#: Columns of their own, after these: of tables with evaluations under perturbation, and of those
#: with recipes that learn from resynthesis, whose methods they name.
PERTURBED, RESYNTHESISED = "perturbation", "resynthesis"
# All that makes a cell but the seed, over which is averaged.
_GROUP = [name for name in CELL_COLUMNS if name != "seed"]
# Figures of which the table holds the mean alone, and the factor to the table's unit.
_MEANS = {
    **{name: 1 for name in ("act_dcf", "cllr", "calibrated_act_dcf", "calibrated_cllr")},
    **{name: 100 for name in ("eer_low", "eer_high")},
    **{name: 100 for name in ("transfer_miss", "transfer_false_alarm", "transfer_hter", "dev_eer")},
}


def tabulate(
    metrics: str | Path,
    output: str | Path,
    *,
    table: Literal["indomain", "crossdomain"],
    options: Mapping[str, Any],
) -> None:
    """Write a CSV with a row for each group of cells that differ in nothing but the seed.

    Parameters
    ----------
    metrics : path
        ``metrics.parquet`` of the rule ``collect_metrics``.
    output : path
        The CSV file; equal inputs give equal bytes.
    table : {"indomain", "crossdomain"}
        Which cells: those whose evaluation corpus is trained on, alone or among others, or the
        rest.
    options : Mapping
        ``published_as``, which may be absent: for a recipe, the ``model`` and ``frontend``
        under which the paper reports it.

    Raises
    ------
    ConfigError
        If ``published_as`` names a system that the paper does not report.
    ArtefactError
        If the input is damaged or was made by something else.
    """
    published_as = _parse_options(options)
    wanted = [
        cell
        for cell in read_collected(metrics).to_pylist()
        if (cell["eval_corpus"] in members_of(cell["train_corpus"])) == (table == "indomain")
    ]
    rows = [_row(seeds, published_as) for seeds in _groups(wanted, _GROUP)]
    _write(output, COLUMNS, rows)


def tabulate_breakdown(breakdown: str | Path, output: str | Path) -> None:
    """Write a CSV with a row for each attack and each codec of a group of cells.

    Of an attack the spoofs are its own and the bona fide those of the whole protocol; of a codec
    both are its own. The EER is empty where a part has one class only.

    Parameters
    ----------
    breakdown : path
        ``breakdown.parquet`` of the rule ``collect_metrics``.
    output : path
        The CSV file; equal inputs give equal bytes.

    Raises
    ------
    ArtefactError
        If the input is damaged or was made by something else.
    """
    parts = read_collected(breakdown).to_pylist()
    own = ["part", "name"]
    rows = [
        _group_columns(seeds)
        | {name: seeds[0][name] for name in own}
        | _mean_and_deviation("eer", seeds, 100)
        | {f"{name}_mean": _mean(name, seeds, 100) for name in ("eer_low", "eer_high")}
        for seeds in _groups(parts, [*_GROUP, *own])
    ]
    _write(output, BREAKDOWN_COLUMNS, rows)


def _write(output: str | Path, columns: tuple[str, ...], rows: Sequence[Mapping[str, str]]) -> None:
    """Write a table, with the columns of perturbations and resynthesis where there is any."""
    for name in (PERTURBED, RESYNTHESISED):
        if any(row[name] for row in rows):
            columns = (*columns, name)
    write_rows(output, columns, [{name: row[name] for name in columns} for row in rows])


def _parse_options(options: Mapping[str, Any]) -> "dict[str, PublishedSystem]":
    """Return the paper's system of each recipe that has one."""
    if unknown := sorted(options.keys() - {"published_as"}):
        raise ConfigError(f"tabulate: unknown keys {unknown}; known is ['published_as']")
    published_as = options.get("published_as")
    if not published_as:
        return {}
    from signl.evaluation.published import systems_of  # it reads what each corpus is

    return systems_of(published_as)


def _groups(rows: Sequence[Row], names: Sequence[str]) -> Iterator[list[Row]]:
    """Yield the rows that differ in nothing but the seed, in the order of the table."""
    ordered = sorted(rows, key=itemgetter(*names, "seed"))
    for _, seeds in itertools.groupby(ordered, key=itemgetter(*names)):
        yield list(seeds)


def _group_columns(seeds: Sequence[Row]) -> dict[str, str]:
    """Build the columns that say what a row is of, and count, all of them text."""
    first = seeds[0]
    counts = {name: str(first[name]) for name in ("n_bonafide", "n_spoof")}
    row = {name: str(first[name]) for name in _GROUP} | {"n_seeds": str(len(seeds))}
    return row | counts | {"label_percent": f"{first['label_percent']:g}"}


def _row(seeds: Sequence[Row], published_as: "Mapping[str, PublishedSystem]") -> dict[str, str]:
    """Build one row of the table, all of it text."""
    row = _group_columns(seeds)
    row |= _mean_and_deviation("eer", seeds, 100) | _mean_and_deviation("min_dcf", seeds, 1)
    row |= {f"{name}_mean": _mean(name, seeds, factor) for name, factor in _MEANS.items()}
    row["n_dev_remarks"] = str(sum(each["dev_remarks"] != "" for each in seeds))
    return row | _published_columns(seeds[0], published_as.get(row["recipe"]))


def _published_columns(cell: Row, system: "PublishedSystem | None") -> dict[str, str]:
    """Build the columns of what the paper reports, empty where it has nothing."""
    # What the paper reports is of recordings as they are.
    if system is None or cell[PERTURBED]:
        return {"published_eer_mean": "", "published_eer_std": ""}
    from signl.evaluation.published import published_eer  # as above

    found = published_eer(
        system,
        **{name: cell[name] for name in ("train_corpus", "eval_corpus", "protocol")},
        label_percent=cell["label_percent"],
        n_trials=cell["n_bonafide"] + cell["n_spoof"],
    )
    return {
        "published_eer_mean": f"{found.mean:.2f}" if found else "",
        "published_eer_std": f"{found.deviation:.2f}" if found else "",
    }


def _mean_and_deviation(name: str, seeds: Sequence[Row], factor: float) -> dict[str, str]:
    """Build the two columns of a figure, times a factor."""
    values = _figures(name, seeds, factor)
    deviation = f"{statistics.stdev(values):.4f}" if len(values) > 1 else ""
    return {f"{name}_mean": _mean(name, seeds, factor), f"{name}_std": deviation}


def _mean(name: str, seeds: Sequence[Row], factor: float) -> str:
    """Return the mean of a figure, times a factor; empty where a seed does not have it."""
    values = _figures(name, seeds, factor)
    return f"{statistics.fmean(values):.4f}" if values else ""


def _figures(name: str, seeds: Sequence[Row], factor: float) -> list[float]:
    """Return a figure of each seed, times a factor; none, where a seed does not have it."""
    values = [seed[name] for seed in seeds]
    return [] if None in values else [factor * value for value in values]

"""Rules ``tabulate`` and ``tabulate_breakdown``: means over seeds, of cells and of their parts.

Error rates (EER, miss, false alarm, HTER) are in percent in these tables, as in the paper.
Deviations are those of a sample (divisor n - 1) and empty for a single seed. A figure that a seed
does not have has no mean. Rows are sorted by recipe, training corpus, evaluation corpus, protocol,
label percent and front-end.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from signl.errors import ConfigError
from signl.evaluation.collecting import CELL_COLUMNS, read_collected
from signl.evaluation.published import PublishedSystem, published_eer, systems_of
from signl.spreadsheets import write_rows

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
#: Columns of their own, after these: of tables with evaluations under perturbation, and of those
#: with recipes that learn from resynthesis, whose methods they name.
PERTURBED, RESYNTHESISED = "perturbation", "resynthesis"
# All that makes a cell but the seed, over which is averaged.
_GROUP = [name for name in CELL_COLUMNS if name != "seed"]
# Figures of which the table holds the mean alone, and the factor to the table's unit.
_MEANS = {
    **{name: 1 for name in ("act_dcf", "cllr", "calibrated_act_dcf", "calibrated_cllr")},
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
        Which cells: those whose training and evaluation corpus are the same, or the others.
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
    cells = read_collected(metrics).to_pandas()
    is_in_domain = cells["train_corpus"] == cells["eval_corpus"]
    wanted = cells[is_in_domain == (table == "indomain")]
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
    parts = read_collected(breakdown).to_pandas()
    own = ["part", "name"]
    rows = [
        _group_columns(seeds)
        | seeds.iloc[0][own].to_dict()
        | _mean_and_deviation("eer", seeds, 100)
        for seeds in _groups(parts, [*_GROUP, *own])
    ]
    _write(output, BREAKDOWN_COLUMNS, rows)


def _write(output: str | Path, columns: tuple[str, ...], rows: Sequence[Mapping[str, str]]) -> None:
    """Write a table, with the columns of perturbations and resynthesis where there is any."""
    for name in (PERTURBED, RESYNTHESISED):
        if any(row[name] for row in rows):
            columns = (*columns, name)
    write_rows(output, columns, [{name: row[name] for name in columns} for row in rows])


def _parse_options(options: Mapping[str, Any]) -> dict[str, PublishedSystem]:
    """Return the paper's system of each recipe that has one."""
    if unknown := sorted(options.keys() - {"published_as"}):
        raise ConfigError(f"tabulate: unknown keys {unknown}; known is ['published_as']")
    return systems_of(options.get("published_as") or {})


def _groups(rows: pd.DataFrame, names: list[str]) -> Iterator[pd.DataFrame]:
    """Yield the rows that differ in nothing but the seed, in the order of the table."""
    ordered = rows.sort_values([*names, "seed"])
    for _, seeds in ordered.groupby(names, sort=False):
        yield seeds


def _group_columns(seeds: pd.DataFrame) -> dict[str, str]:
    """Build the columns that say what a row is of, and count, all of them text."""
    first = seeds.iloc[0]
    counts = {name: str(first[name]) for name in ("n_bonafide", "n_spoof")}
    row = {name: str(first[name]) for name in _GROUP} | {"n_seeds": str(len(seeds))}
    return row | counts | {"label_percent": f"{first['label_percent']:g}"}


def _row(seeds: pd.DataFrame, published_as: Mapping[str, PublishedSystem]) -> dict[str, str]:
    """Build one row of the table, all of it text."""
    row = _group_columns(seeds)
    row |= _mean_and_deviation("eer", seeds, 100) | _mean_and_deviation("min_dcf", seeds, 1)
    row |= {f"{name}_mean": _mean(seeds[name], factor) for name, factor in _MEANS.items()}
    row["n_dev_remarks"] = str((seeds["dev_remarks"] != "").sum())
    return row | _published_columns(seeds.iloc[0], published_as.get(row["recipe"]))


def _published_columns(cell: "pd.Series[Any]", system: PublishedSystem | None) -> dict[str, str]:
    """Build the columns of what the paper reports, empty where it has nothing."""
    named = {name: cell[name] for name in ("train_corpus", "eval_corpus", "protocol")}
    # What the paper reports is of recordings as they are.
    found = (
        published_eer(
            system,
            **named,
            label_percent=cell["label_percent"],
            n_trials=cell["n_bonafide"] + cell["n_spoof"],
        )
        if system and not cell[PERTURBED]
        else None
    )
    return {
        "published_eer_mean": f"{found.mean:.2f}" if found else "",
        "published_eer_std": f"{found.deviation:.2f}" if found else "",
    }


def _mean_and_deviation(name: str, seeds: pd.DataFrame, factor: float) -> dict[str, str]:
    """Build the two columns of a figure, times a factor."""
    values = [factor * value for value in seeds[name]]
    has_deviation = len(values) > 1 and not seeds[name].isna().any()
    deviation = f"{statistics.stdev(values):.4f}" if has_deviation else ""
    return {f"{name}_mean": _mean(seeds[name], factor), f"{name}_std": deviation}


def _mean(values: "pd.Series[float]", factor: float) -> str:
    """Return the mean of a figure, times a factor; empty where a seed does not have it."""
    if values.isna().any():
        return ""
    # Not the mean of pandas, which rounds on the way: figures must not hang on its version.
    return f"{statistics.fmean(factor * value for value in values):.4f}"

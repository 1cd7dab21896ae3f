"""Rule ``collect_metrics``: all metrics of an experiment as two tidy tables.

``metrics.parquet`` has a row for each recipe, front-end, training corpus, label percent, seed,
evaluation corpus, its perturbation, methods of resynthesis (empty without either) and protocol;
``breakdown.parquet`` has one for each of their attacks, families of attacks and codecs. The latter
is a table of its own, not a nested column: what pandas groups, filters and averages are plain
columns, and a part has the same counts and the same EER as a whole has.

Rates are fractions and costs are as in the files of the rule ``measure``; what a cell does not
have is null. Rows are sorted by the columns that say what they are of.
"""

import itertools
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from signl import stages
from signl.artefacts import MadeBy, place_of, write_table
from signl.errors import ScoreError
from signl.evaluation.cells import Cell
from signl.evaluation.collected import (
    BREAKDOWN_SCHEMA,
    CELL_COLUMNS,
    FIGURES,
    PARTS,
    REMARKS,
    SCHEMA,
    STAGE,
)
from signl.evaluation.measure import read_metrics

logger = logging.getLogger(__name__)


class _Result(NamedTuple):
    """What was measured under one protocol, and the file that it was read from."""

    path: Path
    row: Mapping[str, Any]
    metrics: Mapping[str, Any]


def collect_metrics(
    metrics: Sequence[str | Path], output: str | Path, breakdown: str | Path
) -> None:
    """Write the metrics of all cells as two tables.

    Parameters
    ----------
    metrics : sequence of paths
        JSON files of the rule ``measure``, in any order.
    output, breakdown : path
        The Parquet files; the module's docstring lists their rows.

    Raises
    ------
    ScoreError
        If files are of one cell and seed, or seeds of one cell have differing trials, as a whole
        or by part; names them.
    ArtefactError
        If a file is damaged or was made by something else.
    """
    results = sorted(
        (result for path in metrics for result in _read(Path(path))),
        key=lambda result: tuple(result.row.values()),
    )
    _check_seeds(results)
    # By which a run sees that cells have come or gone since.
    made_of = {"metrics": sorted(place_of(path) or str(path) for path in metrics)}
    made_by = MadeBy(stage=STAGE, revision=stages.COLLECTED.revision, options=made_of)
    rows = [{**result.row, **_figures(result.metrics)} for result in results]
    write_table(output, pa.Table.from_pylist(rows, schema=SCHEMA), made_by)
    parts = [{**result.row, **part} for result in results for part in _parts(result.metrics)]
    write_table(breakdown, pa.Table.from_pylist(parts, schema=BREAKDOWN_SCHEMA), made_by)
    logger.info("collected %d cells and %d parts, wrote %s", len(rows), len(parts), output)


def _read(path: Path) -> Iterator[_Result]:
    """Yield what a file holds, by protocol."""
    document = read_metrics(path)
    cell = Cell.from_mapping(document["cell"], f"{path}: cell").dump()
    for protocol, found in document["protocols"].items():
        values = {**cell, "protocol": protocol}
        row = {name: values[name] for name in CELL_COLUMNS}
        # Families alone may be absent: where none are given, and where none has a trial.
        yield _Result(path, row, {"families": {}, **found})


def _figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a row that are no part of its name."""
    figures = {name: _look_up(metrics, place) for name, (_, place) in FIGURES.items()}
    remarks = {name: _look_up(metrics, place) or [] for name, place in REMARKS.items()}
    return figures | {name: "; ".join(said) for name, said in remarks.items()}


def _look_up(metrics: Mapping[str, Any], place: Iterable[str | int]) -> Any:  # noqa: ANN401
    """Return what stands somewhere in the metrics; None where the block that holds it is null."""
    found: Any = metrics
    for key in place:
        if found is None:
            return None
        found = found[key]
    return found


def _parts(metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the attacks, their families and the codecs of a protocol."""
    for part, key in PARTS.items():
        for name, found in sorted(metrics[key].items()):
            low, high = found["eer_interval"] or (None, None)
            sizes = {each: found[each] for each in ("n_bonafide", "n_spoof", "eer")}
            yield {"part": part, "name": name, **sizes, "eer_low": low, "eer_high": high}


def _check_seeds(results: Sequence[_Result]) -> None:
    """Refuse results that cannot be averaged over seeds."""
    groups: dict[tuple[Any, ...], list[_Result]] = defaultdict(list)
    for result in results:
        groups[tuple(result.row[name] for name in CELL_COLUMNS[:-1])].append(result)
    for group in groups.values():
        for previous, result in itertools.pairwise(group):
            _check_pair(previous, result)


def _check_pair(previous: _Result, result: _Result) -> None:
    """Refuse a seed that is given twice, and seeds of differing trials."""
    if previous.row["seed"] == result.row["seed"]:
        raise ScoreError(
            f"{previous.path} and {result.path} are of one cell and of one seed, "
            f"{result.row['seed']}"
        )
    counts = [(each.metrics["n_bonafide"], each.metrics["n_spoof"]) for each in (previous, result)]
    if counts[0] != counts[1]:
        raise ScoreError(
            f"seeds of one cell have differing trials (bona fide, spoof): "
            f"{counts[0]} in {previous.path}, {counts[1]} in {result.path}"
        )
    for part, key in PARTS.items():
        sizes = [_sizes(each.metrics[key]) for each in (previous, result)]
        if sizes[0] != sizes[1]:
            raise ScoreError(
                f"seeds of one cell have differing trials by {part}: "
                f"{previous.path} and {result.path}"
            )


def _sizes(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Return the bona fide and the spoof trials of each part."""
    return {name: (part["n_bonafide"], part["n_spoof"]) for name, part in parts.items()}

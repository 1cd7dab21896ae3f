"""Rule ``compare_recipes``: which recipes differ, by a paired bootstrap on the same trials.

Compared are the mean EERs over seeds of every two recipes that were trained on the same corpus
with the same share of labels, on the trials of a protocol that both have scores of. A resample
draws trials, the same for all, and seeds, the same for recipes that have the same. It is called a
difference where p, corrected for the number of comparisons after Holm, is small enough.
"""

import itertools
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from signl import stages
from signl.artefacts import MadeBy, place_of, read_table, write_table
from signl.evaluation.comparison_options import ComparisonOptions
from signl.evaluation.paired import paired_difference, paired_resamples
from signl.evaluation.resamples import IntArray, Units
from signl.evaluation.scored_cells import EvalTrials, ScoredCell, ScoredSystem, TrialReader
from signl.evaluation.significance import holm, seed_weights, tail_p
from signl.metrics import FloatArray, Scores, equal_error_rate
from signl.progress import progress
from signl.seeds import derive_seed
from signl.spreadsheets import write_rows
from signl.typed import build

logger = logging.getLogger(__name__)

STAGE: Final = stages.COMPARISONS.rule
#: What a comparison is of, in the order by which rows are sorted.
IDENTITY: Final = (
    *("train_corpus", "eval_corpus", "protocol", "perturbation", "label_percent"),
    *("first", "second"),
)
SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in IDENTITY[:4]),
        ("label_percent", pa.float64()),
        *((name, pa.string()) for name in ("first", "second")),
        *((name, pa.float64()) for name in ("difference", "low", "high", "p", "p_corrected")),
        ("differs", pa.bool_()),
        *((name, pa.float64()) for name in ("eer_first", "eer_second")),
        *((name, pa.int64()) for name in ("n_seeds_first", "n_seeds_second")),
        *((name, pa.int64()) for name in ("n_bonafide", "n_spoof")),
        ("resampled", pa.string()),
        ("n_compared", pa.int64()),
    ]
)
#: Columns of the CSV file in per cent, or points of it.
_PERCENT: Final = ("eer_first", "eer_second", "difference", "low", "high")


class _Drawn(NamedTuple):
    """A recipe's mean EER over seeds, on all trials and of each resample; None, if it has none."""

    n_seeds: int
    eer: float | None
    resampled: FloatArray | None


def compare_recipes(
    scores: Sequence[str | Path],
    trials: Sequence[str | Path],
    output: str | Path,
    table: str | Path,
    *,
    protocols: Mapping[str, Sequence[str]],
    options: Mapping[str, Any],
) -> None:
    """Write the comparisons of all recipes, as Parquet and as CSV.

    Parameters
    ----------
    scores : sequence of paths
        Score tables, computed or given, where the workflow has them.
    trials : sequence of paths
        The evaluation trials of each of these, in the same order.
    output, table : path
        The Parquet file, of fractions, and the CSV file, in percent.
    protocols : Mapping
        Evaluation corpus -> names of its sets of trials.
    options : Mapping
        Values of :class:`~signl.evaluation.comparison_options.ComparisonOptions`.

    Raises
    ------
    ArtefactError
        If a file is damaged or was made by something else.
    ScoreError
        If a score is not finite, or the resamples of few speakers lack a class.
    """
    settings = build(ComparisonOptions, options, "comparisons")
    cells = sorted(zip(map(ScoredCell.at, scores), map(Path, trials), strict=True))
    by_pair: dict[tuple[str, str], list[tuple[ScoredCell, Path]]] = {}
    for cell, path in cells:
        by_pair.setdefault((cell.train_corpus, cell.evaluated), []).append((cell, path))
    rows: list[dict[str, Any]] = []
    reader = TrialReader("" if settings.unit == "trial" else settings.unit)
    for group in progress(by_pair.values(), "compare", unit="pair of corpora", total=len(by_pair)):
        rows += _compare_group(group, reader, protocols[group[0][0].eval_corpus], settings)
    rows.sort(key=lambda row: tuple(row[name] for name in IDENTITY))
    correct(rows, settings)
    made_of = {"scores": sorted(place_of(path) or str(path) for path in scores)}
    made_by = MadeBy(
        stage=STAGE, revision=stages.COMPARISONS.revision, options={**settings.dump(), **made_of}
    )
    write_table(output, pa.Table.from_pylist(rows, schema=SCHEMA), made_by)
    tabulate_comparisons(output, table)
    n_differ = sum(row["differs"] for row in rows)
    logger.info("compared %d pairs, %d of them differ; wrote %s", len(rows), n_differ, table)


def read_comparisons(path: str | Path) -> pa.Table:
    """Read the Parquet file of :func:`compare_recipes`.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    """
    return read_table(path, stage=STAGE, revision=stages.COMPARISONS.revision)


def tabulate_comparisons(comparisons: str | Path, output: str | Path) -> None:
    """Write the CSV file, of the Parquet file; what has no EER is empty.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    """
    rows = read_comparisons(comparisons).to_pylist()
    is_perturbed = any(row["perturbation"] for row in rows)
    columns = [name for name in SCHEMA.names if name != "perturbation" or is_perturbed]
    write_rows(
        output, columns, [{name: _text(name, row[name]) for name in columns} for row in rows]
    )


def _text(name: str, value: object) -> str:
    """Return a value as the CSV file has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{100 * value:.4f}" if name in _PERCENT else f"{value:.4g}"
    return str(value)


def _compare_group(
    group: Sequence[tuple[ScoredCell, Path]],
    reader: TrialReader,
    protocols: Sequence[str],
    settings: ComparisonOptions,
) -> Iterator[dict[str, Any]]:
    """Yield the comparisons of a training and an evaluation corpus."""
    if len({cell.recipe for cell, _ in group}) < 2:
        return
    systems = [reader.read(cell, path) for cell, path in group]
    sets = sorted({system.trials for system in systems})
    for protocol in protocols:
        for first, second in itertools.combinations_with_replacement(sets, 2):
            own = [system for system in systems if system.trials in (first, second)]
            yield from _compare_systems(own, reader, protocol, settings)


def _compare_systems(
    systems: Sequence[ScoredSystem], reader: TrialReader, protocol: str, settings: ComparisonOptions
) -> Iterator[dict[str, Any]]:
    """Yield the comparisons of systems of the same trials; or of two sets, across these."""
    across = len({system.trials for system in systems}) > 1
    sets = {of: reader.sets[of] for of in sorted({system.trials for system in systems})}
    places = _common(list(sets.values()), protocol)
    first = next(iter(sets.values()))
    is_bonafide = first.is_bonafide[places[0]]
    if is_bonafide.all() or not is_bonafide.any():
        return
    by_set = dict(zip(sets, places, strict=True))
    values = [system.scores[by_set[system.trials]] for system in systems]
    units, resampled = _units(first, places[0], settings.unit)
    cell = systems[0].cell
    rates = paired_resamples(
        values,
        is_bonafide,
        seed=derive_seed(0, "comparisons", cell.evaluated, protocol),
        n_resamples=settings.n_resamples,
        units=units,
    )
    named = {
        "train_corpus": cell.train_corpus,
        "eval_corpus": cell.eval_corpus,
        "protocol": protocol,
        "perturbation": cell.perturbation,
        "n_bonafide": int(is_bonafide.sum()),
        "n_spoof": int((~is_bonafide).sum()),
        "resampled": resampled,
    }
    drawn = _over_seeds(systems, values, rates, is_bonafide)
    for (one, first_drawn), (other, second_drawn) in itertools.combinations(drawn.items(), 2):
        if one[0] == other[0] and across == (one[2] != other[2]):
            pair = {"label_percent": one[0], "first": one[1], "second": other[1]}
            yield named | pair | _compare(first_drawn, second_drawn, settings.confidence)


def _common(sets: Sequence[EvalTrials], protocol: str) -> list[IntArray]:
    """Return where the trials of a protocol stand that all sets have, bona fide first, in each."""
    first, *others = sets
    place = np.flatnonzero(first.protocols.get(protocol, np.zeros(len(first.ids), dtype=bool)))
    place = place[np.argsort(~first.is_bonafide[place], kind="stable")]
    places = [place]
    for each in others:
        found = pc.index_in(first.ids.take(pa.array(places[0])), value_set=each.ids)
        is_common = pc.is_valid(found).to_numpy()
        places = [own[is_common] for own in places]
        places.append(found.drop_null().to_numpy().astype(np.int64))
    return places


def _units(trials: EvalTrials, places: IntArray, unit: str) -> tuple[Units | None, str]:
    """Return what is drawn of trials, and what it is called: single ones, where names lack."""
    if trials.units is None:
        return None, "trial"
    names, n_bonafide = trials.units[places], int(trials.is_bonafide[places].sum())
    named = names if unit == "speaker" else names[n_bonafide:]
    if any(name is None for name in named):
        return None, "trial"
    if unit == "speaker":
        return Units.speakers(named.astype(str), n_bonafide), unit
    return Units.attacks(named.astype(str), n_bonafide), unit


def _over_seeds(
    systems: Sequence[ScoredSystem],
    values: Sequence[FloatArray],
    rates: FloatArray,
    is_bonafide: npt.NDArray[np.bool_],
) -> dict[tuple[float, str, int], _Drawn]:
    """Return what each recipe with a label percent, of a set of trials, gave over its seeds."""
    places: dict[tuple[float, str, int], list[int]] = {}
    for place, system in enumerate(systems):
        key = (system.cell.percent, system.cell.recipe, system.trials)
        places.setdefault(key, []).append(place)
    found = {}
    for key, own in sorted(places.items()):
        own.sort(key=lambda place: systems[place].cell.seed)
        split = [Scores(values[place][is_bonafide], values[place][~is_bonafide]) for place in own]
        if any(each.are_equal for each in split):
            found[key] = _Drawn(len(own), None, None)
            continue
        eer = math.fsum(equal_error_rate(*each).rate for each in split) / len(split)
        weights = seed_weights([systems[place].cell.seed for place in own], rates.shape[1])
        found[key] = _Drawn(len(own), eer, (weights * rates[own]).sum(axis=0))
    return found


def _compare(first: _Drawn, second: _Drawn, confidence: float) -> dict[str, Any]:
    """Return the figures of a comparison; no difference, where a recipe has no EER."""
    figures = {
        "eer_first": first.eer,
        "eer_second": second.eer,
        "n_seeds_first": first.n_seeds,
        "n_seeds_second": second.n_seeds,
        **dict.fromkeys(("difference", "low", "high", "p")),
    }
    if first.resampled is None or second.resampled is None:
        return figures
    assert first.eer is not None
    assert second.eer is not None
    found = paired_difference(
        first.resampled, second.resampled, first.eer - second.eer, confidence=confidence
    )
    deviation = float(np.std(first.resampled - second.resampled, ddof=1))
    low, high = found.interval
    p = tail_p(found.difference, deviation, found.p)
    return figures | {"difference": found.difference, "low": low, "high": high, "p": p}


def correct(rows: Sequence[dict[str, Any]], settings: ComparisonOptions) -> None:
    """Add p after the correction to comparisons, for how many it is, and whether they differ."""
    families: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        of_evaluation = tuple(row[name] for name in IDENTITY[:5])
        family = of_evaluation if settings.family == "evaluation" else ()
        families.setdefault(family, []).append(row)
    for family_rows in families.values():
        compared = [row for row in family_rows if row["p"] is not None]
        corrected = holm(row["p"] for row in compared)
        for row in family_rows:
            row |= {"p_corrected": None, "n_compared": len(compared), "differs": False}
        for row, p in zip(compared, corrected, strict=True):
            row |= {"p_corrected": p, "differs": p < 1 - settings.confidence}

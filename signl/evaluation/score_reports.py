"""Measures of one or more systems' score files against a key, and paired tests of their EERs.

The report holds::

    keys, subset          the key, and columns and values that its trials were taken by
    n_bonafide, n_spoof   trials
    options, seed         constants of the measures, and the seed of all bootstraps
    systems               by name: scores (the file), n_renamed (names that differ from those of
                          the key by folder or ending), the measures of measure.py up to cllr, and
                          parts: by column and value, against (which bona fide trials: all, or
                          own), n_bonafide, n_spoof, eer and eer_interval, null where there is none
    pairs                 of every two systems that have an EER: first, second, difference (EER of
                          the first less that of the second, a fraction), interval, p
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from signl.errors import ScoreError
from signl.evaluation.bootstrap import Resampling
from signl.evaluation.breakdown import BoolArray, eer_by_attack, eer_by_codec
from signl.evaluation.foreign import Key, matched_names
from signl.evaluation.measure import MeasureOptions, measure_scores
from signl.evaluation.paired import paired_difference, paired_resamples
from signl.evaluation.scores import bonafide_mask, match_scores
from signl.metrics import FloatArray, Scores

_BY: Final = "by "


def report_scores(
    paths: Sequence[Path],
    key: Key,
    read: Callable[[Path], pa.Table],
    *,
    seed: int,
    options: MeasureOptions,
) -> dict[str, Any]:
    """Measure score files, and compare every two of them.

    Parameters
    ----------
    paths : sequence of Path
        A score file of each system.
    key : Key
        The trials; every system must have scored them, and may have scored the others of the key.
    read : callable
        Reads a score file.
    seed : int
        Seed of the bootstraps.
    options : MeasureOptions
        Constants of the measures.

    Returns
    -------
    dict
        ``n_bonafide``, ``n_spoof``, ``systems`` and ``pairs`` of the module's docstring.

    Raises
    ------
    ScoreError
        If a file is given twice, a trial has no score or a score no trial; with counts and
        examples. Or if a class is missing.
    """
    names = system_names(paths)
    is_bonafide = bonafide_mask(key.trials["label"])
    drawn = Resampling(seed, options.n_resamples, options.confidence)
    systems: dict[str, dict[str, Any]] = {}
    values: dict[str, FloatArray] = {}
    for name, path in zip(names, paths, strict=True):
        matched, n_renamed = _match(path, read(path), key, alone=len(paths) == 1)
        values[name] = matched["score"].to_numpy()
        of_classes = Scores.checked(values[name][is_bonafide], values[name][~is_bonafide])
        systems[name] = {
            "scores": str(path),
            "n_renamed": n_renamed,
            **measure_scores(of_classes, seed=seed, options=options),
            "parts": _parts(values[name], is_bonafide, key.trials, drawn),
        }
    return {
        "n_bonafide": int(is_bonafide.sum()),
        "n_spoof": int((~is_bonafide).sum()),
        "systems": systems,
        "pairs": _pairs(systems, values, is_bonafide, seed=seed, options=options),
    }


def system_names(paths: Sequence[Path]) -> list[str]:
    """Return what systems are called: the names of their files without ending, or the paths.

    Raises
    ------
    ScoreError
        If a file is given twice.
    """
    if twice := [str(path) for path, count in Counter(paths).items() if count > 1]:
        raise ScoreError(f"{twice[0]} is given more than once; allowed is a file for each system")
    counts = Counter(path.stem for path in paths)
    return [path.stem if counts[path.stem] == 1 else str(path) for path in paths]


def _match(path: Path, scores: pa.Table, key: Key, *, alone: bool) -> tuple[pa.Table, int]:
    """Join scores to the trials that are asked for, leaving out those of the key's others."""
    ids = key.trials["utterance_id"]
    every = pa.table({"utterance_id": pa.chunked_array([*ids.chunks, *key.others.chunks])})
    scores, n_renamed = matched_names(every, scores)
    is_other = pc.is_in(scores["utterance_id"], value_set=key.others)
    try:
        return match_scores(key.trials, scores.filter(pc.invert(is_other))), n_renamed
    except ScoreError as error:
        raise error if alone else ScoreError(f"{path}: {error}") from None


def _parts(
    values: FloatArray, is_bonafide: BoolArray, trials: pa.Table, drawn: Resampling
) -> dict[str, Any]:
    """Measure the parts of each column that trials are told apart by.

    Where no value stands at trials of both classes, as of attacks, a part is its spoofs against
    all bona fide trials, else its own trials of both.
    """
    parts = {}
    for column in trials.column_names:
        if not column.startswith(_BY):
            continue
        cells = trials[column]
        of_bonafide, of_spoof = (
            set(pc.unique(cells.filter(pa.array(mask))).to_pylist()) - {None}
            for mask in (is_bonafide, ~is_bonafide)
        )
        is_shared = bool(of_bonafide & of_spoof)
        if not is_shared:
            cells = pc.if_else(pa.array(is_bonafide), pa.scalar(None, pa.string()), cells)
        measured_by = eer_by_codec if is_shared else eer_by_attack
        found = measured_by(values, is_bonafide, cells, resampling=drawn.of(column))
        against = {"against": "own" if is_shared else "all"}
        parts[column.removeprefix(_BY)] = {
            name: against | part._asdict() for name, part in found.items()
        }
    return parts


def _pairs(
    systems: Mapping[str, Mapping[str, Any]],
    values: Mapping[str, FloatArray],
    is_bonafide: BoolArray,
    *,
    seed: int,
    options: MeasureOptions,
) -> list[dict[str, Any]]:
    """Compare every two systems that have an EER."""
    eers = {name: found["eer"] for name, found in systems.items() if found["eer"] is not None}
    if len(eers) < 2:
        return []
    resampled = paired_resamples(
        [values[name] for name in eers], is_bonafide, seed=seed, n_resamples=options.n_resamples
    )
    rates = dict(zip(eers, resampled, strict=True))
    return [
        {"first": first, "second": second}
        | paired_difference(
            rates[first],
            rates[second],
            eers[first] - eers[second],
            confidence=options.confidence,
        )._asdict()
        for first, second in combinations(eers, 2)
    ]

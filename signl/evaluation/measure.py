"""Rule ``measure``: the error measures of one classifier on one evaluation corpus, as JSON.

The file holds, with sorted keys::

    cell            recipe, frontend, train_corpus, eval_corpus, label_percent, seed; where the
                    corpus is perturbed, perturbation
    protocols       by name, what the table below lists
    made_by         stage, revision, options, made_for, digests
    seal            digest of all this

and of each protocol::

    n_bonafide, n_spoof                    trials
    remarks                                what to know of the figures; mostly empty
    eer, eer_threshold                     the EER as a fraction, and the score at it; these and
                                           the interval are null where all scores are equal
    eer_interval                           low and high end, fractions; see bootstrap.py
    min_dcf, act_dcf                       normalised detection costs
    cllr                                   bits
    attacks, codecs                        by name: n_bonafide, n_spoof, eer and eer_interval,
                                           which are null with one class or equal scores
    families                               the same of families of attacks, where they are given
    dev                                    n_bonafide, n_spoof, eer of the labelled dev scores, and
                                           remarks: why they fix nothing, where that is so;
                                           without dev scores the two blocks below are null
    transfer                               at the threshold of the dev EER: threshold, miss,
                                           false_alarm, hter; fractions
    calibrated                             by the map fitted on dev: slope, offset, cllr, act_dcf,
                                           which are null where dev cannot carry it, and remarks,
                                           which then say why
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from pydantic import Field

from signl import stages
from signl.artefacts import MadeBy, read_document, write_document
from signl.errors import ConfigError
from signl.evaluation.bootstrap import Resampling, eer_interval
from signl.evaluation.breakdown import eer_by_attack, eer_by_codec, eer_by_family
from signl.evaluation.cells import Cell
from signl.evaluation.development import (
    WITHOUT_DEV,
    DevFiles,
    measure_from_dev,
    read_dev_scores,
)
from signl.evaluation.eval_trials import read_eval_trials
from signl.evaluation.protocol_trials import check_attacks, match_protocol
from signl.evaluation.scores import (
    bonafide_mask,
    read_scores,
    split_classes,
)
from signl.metrics import (
    CostModel,
    Scores,
    act_dcf,
    cllr,
    equal_error_rate,
    min_dcf,
)
from signl.seeds import derive_seed
from signl.typed import Count, FromList, Options, build

logger = logging.getLogger(__name__)

STAGE = stages.METRICS.rule
ALL_EQUAL = "all scores are equal: the EER is not defined, any order of ties gives another"


class MeasureOptions(Options):
    """Options of the measures."""

    costs: CostModel = Field(default=CostModel(), description="constants of the detection costs")
    n_resamples: Count = Field(
        default=1000, description="bootstrap resamples of the EER's interval"
    )
    confidence: float = Field(default=0.95, gt=0, lt=1, description="confidence of that interval")
    families: dict[str, Annotated[tuple[str, ...], FromList]] = Field(
        default={}, description="family -> its attacks, of which the EER is computed too"
    )


def measure(
    scores: Path,
    trials: Path,
    output: Path,
    *,
    dev: DevFiles | None,
    protocols: Sequence[str],
    cell: Mapping[str, Any],
    options: Mapping[str, Any],
) -> None:
    """Measure the scores of one classifier on one evaluation corpus and write them as JSON.

    Parameters
    ----------
    scores : Path
        Score table of the evaluation corpus. Scores of its trials outside a protocol have no
        part in the measures of this protocol.
    trials : Path
        Table of the corpus's usable evaluation trials; its manifest, for scores that are given.
    output : Path
        The JSON file; the module's docstring lists its content.
    dev : DevFiles, optional
        Scores of the labelled dev utterances, which fix a threshold and a calibration; a
        classifier that is given has none.
    protocols : sequence of str
        Names of the sets of trials, at least one.
    cell : Mapping
        Values of :class:`signl.evaluation.cells.Cell`.
    options : Mapping
        Values of :class:`MeasureOptions`.

    Raises
    ------
    ScoreError
        If a trial of a protocol has no score, a score belongs to no trial of the corpus, a
        protocol has no trials or one class only, or a score is not finite; if no trial of the
        corpus is of an attack of a family; or if the dev scores are not those of the labelled dev
        utterances.
    ConfigError
        If the cell or the options are not what they must be.
    """
    described = Cell.from_mapping(cell, "cell")
    settings = build(MeasureOptions, options, "measure")
    if not protocols:
        raise ConfigError(f"{described.eval_corpus} is to be measured under no protocol; name one")
    trial_table = read_eval_trials(trials)
    score_table = read_scores(scores)
    for attacks in settings.families.values():
        check_attacks(trial_table, attacks, "attack_families")
    dev_scores = read_dev_scores(dev) if dev else None
    measured = {}
    for protocol in protocols:
        matched = match_protocol(trial_table, score_table, protocol=protocol)
        measured[protocol] = measure_trials(matched, dev_scores, described, protocol, settings)
    write_measures(output, described, measured, {**options, "protocols": list(protocols)})


def write_measures(
    path: Path, cell: Cell, measured: Mapping[str, Any], options: Mapping[str, Any]
) -> None:
    """Write what was measured of a cell, by protocol, and tell of it."""
    for protocol, found in measured.items():
        logger.info("%s: %s", protocol, _told(found))
    made_by = MadeBy(stage=STAGE, revision=stages.METRICS.revision, options=options)
    write_document(path, {"cell": cell.dump_given(), "protocols": measured}, made_by)
    for remark in dict.fromkeys(each for found in measured.values() for each in _remarks(found)):
        logger.warning("%s: %s", path, remark)
    logger.info("wrote %s", path)


def measure_scores(scores: Scores, *, seed: int, options: MeasureOptions) -> dict[str, Any]:
    """Compute the measures that follow from scores and classes alone.

    Parameters
    ----------
    scores : Scores
        Of both classes.
    seed : int
        Seed of the bootstrap.
    options : MeasureOptions
        Constants of the measures.

    Returns
    -------
    dict
        The keys ``n_bonafide`` to ``cllr`` of the module's docstring. Of scores that are all equal
        there is no EER: what the official routine gives, 100 %, comes of the order of ties alone.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.
    """
    return {
        "n_bonafide": scores.bonafide.size,
        "n_spoof": scores.spoof.size,
        **_measure_eer(scores, seed, options),
        "min_dcf": min_dcf(*scores, costs=options.costs),
        "act_dcf": act_dcf(*scores, costs=options.costs),
        "cllr": cllr(*scores),
    }


def _measure_eer(scores: Scores, seed: int, options: MeasureOptions) -> dict[str, Any]:
    """Compute the EER and its interval, where there is one, and remarks on it."""
    if scores.are_equal:
        nothing = dict.fromkeys(("eer", "eer_threshold", "eer_interval"))
        return {**nothing, "remarks": [ALL_EQUAL]}
    eer = equal_error_rate(*scores)
    interval = eer_interval(
        *scores, seed=seed, n_resamples=options.n_resamples, confidence=options.confidence
    )
    return {
        "eer": eer.rate,
        "eer_threshold": eer.threshold,
        "eer_interval": list(interval),
        "remarks": _remarks_on_ties(scores, eer.threshold),
    }


def _remarks_on_ties(scores: Scores, threshold: float) -> list[str]:
    """Say so where both classes have scores at the threshold of the EER, which hangs on them."""
    n_bonafide, n_spoof = (int(np.count_nonzero(part == threshold)) for part in scores)
    if not (n_bonafide and n_spoof):
        return []
    return [
        f"{n_bonafide} bona fide and {n_spoof} spoof scores are equal at the threshold of the EER: "
        "ties count against the system"
    ]


def _told(found: Mapping[str, Any]) -> str:
    """Return a line on the measures of a protocol."""
    eer = "no EER" if found["eer"] is None else f"EER {100 * found['eer']:.2f} %"
    return f"{eer} on {found['n_bonafide'] + found['n_spoof']} trials"


def _remarks(found: Mapping[str, Any]) -> list[str]:
    """Return all remarks on the measures of a protocol."""
    calibrated = found["calibrated"] or {"remarks": []}
    return [*found["remarks"], *found["dev"]["remarks"], *calibrated["remarks"]]


def read_metrics(path: str | Path) -> dict[str, Any]:
    """Read a JSON file that :func:`measure` wrote.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    """
    return read_document(path, stage=STAGE, revision=stages.METRICS.revision)


def measure_trials(
    matched: pa.Table, dev: Scores | None, cell: Cell, protocol: str, options: MeasureOptions
) -> dict[str, Any]:
    """Compute everything that follows from scored trials and from dev.

    Parameters
    ----------
    matched : Table
        Trials with the columns ``label``, ``attack``, ``codec`` and ``score``.
    dev : Scores, optional
        Scores of the labelled dev utterances.
    cell : Cell
        Whose they are: its seed and evaluation corpus give the draws of the intervals.
    protocol : str
        The name of the trials.
    options : MeasureOptions
        Constants of the measures.

    Returns
    -------
    dict
        What the module's docstring lists of a protocol.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.
    """
    scores = split_classes(matched)
    values, is_bonafide = matched["score"].to_numpy(), bonafide_mask(matched["label"])
    seed = derive_seed(cell.seed, "bootstrap", cell.eval_corpus, protocol)
    drawn = Resampling(seed, options.n_resamples, options.confidence)
    attacks = eer_by_attack(values, is_bonafide, matched["attack"], resampling=drawn)
    codecs = eer_by_codec(values, is_bonafide, matched["codec"], resampling=drawn)
    families = eer_by_family(
        values, is_bonafide, matched["attack"], options.families, resampling=drawn
    )
    return {
        **measure_scores(scores, seed=seed, options=options),
        "attacks": {name: part._asdict() for name, part in attacks.items()},
        "codecs": {name: part._asdict() for name, part in codecs.items()},
        # Not there without families, so that what was measured before they could be stays as it is.
        **(
            {"families": {name: part._asdict() for name, part in families.items()}}
            if families
            else {}
        ),
        **(measure_from_dev(dev, scores, costs=options.costs) if dev else WITHOUT_DEV),
    }

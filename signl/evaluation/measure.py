"""Rule ``measure``: the error measures of one classifier under one protocol, as JSON.

The file holds, with sorted keys::

    cell            recipe, frontend, train_corpus, eval_corpus, protocol, label_percent, seed
    n_bonafide, n_spoof                    trials
    eer, eer_threshold                     the EER as a fraction, and the score at it
    eer_interval                           low and high end, fractions; see bootstrap.py
    min_dcf, act_dcf                       normalised detection costs
    cllr                                   bits
    attacks, codecs                        by name: eer (null with one class), n_bonafide, n_spoof
    transfer                               null, or threshold, miss, false_alarm, hter
    made_by                                stage, revision, options, made_for, digests
    seal                                   digest of all this
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from signl import revisions
from signl.artefacts import MadeBy, read_document, read_table, write_document
from signl.errors import ConfigError, ScoreError
from signl.evaluation.bootstrap import eer_interval
from signl.evaluation.breakdown import eer_by_attack, eer_by_codec
from signl.evaluation.cells import Cell
from signl.evaluation.scores import match_scores, read_scores
from signl.labels import BONAFIDE, SPOOF
from signl.metrics import (
    CostModel,
    Scores,
    act_dcf,
    cllr,
    equal_error_rate,
    error_rates,
    min_dcf,
)
from signl.options import build_options
from signl.seeds import derive_seed

logger = logging.getLogger(__name__)

STAGE = "measure"
TRIAL_COLUMNS = ["utterance_id", "label", "protocols", "attack", "codec"]


@dataclass(frozen=True, kw_only=True)
class MeasureOptions:
    """Options of the measures.

    Attributes
    ----------
    costs : CostModel
        Constants of the detection costs.
    n_resamples : int
        Bootstrap resamples of the EER's interval.
    confidence : float
        Confidence of that interval.
    threshold : float, optional
        A threshold fixed beforehand, at which to report transfer error rates.
    """

    costs: CostModel = field(default_factory=CostModel)
    n_resamples: int = 1000
    confidence: float = 0.95
    threshold: float | None = None


def measure(
    scores: Path,
    trials: Path,
    output: Path,
    *,
    protocol: str,
    cell: Mapping[str, Any],
    options: Mapping[str, Any],
) -> None:
    """Measure the scores of one classifier under one protocol and write them as JSON.

    Parameters
    ----------
    scores : Path
        Score table of the evaluation corpus. Scores of its trials outside the protocol are
        ignored.
    trials : Path
        Table of the corpus's evaluation trials that have features.
    output : Path
        The JSON file; the module's docstring lists its content.
    protocol : str
        Name of the set of trials.
    cell : Mapping
        Values of :class:`signl.evaluation.cells.Cell`.
    options : Mapping
        Values of :class:`MeasureOptions`.

    Raises
    ------
    ScoreError
        If a trial of the protocol has no score, a score belongs to no trial of the corpus, the
        protocol has no trials or one class only, or a score is not finite.
    ConfigError
        If the cell or the options are not what they must be.
    """
    described = Cell.from_mapping(cell, "cell")
    if described.protocol != protocol:
        raise ConfigError(f"cell.protocol is {described.protocol!r}, expected {protocol!r}")
    settings = build_options(MeasureOptions, options, "measure")
    matched = match_protocol(
        read_table(
            trials, stage="gather_utterances", revision=revisions.USABLE, columns=TRIAL_COLUMNS
        ),
        read_scores(scores),
        protocol=protocol,
    )
    content = _measure_trials(matched, described, settings)
    made_by = MadeBy(stage=STAGE, revision=revisions.METRICS, options=options)
    write_document(output, {"cell": described.to_mapping(), **content}, made_by)
    logger.info("EER %.2f %% on %d trials, %s", 100 * content["eer"], len(matched), output)


def match_protocol(trials: pa.Table, scores: pa.Table, *, protocol: str) -> pa.Table:
    """Join the trials of one protocol to their scores.

    Parameters
    ----------
    trials : Table
        Evaluation trials of a corpus, with the columns ``utterance_id`` and ``protocols``.
    scores : Table
        Score table of the corpus.
    protocol : str
        Name of the set of trials.

    Returns
    -------
    Table
        The trials of the protocol, in their order, with the column ``score``.

    Raises
    ------
    ScoreError
        As :func:`signl.evaluation.scores.match_scores`; and if no trial is in the protocol.
    """
    is_member = _in_protocol(trials, protocol)
    members = trials.filter(is_member)
    if not len(members):
        known = pc.unique(pc.list_flatten(trials["protocols"])).to_pylist()
        raise ScoreError(f"no trial is in the protocol {protocol!r}; there are {sorted(known)}")
    others = trials["utterance_id"].filter(pc.invert(is_member))
    is_outside = pc.is_in(scores["utterance_id"], value_set=others)
    return match_scores(members, scores.filter(pc.invert(is_outside)))


def read_metrics(path: str | Path) -> dict[str, Any]:
    """Read a JSON file that :func:`measure` wrote.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    """
    return read_document(path, stage=STAGE, revision=revisions.METRICS)


def _in_protocol(trials: pa.Table, protocol: str) -> pa.Array:
    """Return a mask of the trials whose list of protocols has this one."""
    protocols = trials["protocols"].combine_chunks()
    named = pc.equal(pc.list_flatten(protocols), protocol)
    mask = np.zeros(len(trials), dtype=bool)
    mask[pc.list_parent_indices(protocols).filter(named).to_numpy()] = True
    return pa.array(mask)


def _measure_trials(matched: pa.Table, cell: Cell, options: MeasureOptions) -> dict[str, Any]:
    """Compute everything that follows from the scored trials of a protocol."""
    values = matched["score"].to_numpy()
    is_bonafide = _is_bonafide(matched["label"])
    bonafide, spoof = Scores.checked(values[is_bonafide], values[~is_bonafide])
    attacks = eer_by_attack(values, is_bonafide, matched["attack"])
    codecs = eer_by_codec(values, is_bonafide, matched["codec"])
    eer = equal_error_rate(bonafide, spoof)
    interval = eer_interval(
        bonafide,
        spoof,
        seed=derive_seed(cell.seed, "bootstrap", cell.eval_corpus, cell.protocol),
        n_resamples=options.n_resamples,
        confidence=options.confidence,
    )
    return {
        "n_bonafide": bonafide.size,
        "n_spoof": spoof.size,
        "eer": eer.rate,
        "eer_threshold": eer.threshold,
        "eer_interval": list(interval),
        "min_dcf": min_dcf(bonafide, spoof, costs=options.costs),
        "act_dcf": act_dcf(bonafide, spoof, costs=options.costs),
        "cllr": cllr(bonafide, spoof),
        "attacks": {name: part._asdict() for name, part in attacks.items()},
        "codecs": {name: part._asdict() for name, part in codecs.items()},
        "transfer": _transfer(bonafide, spoof, options.threshold),
    }


def _is_bonafide(labels: pa.ChunkedArray) -> np.ndarray:
    """Return a mask of the bona fide trials, having seen that the others are spoofs."""
    if unknown := set(pc.unique(labels).to_pylist()) - {BONAFIDE, SPOOF}:
        raise ScoreError(f"labels must be {BONAFIDE!r} or {SPOOF!r}, got {unknown}")
    mask: np.ndarray = pc.equal(labels, BONAFIDE).to_numpy()
    return mask


def _transfer(
    bonafide: np.ndarray, spoof: np.ndarray, threshold: float | None
) -> dict[str, float] | None:
    """Compute the error rates at the fixed threshold, if there is one."""
    if threshold is None:
        return None
    return {"threshold": threshold, **error_rates(bonafide, spoof, threshold=threshold)._asdict()}

"""What development scores fix for an evaluation: a threshold, and a calibration.

Both come from the labelled dev utterances of the corpus that the classifier was trained on, so
that neither sees more labels than the training did, nor any evaluation trial.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from signl.errors import ScoreError
from signl.evaluation.calibration import calibrated_metrics, why_uncalibrated
from signl.evaluation.operating_point import threshold_of
from signl.evaluation.scores import match_scores, read_scores, split_classes
from signl.metrics import CostModel, EqualErrorRate, Scores, equal_error_rate, error_rates
from signl.training.label_subsets import read_labelled


class DevFiles(NamedTuple):
    """What development scores are read from.

    Attributes
    ----------
    scores : path
        Score table of the labelled dev utterances, of the rule ``score_dev``.
    trials : path
        Usable dev trials of the training corpus.
    labels : path
        The labelled subset that the classifier was trained with.
    """

    scores: str | Path
    trials: str | Path
    labels: str | Path

    @classmethod
    def of(cls, paths: Sequence[str | Path]) -> Self | None:
        """Return the files, or nothing where there are none: of a classifier that is given."""
        return cls(*paths) if paths else None


#: What stands in the metrics of a classifier that comes without development scores.
WITHOUT_DEV: Final = {
    "dev": {
        "n_bonafide": 0,
        "n_spoof": 0,
        "eer": None,
        "remarks": ["the classifier is given, not trained here: it has no dev scores"],
    },
    "transfer": None,
    "calibrated": None,
}


def read_dev_scores(files: DevFiles) -> Scores:
    """Read the development scores of a classifier by class.

    Raises
    ------
    ScoreError
        If a labelled dev utterance has no score, a score is of another utterance or not
        finite, or a class is missing; names the file.
    ManifestError
        If the labelled subset names no dev utterance of a class.
    """
    try:
        matched = match_scores(read_labelled(files.trials, files.labels), read_scores(files.scores))
        return split_classes(matched)
    except ScoreError as error:
        raise ScoreError(f"{files.scores}: {error}") from error


def measure_from_dev(dev: Scores, evaluation: Scores, *, costs: CostModel) -> dict[str, Any]:
    """Measure evaluation scores with what development scores fix.

    Parameters
    ----------
    dev, evaluation : Scores
        Scores of one classifier.
    costs : CostModel
        Constants of the calibrated detection cost.

    Returns
    -------
    dict
        - ``dev``: ``n_bonafide``, ``n_spoof``, ``eer`` (a fraction; None where all scores are
          equal), and ``remarks``, a list of texts, which is empty where the set fixes a threshold;
        - ``transfer``: ``threshold``, ``miss``, ``false_alarm``, ``hter`` (fractions). Scores
          from the threshold on are accepted; it lies just above the highest score that the
          operating point of the dev EER rejects, so that on dev it gives this EER's two rates,
          unless scores tie there, which a remark then says;
        - ``calibrated``: ``slope`` and ``offset`` of the map, ``cllr`` and ``act_dcf`` after it,
          all None where dev cannot carry a calibration; ``remarks`` then say why.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite, in either.
    """
    eer = equal_error_rate(*dev)
    threshold = threshold_of(dev)
    return {
        "dev": {
            "n_bonafide": dev.bonafide.size,
            "n_spoof": dev.spoof.size,
            "eer": None if dev.are_equal else eer.rate,
            "remarks": _remarks(dev, eer, threshold),
        },
        "transfer": {
            "threshold": threshold,
            **error_rates(*evaluation, threshold=threshold)._asdict(),
        },
        "calibrated": _calibrate(dev, evaluation, costs),
    }


def _calibrate(dev: Scores, evaluation: Scores, costs: CostModel) -> dict[str, Any]:
    """Return map and measures of a calibration; without figures where dev cannot carry it."""
    if reasons := why_uncalibrated(dev):
        return {**dict.fromkeys(("slope", "offset", "cllr", "act_dcf")), "remarks": reasons}
    calibrated = calibrated_metrics(dev, evaluation, costs=costs)
    return {
        **calibrated.calibration._asdict(),
        "cllr": calibrated.cllr,
        "act_dcf": calibrated.act_dcf,
        "remarks": [],
    }


def _remarks(dev: Scores, eer: EqualErrorRate, threshold: float) -> list[str]:
    """Say why the threshold of a dev set is arbitrary, where it is."""
    remarks = []
    if eer.rate == 0:
        remarks.append("dev has no error: any threshold between the classes fits")
    if dev.are_equal:
        remarks.append("all dev scores are equal: neither threshold nor calibration says anything")
        return remarks
    rates = error_rates(*dev, threshold=threshold)
    if not math.isclose(rates.hter, eer.rate, abs_tol=1e-9):
        remarks.append(
            f"dev scores tie at the threshold: its rates on dev, miss {rates.miss:.4f} and false "
            f"alarm {rates.false_alarm:.4f}, are not those of the dev EER, {eer.rate:.4f}"
        )
    # The sign of the calibration's slope, whatever its ridge.
    if dev.bonafide.mean() <= dev.spoof.mean():
        remarks.append("dev scores rise with belief in spoof: a calibration turns them around")
    return remarks

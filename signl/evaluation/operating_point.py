"""What a classifier's development scores fix, in a file beside the model.

The file, ``operating_point.json``, is written with the dev scores of a classifier. A model's folder
that is passed on has it, and with it what a score means: where the classifier's own threshold lies,
and how a score becomes a log-likelihood ratio.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from signl import stages
from signl.artefacts import MadeBy, digests_of, open_document, remedy, write_document
from signl.errors import ArtefactError
from signl.evaluation.calibration import Calibration, fit_calibration, why_uncalibrated
from signl.metrics import FloatArray, Scores, equal_error_rate
from signl.seals import tensors_seal
from signl.stages import OPERATING_POINT

BONAFIDE, SPOOF = "bona fide", "spoof"


class OperatingPoint(NamedTuple):
    """A threshold, and a calibration, of a classifier.

    Attributes
    ----------
    threshold : float
        Scores from it on are accepted as bona fide. It lies just above the highest score that the
        operating point of the dev EER rejects.
    calibration : Calibration, or None
        From scores to natural-log likelihood ratios; None where dev cannot carry one.
    n_bonafide, n_spoof : int
        Dev scores of each class.
    remarks : tuple of str
        Why there is no calibration; empty where there is one.
    """

    threshold: float
    calibration: Calibration | None
    n_bonafide: int
    n_spoof: int
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, dev: Scores) -> Self:
        """Return what dev scores fix.

        Raises
        ------
        ScoreError
            If a class is missing or a score is not finite.
        """
        remarks = tuple(why_uncalibrated(dev))
        return cls(
            threshold=threshold_of(dev),
            calibration=None if remarks else fit_calibration(*dev),
            n_bonafide=dev.bonafide.size,
            n_spoof=dev.spoof.size,
            remarks=remarks,
        )

    def verdict(self, score: float) -> str:
        """Return the class that the threshold gives a score, in words."""
        return BONAFIDE if score >= self.threshold else SPOOF

    def log_likelihood_ratio(self, scores: npt.ArrayLike) -> FloatArray | None:
        """Return natural-log likelihood ratios, above 0 for bona fide; None, uncalibrated."""
        return None if self.calibration is None else self.calibration.apply(scores)


def threshold_of(dev: Scores) -> float:
    """Return the threshold of the dev EER: just above the highest score that it rejects."""
    return float(np.nextafter(equal_error_rate(*dev).threshold, np.inf))


def write_operating_point(
    path: str | Path, dev: Scores, model: str | Path, *, options: Mapping[str, Any]
) -> None:
    """Write what dev scores fix of a model.

    Parameters
    ----------
    path : path
        The JSON file, which lies beside the model.
    dev : Scores
        Scores of labelled dev utterances.
    model : path
        The classifier's ``model.safetensors``.
    options : Mapping
        What made the scores, for the header.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.
    """
    point = OperatingPoint.of(dev)
    calibration = None if point.calibration is None else point.calibration._asdict()
    content = {**point._asdict(), "calibration": calibration, "model": tensors_seal(model)}
    made_by = MadeBy(
        stage=stages.DEV_SCORES.maker,
        revision=stages.DEV_SCORES.revision,
        options=options,
        digests=digests_of(model),
    )
    write_document(path, content, made_by)


def read_operating_point(folder: str | Path) -> OperatingPoint | None:
    """Read the operating point of the model in a folder; nothing, where the folder has none.

    Raises
    ------
    ArtefactError
        If the file is damaged, or of another model.
    """
    path = Path(folder, OPERATING_POINT)
    if not path.exists():
        return None
    document = open_document(path)
    try:
        fixed = document["calibration"]
        point = OperatingPoint(
            threshold=_finite(document["threshold"]),
            calibration=None if fixed is None else _calibration(fixed),
            n_bonafide=int(document["n_bonafide"]),
            n_spoof=int(document["n_spoof"]),
            remarks=tuple(map(str, document["remarks"])),
        )
        of_model = document["model"]
    except (KeyError, TypeError, ValueError) as error:
        raise ArtefactError(
            f"{path} is not an operating point ({error!r}); {remedy(path)}"
        ) from error
    if of_model != tensors_seal(Path(folder, "model.safetensors")):
        raise ArtefactError(
            f"{path} is of another model than the model.safetensors beside it; {remedy(path)}"
        )
    return point


def _calibration(values: Mapping[str, Any]) -> Calibration:
    return Calibration(_finite(values["slope"]), _finite(values["offset"]))


def _finite(value: object) -> float:
    """Return a number of a document that others may have written."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return float(value)

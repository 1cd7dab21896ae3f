"""Error measures of countermeasure scores, as the ASVspoof 5 evaluation package defines them.

A score rises with belief in bona fide. A *miss* is a bona fide utterance rejected, a *false
alarm* a spoof accepted. All rates are fractions in 0..1, never percent.

References
----------
ASVspoof 5 evaluation plan (2024), section on evaluation metrics, and the challenge's public
evaluation package, whose order of tied scores is kept here.
"""

import math
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from signl.errors import ScoreError
from signl.typed import Options, Positive

FloatArray = npt.NDArray[np.float64]

# How far below the lowest score the threshold of the point that rejects nothing lies.
_MARGIN = 0.001


class CostModel(Options):
    """Constants of the detection cost function; the defaults are those of ASVspoof 5, track 1."""

    p_spoof: float = Field(default=0.05, gt=0, lt=1, description="prior probability of a spoof")
    c_miss: Positive = Field(default=1.0, description="cost of rejecting a bona fide utterance")
    c_false_alarm: Positive = Field(default=10.0, description="cost of accepting a spoof")

    @property
    def miss_weight(self) -> float:
        """Expected cost of a system that rejects everything."""
        return self.c_miss * (1 - self.p_spoof)

    @property
    def false_alarm_weight(self) -> float:
        """Expected cost of a system that accepts everything."""
        return self.c_false_alarm * self.p_spoof

    @property
    def bayes_threshold(self) -> float:
        """Threshold that is optimal where scores are natural-log likelihood ratios."""
        return -math.log(self.miss_weight / self.false_alarm_weight)

    def cost(self, miss: npt.ArrayLike, false_alarm: npt.ArrayLike) -> FloatArray:
        """Return the cost of error rates, where 1 is the better of the two trivial systems."""
        expected = self.miss_weight * np.asarray(miss) + self.false_alarm_weight * np.asarray(
            false_alarm
        )
        return np.asarray(expected / min(self.miss_weight, self.false_alarm_weight))


ASVSPOOF5_COSTS = CostModel()


class Scores(NamedTuple):
    """Scores of the two classes, each of shape (trial,)."""

    bonafide: FloatArray
    spoof: FloatArray

    @classmethod
    def checked(cls, bonafide: npt.ArrayLike, spoof: npt.ArrayLike) -> Self:
        """Return both classes as float64 arrays.

        Raises
        ------
        ScoreError
            If a class has no scores, or any score is NaN or infinite; with the counts.
        """
        scores = cls(
            np.asarray(bonafide, dtype=np.float64).ravel(),
            np.asarray(spoof, dtype=np.float64).ravel(),
        )
        if not scores.bonafide.size or not scores.spoof.size:
            raise ScoreError(
                f"error rates need both classes, got {scores.bonafide.size} bona fide and "
                f"{scores.spoof.size} spoof scores"
            )
        wrong = [int(np.count_nonzero(~np.isfinite(part))) for part in scores]
        if any(wrong):
            raise ScoreError(
                f"{wrong[0]} of {scores.bonafide.size} bona fide and {wrong[1]} of "
                f"{scores.spoof.size} spoof scores are NaN or infinite"
            )
        return scores

    @property
    def are_equal(self) -> bool:
        """Whether all scores are the same: no error rate but by the order of ties is theirs."""
        pooled = np.concatenate(self)
        return bool(pooled.min() == pooled.max())


class DetCurve(NamedTuple):
    """Operating points of a detector: point ``i`` rejects the ``i`` lowest scores.

    Attributes
    ----------
    miss, false_alarm : ndarray of shape (trial + 1,)
        Error rates; ``miss`` rises from 0 to 1, ``false_alarm`` falls from 1 to 0.
    threshold : ndarray of shape (trial + 1,)
        The highest score that is rejected.
    """

    miss: FloatArray
    false_alarm: FloatArray
    threshold: FloatArray


class EqualErrorRate(NamedTuple):
    """Where misses and false alarms are closest.

    Attributes
    ----------
    rate : float
        Mean of the two error rates there, a fraction.
    threshold : float
        The score there.
    """

    rate: float
    threshold: float


class ErrorRates(NamedTuple):
    """Errors at one fixed threshold, as fractions; ``hter`` is the mean of the other two."""

    miss: float
    false_alarm: float
    hter: float


def det_curve(bonafide: npt.ArrayLike, spoof: npt.ArrayLike) -> DetCurve:
    """Compute all operating points, one more than there are trials.

    Tied scores are not merged: they are rejected one by one, bona fide first, as the evaluation
    package does, and so count against the detector.

    Parameters
    ----------
    bonafide, spoof : array-like of shape (trial,)
        Scores of the two classes.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.
    """
    scores = Scores.checked(bonafide, spoof)
    n_bonafide, n_spoof = scores.bonafide.size, scores.spoof.size
    pooled = np.concatenate(scores)
    # Bona fide stand first in the pool, so that the stable sort leaves them first in a tie.
    order = np.argsort(pooled, kind="stable")
    ranked = pooled[order]
    rejected_bonafide = np.concatenate([[0], np.cumsum(order < n_bonafide)])
    rejected_spoof = np.arange(pooled.size + 1) - rejected_bonafide
    return DetCurve(
        miss=rejected_bonafide / n_bonafide,
        false_alarm=(n_spoof - rejected_spoof) / n_spoof,
        threshold=np.concatenate([[ranked[0] - _MARGIN], ranked]),
    )


def equal_error_rate(bonafide: npt.ArrayLike, spoof: npt.ArrayLike) -> EqualErrorRate:
    """Return the mean of both error rates at the first point where they differ least.

    Ties count against the detector (:func:`det_curve`), so that of scores that are all equal the
    rate is 1. It is then no figure to report: see :attr:`Scores.are_equal`.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.
    """
    curve = det_curve(bonafide, spoof)
    nearest = int(np.argmin(np.abs(curve.miss - curve.false_alarm)))
    rate = (curve.miss[nearest] + curve.false_alarm[nearest]) / 2
    return EqualErrorRate(float(rate), float(curve.threshold[nearest]))


def min_dcf(
    bonafide: npt.ArrayLike, spoof: npt.ArrayLike, *, costs: CostModel = ASVSPOOF5_COSTS
) -> float:
    """Return the least normalised detection cost over all thresholds, at most 1.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.
    """
    curve = det_curve(bonafide, spoof)
    return float(costs.cost(curve.miss, curve.false_alarm).min())


def error_rates(bonafide: npt.ArrayLike, spoof: npt.ArrayLike, *, threshold: float) -> ErrorRates:
    """Compute the errors of accepting every score at or above a threshold fixed beforehand.

    With a threshold from another corpus these are its *transfer* error rates.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.
    ValueError
        If the threshold is NaN, which would accept and reject nothing.
    """
    if math.isnan(threshold):
        raise ValueError("the threshold must be a number, got nan")
    scores = Scores.checked(bonafide, spoof)
    miss = float(np.mean(scores.bonafide < threshold))
    false_alarm = float(np.mean(scores.spoof >= threshold))
    return ErrorRates(miss, false_alarm, (miss + false_alarm) / 2)


def act_dcf(
    bonafide: npt.ArrayLike, spoof: npt.ArrayLike, *, costs: CostModel = ASVSPOOF5_COSTS
) -> float:
    """Return the normalised detection cost at the Bayes threshold; it may exceed 1.

    Scores are taken as natural-log likelihood ratios of bona fide against spoof.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.
    """
    rates = error_rates(bonafide, spoof, threshold=costs.bayes_threshold)
    return float(costs.cost(rates.miss, rates.false_alarm))


def cllr(bonafide: npt.ArrayLike, spoof: npt.ArrayLike) -> float:
    """Return the cost of log-likelihood ratios in bits: 0 is perfect, 1 says nothing.

    Scores are taken as natural-log likelihood ratios of bona fide against spoof; large ones
    do not overflow.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.

    References
    ----------
    Brümmer and du Preez (2006), Application-independent evaluation of speaker detection.
    """
    scores = Scores.checked(bonafide, spoof)
    loss_bonafide = np.logaddexp(0, -scores.bonafide).mean()
    loss_spoof = np.logaddexp(0, scores.spoof).mean()
    return float((loss_bonafide + loss_spoof) / (2 * math.log(2)))

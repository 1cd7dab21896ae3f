"""Logistic calibration: scores to natural-log likelihood ratios by an affine map.

The map is fitted on development scores; the calibrated Cllr and actDCF of the evaluation
scores then say how much of the uncalibrated ones is lost to the scale of the scores alone.

A handful of development scores fits a map that is far too steep, and evaluation scores on the
wrong side of it then cost dozens of bits. Two things keep that out of tables: the slope has a
prior, whose weight falls with the number of scores (:func:`ridge_for`), and scores that cannot
carry a calibration at all are found by :func:`why_uncalibrated`.
"""

import logging
import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from signl.errors import ScoreError
from signl.metrics import (
    ASVSPOOF5_COSTS,
    CostModel,
    FloatArray,
    Scores,
    act_dcf,
    cllr,
)

logger = logging.getLogger(__name__)

#: Development scores of each class that a calibration takes at least. With fewer, one utterance
#: more or less on the wrong side moves the map by more than what calibration is to mend.
LEAST_OF_CLASS: Final = 10
#: Deviation of the prior of the slope of standardised scores. Between normal distributions of
#: equal variance the slope is 2 at an EER of 20 %, 4 at 10 % and 12 at 1 %.
SLOPE_DEVIATION: Final = 5.0

_MAX_STEPS = 200
# Half the squared Newton decrement bounds the loss left to gain: this is rounding error.
_LEAST_DECREMENT = 1e-14


class Calibration(NamedTuple):
    """The affine map ``slope * score + offset`` to natural-log likelihood ratios."""

    slope: float
    offset: float

    def apply(self, scores: npt.ArrayLike) -> FloatArray:
        """Return calibrated scores of the same shape."""
        return self.slope * np.asarray(scores, dtype=np.float64) + self.offset


class CalibratedMetrics(NamedTuple):
    """Measures of evaluation scores after calibration on development scores.

    Attributes
    ----------
    calibration : Calibration
        The map.
    cllr : float
        In bits.
    act_dcf : float
        Normalised; as :func:`signl.metrics.act_dcf`.
    """

    calibration: Calibration
    cllr: float
    act_dcf: float


def calibrated_metrics(
    dev: Scores, evaluation: Scores, *, costs: CostModel = ASVSPOOF5_COSTS
) -> CalibratedMetrics:
    """Calibrate on development scores and measure evaluation scores.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite, in either.
    """
    calibration = fit_calibration(*dev)
    checked = Scores.checked(*evaluation)
    bonafide, spoof = (calibration.apply(part) for part in checked)
    return CalibratedMetrics(
        calibration, cllr(bonafide, spoof), act_dcf(bonafide, spoof, costs=costs)
    )


def why_uncalibrated(dev: Scores) -> list[str]:
    """Say why development scores cannot carry a calibration; nothing, where they can."""
    if dev.are_equal:
        return ["all dev scores are equal: they say nothing of the scale of others"]
    reasons = []
    if min(part.size for part in dev) < LEAST_OF_CLASS:
        reasons.append(
            f"dev has {dev.bonafide.size} bona fide and {dev.spoof.size} spoof scores, and a "
            f"calibration takes at least {LEAST_OF_CLASS} of each"
        )
    rises = dev.bonafide.min() >= dev.spoof.max()
    if rises or dev.bonafide.max() <= dev.spoof.min():
        reasons.append("dev scores separate the classes: the steeper the calibration, the better")
    return reasons


def ridge_for(n_bonafide: int, n_spoof: int, *, prior_bonafide: float = 0.5) -> float:
    """Return the penalty on the slope of standardised scores that their number calls for.

    The prior-weighted loss is a mean. As many trials as make a mean of the same variance, ``n``,
    times this mean is the log likelihood to which a normal prior of the slope, around 0, adds
    ``slope**2 / (2 * SLOPE_DEVIATION**2)``; the ridge is this over ``n``. Of classes that weigh
    the same, ``n`` is four times the product of their sizes over the sum: that of the rarer class
    counts. Ten and ten scores give 0.002; with thousands the ridge is of no account.
    """
    n = 1 / (prior_bonafide**2 / n_bonafide + (1 - prior_bonafide) ** 2 / n_spoof)
    return 1 / (n * SLOPE_DEVIATION**2)


def fit_calibration(
    bonafide: npt.ArrayLike,
    spoof: npt.ArrayLike,
    *,
    prior_bonafide: float = 0.5,
    ridge: float | None = None,
) -> Calibration:
    """Fit the affine map with the least prior-weighted log loss, by Newton's method.

    Parameters
    ----------
    bonafide, spoof : array-like of shape (trial,)
        Development scores of the two classes.
    prior_bonafide : float
        Weight of the bona fide class, between 0 and 1; at 0.5 the loss is Cllr.
    ridge : float, optional
        Penalty on the slope of standardised scores, above 0; that of :func:`ridge_for` if it is
        not given. It keeps the slope finite where the scores separate the classes.

    Raises
    ------
    ScoreError
        If a class is missing, a score is not finite, or the fit does not settle.

    References
    ----------
    Brümmer and Doddington (2013), Likelihood-ratio calibration using prior-weighted proper
    scoring rules.
    """
    if not 0 < prior_bonafide < 1 or (ridge is not None and ridge <= 0):
        raise ValueError(
            "prior_bonafide must lie between 0 and 1 and ridge above 0, got "
            f"{prior_bonafide} and {ridge}"
        )
    scores = Scores.checked(bonafide, spoof)
    if ridge is None:
        sizes = scores.bonafide.size, scores.spoof.size
        ridge = ridge_for(*sizes, prior_bonafide=prior_bonafide)
    centre = float(np.mean(np.concatenate(scores)))
    spread = float(np.std(np.concatenate(scores))) or 1.0
    standard = Scores(*((part - centre) / spread for part in scores))
    slope, offset = _LogLoss(standard, prior_bonafide, ridge).minimise()
    if slope < 0:
        logger.warning("calibration turns the scores around: they rise with belief in spoof")
    return Calibration(float(slope / spread), float(offset - slope * centre / spread))


class _LogLoss:
    """Prior-weighted log loss of an affine map, as a function of (slope, offset)."""

    def __init__(self, scores: Scores, prior_bonafide: float, ridge: float) -> None:
        sizes = [part.size for part in scores]
        self.inputs = np.stack([np.concatenate(scores), np.ones(sum(sizes))])  # (2, trial)
        self.targets = np.repeat([1.0, 0.0], sizes)
        shares = [prior_bonafide / sizes[0], (1 - prior_bonafide) / sizes[1]]
        self.weights = np.repeat(shares, sizes)
        self.prior_log_odds = math.log(prior_bonafide / (1 - prior_bonafide))
        self.penalty = np.array([ridge, 0.0])

    def value(self, point: FloatArray) -> float:
        """Return the loss."""
        log_odds = point @ self.inputs + self.prior_log_odds
        losses = np.logaddexp(0, np.where(self.targets == 1, -log_odds, log_odds))
        return float(self.weights @ losses + self.penalty @ point**2 / 2)

    def derivatives(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the gradient (2,) and the Hessian (2, 2)."""
        log_odds = point @ self.inputs + self.prior_log_odds
        posterior = (1 + np.tanh(log_odds / 2)) / 2
        gradient = self.inputs @ (self.weights * (posterior - self.targets))
        curvature = self.weights * posterior * (1 - posterior)
        hessian = (self.inputs * curvature) @ self.inputs.T
        return gradient + self.penalty * point, hessian + np.diag(self.penalty)

    def minimise(self) -> FloatArray:
        """Return the point of least loss."""
        point = np.zeros(2)
        for _ in range(_MAX_STEPS):
            gradient, hessian = self.derivatives(point)
            step = np.asarray(-np.linalg.solve(hessian, gradient), dtype=np.float64)
            decrement = float(-gradient @ step)
            if decrement < _LEAST_DECREMENT:
                return point + step
            point = point + self._shorten(point, step, decrement)
        raise ScoreError(f"the calibration did not settle in {_MAX_STEPS} steps")

    def _shorten(self, point: FloatArray, step: FloatArray, decrement: float) -> FloatArray:
        """Halve a step until the loss falls by a fair part of what its slope promises."""
        start, length = self.value(point), 1.0
        while self.value(point + length * step) > start - 1e-4 * length * decrement:
            length /= 2
            if length < 1e-10:
                raise ScoreError("the calibration did not settle: the loss no longer falls")
        return length * step

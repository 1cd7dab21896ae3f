"""Bootstrap confidence intervals of the EER, exact and in logarithmic time.

A resample draws as many bona fide and as many spoof trials as there are, each class with
replacement. Its EER depends on the one place in the order of scores where misses overtake
false alarms, so a resample need not be drawn whole: how many of its trials fall into the
lower half of an interval is binomial, and only the half with the crossing is looked into.
The distribution is that of the ordinary bootstrap, without binning or approximation, and a
resample takes some 20 binomial draws of each class where the ordinary one takes a draw of
each trial.
"""

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from signl.metrics import FloatArray, Scores
from signl.seeds import derive_seed

IntArray = npt.NDArray[np.int64]


class Interval(NamedTuple):
    """A confidence interval; fractions, as the rate is."""

    low: float
    high: float


class Resampling(NamedTuple):
    """How intervals are drawn; the defaults are those of :func:`eer_interval`.

    Attributes
    ----------
    seed : int
        Seed of the draws.
    n_resamples : int
        Resamples, at least 1.
    confidence : float
        Share of the resamples inside an interval, between 0 and 1.
    """

    seed: int
    n_resamples: int = 1000
    confidence: float = 0.95

    def of(self, *name: str) -> Self:
        """Return draws of their own, for what has a name."""
        return self._replace(seed=derive_seed(self.seed, *name))


class Crossing(NamedTuple):
    """Where misses overtake false alarms, in every resample.

    Attributes
    ----------
    is_of_class : ndarray of shape (2, resample)
        Whether the trial at whose copies it happens is bona fide; whether it is a spoof.
    passed : ndarray of shape (2, resample)
        Resampled trials of lower rank: bona fide, spoof.
    """

    is_of_class: npt.NDArray[np.bool_]
    passed: IntArray


def eer_interval(
    bonafide: npt.ArrayLike,
    spoof: npt.ArrayLike,
    *,
    seed: int,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Return the percentile bootstrap interval of the EER.

    Trials count as independent; speakers or attacks that many trials share make the true
    interval wider.

    Parameters
    ----------
    bonafide, spoof : array-like of shape (trial,)
        Scores of the two classes.
    seed : int
        Seed of the draws; the interval follows from it.
    n_resamples : int
        Resamples, at least 1.
    confidence : float
        Share of the resamples inside the interval, between 0 and 1.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    rates = resampled_eer(bonafide, spoof, seed=seed, n_resamples=n_resamples)
    tail = (1 - confidence) / 2
    low, high = np.quantile(rates, [tail, 1 - tail])
    return Interval(float(low), float(high))


def resampled_eer(
    bonafide: npt.ArrayLike, spoof: npt.ArrayLike, *, seed: int, n_resamples: int
) -> FloatArray:
    """Draw the EER of bootstrap resamples, stratified by class.

    Returns
    -------
    ndarray of shape (n_resamples,)
        Rates as fractions, each as :func:`signl.metrics.equal_error_rate` gives it.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples must be at least 1, got {n_resamples}")
    scores = Scores.checked(bonafide, spoof)
    below = _count_below(scores)
    crossing = _find_crossing(below, n_resamples, np.random.default_rng(seed))
    return rates_at(crossing, below[:, -1:])


def _count_below(scores: Scores) -> IntArray:
    """Count, for every rank, the trials of lower rank: (2, trial + 1), bona fide then spoof."""
    order = np.argsort(np.concatenate(scores), kind="stable")
    is_bonafide = order < scores.bonafide.size
    below = np.zeros((2, order.size + 1), dtype=np.int64)
    np.cumsum(is_bonafide, out=below[0, 1:])
    np.cumsum(~is_bonafide, out=below[1, 1:])
    return below


def _excess(rejected: IntArray, sizes: IntArray) -> IntArray:
    """Compute (miss - false alarm) times the product of the class sizes, in whole numbers."""
    product: IntArray = (rejected * sizes[::-1]).sum(axis=0) - sizes.prod(axis=0)
    return product


def _find_crossing(below: IntArray, n_resamples: int, generator: np.random.Generator) -> Crossing:
    """Halve the ranks until one trial is left, drawing only the counts that this needs."""
    sizes = below[:, -1:]
    n_trials = below.shape[1] - 1
    low = np.zeros(n_resamples, dtype=np.int64)
    high = np.full(n_resamples, n_trials)
    passed = np.zeros((2, n_resamples), dtype=np.int64)
    inside = np.repeat(sizes, n_resamples, axis=1)
    for _ in range((n_trials - 1).bit_length()):
        middle = (low + high) // 2
        # An interval without trials of a class holds none of its draws: any share will do.
        present = np.maximum(below[:, high] - below[:, low], 1)
        lower = generator.binomial(inside, (below[:, middle] - below[:, low]) / present)
        crosses_above = _excess(passed + lower, sizes) < 0
        passed = np.where(crosses_above, passed + lower, passed)
        inside = np.where(crosses_above, inside - lower, lower)
        low = np.where(crosses_above, middle, low)
        high = np.where(crosses_above, high, middle)
    return Crossing(below[:, low + 1] > below[:, low], passed)


def rates_at(crossing: Crossing, sizes: IntArray) -> FloatArray:
    """Compute the EER among the copies of the trial at the crossing, rejected one by one.

    Parameters
    ----------
    crossing : Crossing
        Of each resample.
    sizes : ndarray of shape (2, 1) or (2, resample)
        Bona fide trials and spoofs of a resample.

    Returns
    -------
    ndarray of shape (resample,)
        Rates as fractions.
    """
    is_of_class = crossing.is_of_class
    step = (is_of_class * sizes[::-1]).sum(axis=0)
    # Copies to reject, of the two points around the crossing: the last with fewer misses than
    # false alarms, and the next.
    n_next = -(_excess(crossing.passed, sizes) // step)
    points = crossing.passed + is_of_class * np.stack([n_next - 1, n_next])[:, None]
    miss = points[:, 0] / sizes[0]
    false_alarm = (sizes[1] - points[:, 1]) / sizes[1]
    # Equally near ones are told apart as the official routine does: in floating point, the
    # first wins.
    nearest = np.argmin(np.abs(miss - false_alarm), axis=0)
    rates = np.take_along_axis((miss + false_alarm) / 2, nearest[None], axis=0)
    return np.asarray(rates[0], dtype=np.float64)

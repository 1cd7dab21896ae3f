"""A paired test of systems that scored the same trials: bootstrap of the difference of EERs.

A resample draws bona fide and spoof trials, each class with replacement, and every system is
measured on the same draw: what is hard for all of them falls out of the difference. How often a
trial is drawn decides how much it weighs in each system's own order of scores.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from signl.errors import ScoreError
from signl.evaluation.bootstrap import Crossing, IntArray, Interval, rates_at
from signl.metrics import FloatArray, Scores, equal_error_rate

BoolArray = npt.NDArray[np.bool_]


class PairedDifference(NamedTuple):
    """How much higher the EER of one system is than that of another, as fractions.

    Attributes
    ----------
    difference : float
        EER of the first less that of the second, on all trials.
    interval : Interval
        Percentile interval of the difference.
    p : float
        Two-sided: twice the share of the resamples in which the difference is not of the sign
        that it mostly has, counting one resample more on either side, at most 1.
    """

    difference: float
    interval: Interval
    p: float


class _Order(NamedTuple):
    """The trials of a system by rank: ties bona fide first, as the EER has them.

    Attributes
    ----------
    trial : ndarray of shape (trial,)
        Which trial has a rank.
    is_bonafide : ndarray of shape (trial,)
        Its class, as a whole number.
    step : ndarray of shape (trial,)
        What the rejection of one copy adds to (miss - false alarm) times the class sizes.
    """

    trial: IntArray
    is_bonafide: IntArray
    step: IntArray


def paired_resamples(
    systems: Sequence[npt.ArrayLike], is_bonafide: BoolArray, *, seed: int, n_resamples: int
) -> FloatArray:
    """Draw the EERs of all systems on common bootstrap resamples, stratified by class.

    Parameters
    ----------
    systems : sequence of array-like of shape (trial,)
        Scores of each system, for the same trials in the same order.
    is_bonafide : ndarray of shape (trial,)
        Class of the trials.
    seed : int
        Seed of the draws.
    n_resamples : int
        Resamples, at least 1.

    Returns
    -------
    ndarray of shape (system, n_resamples)
        Rates as fractions, each as :func:`signl.metrics.equal_error_rate` gives it.

    Raises
    ------
    ScoreError
        If systems have differing trials, a class is missing or a score is not finite.
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples must be at least 1, got {n_resamples}")
    if not all(np.shape(scores) == is_bonafide.shape for scores in systems):
        raise ScoreError(
            f"a paired test needs one score a trial, {is_bonafide.size}, of every system; got "
            f"{[np.size(scores) for scores in systems]}"
        )
    orders = [_order_of(np.asarray(scores, np.float64), is_bonafide) for scores in systems]
    members = [np.flatnonzero(is_bonafide), np.flatnonzero(~is_bonafide)]
    sizes = np.array([[each.size] for each in members], dtype=np.int64)
    generator = np.random.default_rng(seed)
    rates = np.empty((len(orders), n_resamples))
    weights = np.zeros(is_bonafide.size, dtype=np.int64)
    for resample in range(n_resamples):
        for own in members:
            draws = generator.integers(own.size, size=own.size)
            weights[own] = np.bincount(draws, minlength=own.size)
        for system, order in enumerate(orders):
            rates[system, resample] = _rate(order, weights[order.trial], sizes)
    return rates


def paired_difference(
    first: FloatArray, second: FloatArray, observed: float, *, confidence: float
) -> PairedDifference:
    """Sum up the resampled EERs of two systems.

    Parameters
    ----------
    first, second : ndarray of shape (resample,)
        Rows of :func:`paired_resamples`.
    observed : float
        The difference on all trials.
    confidence : float
        Share of the resamples inside the interval, between 0 and 1.
    """
    differences = first - second
    tail = (1 - confidence) / 2
    low, high = np.quantile(differences, [tail, 1 - tail])
    fewer = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    p = min(1.0, 2 * (fewer + 1) / (differences.size + 1))
    return PairedDifference(observed, Interval(float(low), float(high)), float(p))


def compare_eers(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    is_bonafide: BoolArray,
    *,
    seed: int,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> PairedDifference:
    """Compare the EERs of two systems that scored the same trials.

    Raises
    ------
    ScoreError
        As :func:`paired_resamples`.
    """
    rates = paired_resamples([first, second], is_bonafide, seed=seed, n_resamples=n_resamples)
    scores = [np.asarray(each, np.float64) for each in (first, second)]
    eers = [equal_error_rate(each[is_bonafide], each[~is_bonafide]).rate for each in scores]
    observed = eers[0] - eers[1]
    return paired_difference(rates[0], rates[1], observed, confidence=confidence)


def _order_of(scores: FloatArray, is_bonafide: BoolArray) -> _Order:
    """Rank the trials of a system."""
    checked = Scores.checked(scores[is_bonafide], scores[~is_bonafide])
    pool = np.concatenate([np.flatnonzero(is_bonafide), np.flatnonzero(~is_bonafide)])
    trial = pool[np.argsort(np.concatenate(checked), kind="stable")]
    of_class = is_bonafide[trial]
    step = np.where(of_class, checked.spoof.size, checked.bonafide.size)
    return _Order(trial, of_class.astype(np.int64), step)


def _rate(order: _Order, weights: IntArray, sizes: IntArray) -> float:
    """Compute the EER of a system where trials are there as often as they were drawn.

    Parameters
    ----------
    order : _Order
        Of the system.
    weights : ndarray of shape (trial,)
        Copies of each trial, by rank.
    sizes : ndarray of shape (2, 1)
        Bona fide trials and spoofs.
    """
    # Where misses overtake false alarms: at a trial that was drawn, for others add nothing.
    rank = int(np.searchsorted(np.cumsum(weights * order.step), sizes.prod()))
    n_passed = weights[:rank].sum()
    n_bonafide = weights[:rank] @ order.is_bonafide[:rank]
    passed = np.array([[n_bonafide], [n_passed - n_bonafide]])
    of_class = np.array([[order.is_bonafide[rank] == 1], [order.is_bonafide[rank] == 0]])
    return float(rates_at(Crossing(of_class, passed), sizes)[0])

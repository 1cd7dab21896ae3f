"""A paired test of systems that scored the same trials: bootstrap of the difference of EERs.

A resample draws bona fide and spoof trials, each class with replacement, and every system is
measured on the same draw: what is hard for all of them falls out of the difference. How often a
trial is drawn decides how much it weighs in each system's own order of scores, which is looked
through near the EER alone: below that place it is enough to count.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from signl.errors import ScoreError
from signl.evaluation.bootstrap import Crossing, IntArray, Interval, rates_at
from signl.metrics import FloatArray, Scores, equal_error_rate

BoolArray = npt.NDArray[np.bool_]
#: Deviations of (miss - false alarm) by which the window of ranks reaches to either side: all but
#: never has a resample its EER beyond, and then all ranks are looked through.
_N_DEVIATIONS = 6.0


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
        Which trial has a rank; bona fide trials are numbered first, then the spoofs.
    is_bonafide : ndarray of shape (trial,)
        Its class, as a whole number.
    step : ndarray of shape (trial,)
        What the rejection of one copy adds to (miss - false alarm) times the class sizes.
    window : slice
        Ranks among which nearly all resamples have their EER.
    below : ndarray of shape (trial,)
        Of each trial, not rank: whether it lies below the window, as a whole number.
    """

    trial: IntArray
    is_bonafide: IntArray
    step: IntArray
    window: slice
    below: IntArray


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
    n_bonafide = int(np.count_nonzero(is_bonafide))
    sizes = np.array([[n_bonafide], [is_bonafide.size - n_bonafide]])
    generator = np.random.default_rng(seed)
    rates = np.empty((len(orders), n_resamples))
    for resample in range(n_resamples):
        # How often each trial is drawn, class by class.
        drawn = [
            np.bincount(generator.integers(size, size=size), minlength=size)
            for size in sizes[:, 0].tolist()
        ]
        weights = np.concatenate(drawn)
        for system, order in enumerate(orders):
            rates[system, resample] = _rate(order, weights, sizes)
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
    n_bonafide, n_spoof = checked.bonafide.size, checked.spoof.size
    trial = np.argsort(np.concatenate(checked), kind="stable")
    of_class = trial < n_bonafide
    step = np.where(of_class, n_spoof, n_bonafide)
    gap = np.cumsum(step) / (n_bonafide * n_spoof) - 1
    margin = _N_DEVIATIONS * np.sqrt(0.25 / n_bonafide + 0.25 / n_spoof)
    first, last = np.searchsorted(gap, [-margin, margin])
    below = np.zeros(trial.size, dtype=np.int64)
    below[trial[:first]] = 1
    return _Order(trial, of_class.astype(np.int64), step, slice(first, last + 1), below)


def _rate(order: _Order, weights: IntArray, sizes: IntArray) -> float:
    """Compute the EER of a system where trials are there as often as they were drawn.

    Parameters
    ----------
    order : _Order
        Of the system.
    weights : ndarray of shape (trial,)
        Copies of each trial.
    sizes : ndarray of shape (2, 1)
        Bona fide trials and spoofs.
    """
    n_bonafide = sizes[0, 0]
    passed = np.array(
        [
            [weights[:n_bonafide] @ order.below[:n_bonafide]],
            [weights[n_bonafide:] @ order.below[n_bonafide:]],
        ]
    )
    crossing = _crossing_in(order, order.window, passed, weights, sizes)
    if crossing is None:
        every = slice(0, weights.size)
        crossing = _crossing_in(order, every, np.zeros_like(passed), weights, sizes)
        assert crossing is not None
    return float(rates_at(crossing, sizes)[0])


def _crossing_in(
    order: _Order, window: slice, passed: IntArray, weights: IntArray, sizes: IntArray
) -> Crossing | None:
    """Return where misses overtake false alarms, if that is at a rank of a window.

    ``passed`` of shape (2, 1) counts the copies below the window: bona fide, spoof.
    """
    copies = weights[order.trial[window]]
    missing = int(sizes.prod() - (passed * sizes[::-1]).sum())
    # At a trial that was drawn, for others add nothing to the sum.
    rank = int(np.searchsorted(np.cumsum(copies * order.step[window]), missing))
    if missing <= 0 or rank == copies.size:
        return None
    is_bonafide = order.is_bonafide[window]
    n_bonafide = copies[:rank] @ is_bonafide[:rank]
    inside = np.array([[n_bonafide], [copies[:rank].sum() - n_bonafide]])
    of_class = np.array([[is_bonafide[rank] == 1], [is_bonafide[rank] == 0]])
    return Crossing(of_class, passed + inside)

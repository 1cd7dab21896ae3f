"""A paired test of systems that scored the same trials: bootstrap of the difference of EERs.

A resample draws trials with replacement (:mod:`signl.evaluation.resamples`), and every system is
measured on the same draw: what is hard for all of them falls out of the difference. How often a
trial is drawn decides how much it weighs in each system's own order of scores, which is looked
through near the EER alone: below that place it is enough to count, which is one product of
matrices for all systems and resamples.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from signl.errors import ScoreError
from signl.evaluation.bootstrap import Crossing, IntArray, Interval, rates_at
from signl.evaluation.resamples import BoolArray, Counts, Units, draw_batches
from signl.metrics import FloatArray, Scores, equal_error_rate

#: Deviations of (miss - false alarm) by which the window of scores reaches to either side: all but
#: never has a resample its EER beyond, and then a wider one is looked through.
_N_DEVIATIONS = 6.0
#: Trials of a class by which it reaches farther, where hardly any error is made.
_N_SLACK = 8
#: Trials that are counted at a time, few enough for exact sums of float32.
_N_COUNTED = 1 << 14
#: Ranks of a block, whose counts are added up before one of them is looked into.
_BLOCK = 64


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


class _Window(NamedTuple):
    """The trials of a system among whose scores resamples have their EER.

    Attributes
    ----------
    ranked : ndarray of shape (inside,)
        Trials of the window by score, ties bona fide first, as the EER has them.
    is_below : ndarray of shape (trial,)
        Whether a trial has a lower score than all of these.
    """

    ranked: IntArray
    is_below: BoolArray


def paired_resamples(
    systems: Sequence[npt.ArrayLike],
    is_bonafide: BoolArray,
    *,
    seed: int,
    n_resamples: int,
    units: Units | None = None,
) -> FloatArray:
    """Draw the EERs of all systems on common bootstrap resamples.

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
    units : Units, optional
        What is drawn, of the trials with all bona fide ones first; by default trial by trial,
        each class for itself.

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
    checked = [
        Scores.checked(scores[is_bonafide], scores[~is_bonafide])
        for scores in (np.asarray(each, np.float64) for each in systems)
    ]
    n_bonafide = int(np.count_nonzero(is_bonafide))
    drawn = units or Units.trials(n_bonafide, is_bonafide.size - n_bonafide)
    windows = [_window(scores, drawn) for scores in checked]
    rates = np.empty((len(checked), n_resamples))
    first = 0
    for counts in draw_batches(drawn, seed=seed, n_resamples=n_resamples):
        of_classes = (counts[:n_bonafide], counts[n_bonafide:])
        sizes = np.stack([own.sum(axis=0, dtype=np.int64) for own in of_classes])
        below = _count_below(windows, counts, n_bonafide)
        into = rates[:, first : first + counts.shape[1]]
        for row, scores, window, passed in zip(into, checked, windows, below, strict=True):
            row[:] = _rates(scores, window, passed, counts, sizes)
        first += counts.shape[1]
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


def _window(scores: Scores, units: Units) -> _Window:
    """Return the trials among whose scores the EER of a resample is looked for."""
    bonafide, spoof = (np.sort(own) for own in scores)
    longer = bonafide if bonafide.size > spoof.size else spoof
    places = range(longer.size)

    def gap(place: int, side: Literal["left", "right"]) -> float:
        """Compute miss - false alarm where a score is the lowest accepted, or highest rejected."""
        rejected = [
            np.searchsorted(own, longer[place], side) / own.size for own in (bonafide, spoof)
        ]
        return float(sum(rejected) - 1)

    threshold = longer[bisect_left(places, 0.0, key=lambda place: gap(place, "right"))]
    is_rejected = [own <= threshold for own in scores]
    influence = np.concatenate([(own - own.mean()) / own.size for own in is_rejected])
    slack = _N_SLACK / bonafide.size + _N_SLACK / spoof.size
    margin = _N_DEVIATIONS * units.deviation(influence) + slack
    low = bisect_right(places, -margin, key=lambda place: gap(place, "left")) - 1
    high = bisect_left(places, margin, key=lambda place: gap(place, "right"))
    lowest = longer[low] if low >= 0 else -np.inf
    highest = longer[high] if high < longer.size else np.inf
    values = np.concatenate(scores)
    is_below = values < lowest
    inside = np.flatnonzero(~is_below & (values <= highest))
    return _Window(inside[np.argsort(values[inside], kind="stable")], is_below)


def _count_below(windows: Sequence[_Window], counts: Counts, n_bonafide: int) -> IntArray:
    """Count the drawn trials below the window of each system: (system, class, resample)."""
    below = np.zeros((len(windows), 2, counts.shape[1]), dtype=np.int64)
    for of_class, ends in enumerate(((0, n_bonafide), (n_bonafide, len(counts)))):
        for first in range(*ends, _N_COUNTED):
            part = slice(first, min(first + _N_COUNTED, ends[1]))
            masks = np.stack([window.is_below[part] for window in windows]).astype(np.float32)
            below[:, of_class] += np.rint(masks @ counts[part].astype(np.float32)).astype(np.int64)
    return below


def _rates(
    scores: Scores, window: _Window, passed: IntArray, counts: Counts, sizes: IntArray
) -> FloatArray:
    """Compute the EERs of a system where trials are there as often as they were drawn.

    Parameters
    ----------
    scores : Scores
        Of the system.
    window : _Window
        Where its EERs are sought.
    passed : ndarray of shape (2, resample)
        Drawn trials below the window: bona fide, spoof.
    counts : ndarray of shape (trial, resample)
        Copies of each trial.
    sizes : ndarray of shape (2, resample)
        Bona fide trials and spoofs of each resample.
    """
    n_bonafide = scores.bonafide.size
    crossing, is_found = _search(window.ranked, passed, counts, sizes, n_bonafide)
    rates = rates_at(crossing, sizes)
    if not is_found.all():
        missed = ~is_found
        every = np.argsort(np.concatenate(scores), kind="stable")
        none = np.zeros_like(passed[:, missed])
        crossing, _ = _search(every, none, counts[:, missed], sizes[:, missed], n_bonafide)
        rates[missed] = rates_at(crossing, sizes[:, missed])
    return rates


def _search(
    ranked: IntArray, passed: IntArray, counts: Counts, sizes: IntArray, n_bonafide: int
) -> tuple[Crossing, BoolArray]:
    """Find where misses overtake false alarms; and in which resamples that is in the window.

    Copies are added up by blocks of ranks, and then by rank in the block that it is in.
    """
    n_blocks, n_resamples = -(-ranked.size // _BLOCK), counts.shape[1]
    copies = np.zeros((n_blocks * _BLOCK, n_resamples), np.uint8)
    copies[: ranked.size] = counts[ranked]
    is_bonafide = np.zeros(len(copies), np.uint8)
    is_bonafide[: ranked.size] = ranked < n_bonafide
    before = np.zeros((n_blocks + 1, 2, n_resamples), np.int64)
    blocks = copies.reshape(n_blocks, _BLOCK, n_resamples)
    own = (copies * is_bonafide[:, None]).reshape(blocks.shape)
    before[1:, 0] = own.sum(axis=1, dtype=np.int32).cumsum(axis=0)
    before[1:, 1] = blocks.sum(axis=1, dtype=np.int32).cumsum(axis=0) - before[1:, 0]
    before += passed
    excess = (before * sizes[::-1]).sum(axis=1) - sizes.prod(axis=0)
    is_found = (excess[0] < 0) & (excess[-1] >= 0)
    block = np.minimum((excess[1:] < 0).sum(axis=0), n_blocks - 1)
    columns = np.arange(n_resamples)
    places = block * _BLOCK + np.arange(_BLOCK)[:, None]
    drawn = copies[places, columns].astype(np.int64)
    of_class = np.stack([is_bonafide[places] == 1, is_bonafide[places] == 0], axis=1)
    within = (drawn[:, None] * of_class).cumsum(axis=0) + before[block, :, columns].T
    excess = (within * sizes[::-1]).sum(axis=1) - sizes.prod(axis=0)
    # A trial that was drawn, for others add nothing to the sum.
    rank = np.minimum((excess < 0).sum(axis=0), _BLOCK - 1)
    at = of_class[rank, :, columns].T
    return Crossing(at, within[rank, :, columns].T - at * drawn[rank, columns]), is_found

"""How often each trial is drawn in bootstrap resamples: by trial, by speaker or by attack.

Trials are numbered bona fide first, then the spoofs. Drawn with replacement are *units*: single
trials of a class, or all trials of a speaker or of an attack, which then come and go together.
"""

from collections.abc import Iterator
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from signl.errors import ScoreError

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.uint8]

#: Bytes of the counts that are held at a time.
_BATCH_BYTES = 1 << 26
#: Draws without one of the classes in a row, after which there is no hope for one.
_MAX_EMPTY = 1000


class _Pool(NamedTuple):
    """Units of which as many are drawn as there are.

    Attributes
    ----------
    members : slice
        The trials that belong to them.
    unit : ndarray of shape (member,), optional
        The unit of each; none where each is one of its own.
    size : int
        How many units there are.
    """

    members: slice
    unit: IntArray | None
    size: int


class Units(NamedTuple):
    """What is drawn in a resample.

    Attributes
    ----------
    pools : tuple of _Pool
        Drawn in this order.
    n_bonafide, n_trials : int
        Bona fide trials, which come first, and all.
    """

    pools: tuple[_Pool, ...]
    n_bonafide: int
    n_trials: int

    @classmethod
    def trials(cls, n_bonafide: int, n_spoof: int) -> Self:
        """Return single trials, class by class: each resample has as many of either."""
        n_trials = n_bonafide + n_spoof
        spoofs = _Pool(slice(n_bonafide, n_trials), None, n_spoof)
        return cls((_Pool(slice(0, n_bonafide), None, n_bonafide), spoofs), n_bonafide, n_trials)

    @classmethod
    def speakers(cls, names: npt.ArrayLike, n_bonafide: int) -> Self:
        """Return speakers, with all that they said or are said to have said.

        Parameters
        ----------
        names : array-like of shape (trial,)
            The speaker of each trial.
        n_bonafide : int
            Bona fide trials, which come first.
        """
        found, unit = np.unique(np.asarray(names), return_inverse=True)
        pool = _Pool(slice(0, unit.size), unit.astype(np.int64), found.size)
        return cls((pool,), n_bonafide, int(unit.size))

    @classmethod
    def attacks(cls, names: npt.ArrayLike, n_bonafide: int) -> Self:
        """Return bona fide trials one by one, and attacks with all of their spoofs.

        Parameters
        ----------
        names : array-like of shape (spoof,)
            The attack of each spoof.
        n_bonafide : int
            Bona fide trials.
        """
        found, unit = np.unique(np.asarray(names), return_inverse=True)
        single, n_trials = cls.trials(n_bonafide, int(unit.size)).pools[0], n_bonafide + unit.size
        spoofs = _Pool(slice(n_bonafide, n_trials), unit.astype(np.int64), found.size)
        return cls((single, spoofs), n_bonafide, int(n_trials))

    @property
    def keep_sizes(self) -> bool:
        """Whether each resample has as many trials of a class as there are."""
        return all(pool.unit is None for pool in self.pools)

    def deviation(self, influence: npt.NDArray[np.float64]) -> float:
        """Return the standard deviation over resamples of a sum of one term a trial."""
        variance = 0.0
        for pool in self.pools:
            own = influence[pool.members]
            if pool.unit is not None:
                own = np.bincount(pool.unit, own, minlength=pool.size).astype(np.float64)
            variance += float(np.square(own - own.mean()).sum())
        return float(np.sqrt(variance))


def draw_batches(units: Units, *, seed: int, n_resamples: int) -> Iterator[Counts]:
    """Yield how often each trial is drawn, many resamples at a time.

    Yields
    ------
    ndarray of shape (trial, resample)
        Counts; all batches together have ``n_resamples`` columns, in the order of the draws.

    Raises
    ------
    ScoreError
        If resamples without one of the classes follow each other without an end.
    """
    generator = np.random.default_rng(seed)
    n_batch = max(1, min(n_resamples, _BATCH_BYTES // units.n_trials))
    for first in range(0, n_resamples, n_batch):
        counts = np.empty((min(n_batch, n_resamples - first), units.n_trials), np.uint8)
        for row in counts:
            _draw(units, generator, row)
        yield np.ascontiguousarray(counts.T)


def _draw(units: Units, generator: np.random.Generator, into: Counts) -> None:
    """Draw a resample; one that lacks a class, as one of few speakers may, is drawn again."""
    for _ in range(_MAX_EMPTY):
        for pool in units.pools:
            drawn = np.bincount(generator.integers(pool.size, size=pool.size), minlength=pool.size)
            into[pool.members] = drawn if pool.unit is None else drawn[pool.unit]
        if units.keep_sizes or (into[: units.n_bonafide].any() and into[units.n_bonafide :].any()):
            return
    raise ScoreError(
        f"{_MAX_EMPTY} resamples in a row lack one of the classes: too few speakers have both; "
        "resample by trial"
    )

"""What makes a difference one: p beyond what resamples count, its correction, weights of seeds.

References
----------
Holm (1979), A simple sequentially rejective multiple test procedure.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from signl.metrics import FloatArray
from signl.seeds import derive_seed


def seed_weights(seeds: Sequence[int], n_resamples: int) -> FloatArray:
    """Draw seeds with replacement: the weight of each in a mean, of shape (seed, resample).

    The same seeds give the same draws, so that recipes which share them, and with them the
    labelled utterances, are compared seed by seed. Deviations from equal weights are stretched by
    the root of n / (n - 1), for the variance of a mean of n seeds to be met on the average.
    """
    n_seeds = len(seeds)
    if n_seeds == 1:
        return np.ones((1, n_resamples))
    generator = np.random.default_rng(derive_seed(0, "seeds", *seeds))
    counts = generator.multinomial(n_seeds, [1 / n_seeds] * n_seeds, size=n_resamples).T
    stretch = math.sqrt(n_seeds / (n_seeds - 1))
    weights: FloatArray = (1 + stretch * (counts - 1)) / n_seeds
    return weights


def tail_p(difference: float, deviation: float, counted: float) -> float:
    """Return a two-sided p by the normal distribution, which no number of resamples bounds.

    A p that is counted among 1,000 resamples is 0.002 at the least, and never survives the
    correction for a hundred comparisons. Where resamples do not differ at all it is the counted
    one; 1 of what is equal in all of them.
    """
    if deviation == 0:
        return 1.0 if difference == 0 else counted
    return math.erfc(abs(difference) / deviation / math.sqrt(2))


def holm(ps: Iterable[float]) -> list[float]:
    """Return p-values corrected for their number, by Holm's step-down method, in their order."""
    values = list(ps)
    corrected = [0.0] * len(values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = highest
    return corrected

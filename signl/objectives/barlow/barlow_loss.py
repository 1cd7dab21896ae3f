"""The loss of Barlow Twins."""

import torch
from torch import Tensor

from signl.objectives.barlow.options import BarlowOptions
from signl.objectives.objective import Objective, objective_of, off_diagonal


def barlow(first: Tensor, second: Tensor, options: BarlowOptions) -> Objective:
    """Return the loss of Barlow Twins on the cross-correlation C of the two views.

    Invariance is the sum over i of (1 - C_ii)**2, redundancy that over i != j of C_ij**2.

    References
    ----------
    Zbontar et al. (2021), Barlow Twins, equations 1 and 2.
    """
    standard_first = _standardise(first, options.epsilon)
    standard_second = _standardise(second, options.epsilon)
    correlation = standard_first.mT @ standard_second / len(first)
    invariance = (1 - correlation.diagonal()).square().sum()
    redundancy = off_diagonal(correlation).square().sum()
    loss = invariance + options.redundancy * redundancy
    return objective_of(loss, invariance=invariance, redundancy=redundancy)


def _standardise(view: Tensor, epsilon: float) -> Tensor:
    variance, mean = torch.var_mean(view, dim=0, correction=0)
    return (view - mean) * (variance + epsilon).rsqrt()

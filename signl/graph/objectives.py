"""Objectives of pre-training: maps from the projections of two views to a loss.

All take two tensors of shape (batch, width), compute in float32 or better, whatever the model's
precision, and take their statistics over the batch that they are given.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.errors import ConfigError
from signl.options import build_options


class Objective(NamedTuple):
    """A loss to minimise (scalar) and the detached terms that it is made of, by name."""

    loss: Tensor
    terms: dict[str, Tensor]


def _objective(loss: Tensor, **terms: Tensor) -> Objective:
    return Objective(loss, {name: term.detach() for name, term in terms.items()})


def alignment(first: Tensor, second: Tensor) -> Objective:
    """Return minus the mean cosine of the two views: the published loss of SIGNL.

    Gradients flow through both views. A constant projection is optimal, so this loss cannot show
    collapse; see :mod:`signl.graph.collapse`.

    References
    ----------
    SIGNL, arXiv 2501.04942.
    """
    cosine = F.cosine_similarity(first, second).mean()
    return _objective(-cosine, cosine=cosine)


@dataclass(frozen=True, kw_only=True)
class VICRegOptions:
    """Weights of the three terms, and the constant inside the standard deviation."""

    invariance: float = 25.0
    variance: float = 25.0
    covariance: float = 1.0
    epsilon: float = 1e-4


def vicreg(first: Tensor, second: Tensor, options: VICRegOptions) -> Objective:
    """Return the loss of VICReg: invariance, variance and covariance, weighted.

    With S the standard deviation, C the covariance matrix (both over n - 1) and d the width:

    - invariance: the mean squared difference of the two views;
    - variance: mean over j of max(0, 1 - sqrt(var_j + epsilon)), averaged over the views;
    - covariance: sum over i != j of C_ij**2, over d, added over the views.

    References
    ----------
    Bardes, Ponce and LeCun (2022), VICReg, section 4, equations 1 to 6. As in the authors'
    code the invariance is a mean over the width too, and the variance an average, not a sum,
    over the views.
    """
    invariance = F.mse_loss(first, second)
    variance = (
        _deviation_hinge(first, options.epsilon) + _deviation_hinge(second, options.epsilon)
    ) / 2
    covariance = _covariance_penalty(first) + _covariance_penalty(second)
    loss = (
        options.invariance * invariance
        + options.variance * variance
        + options.covariance * covariance
    )
    return _objective(loss, invariance=invariance, variance=variance, covariance=covariance)


def _deviation_hinge(view: Tensor, epsilon: float) -> Tensor:
    return F.relu(1 - (view.var(dim=0) + epsilon).sqrt()).mean()


def _covariance_penalty(view: Tensor) -> Tensor:
    centred = view - view.mean(dim=0)
    covariance = centred.mT @ centred / (len(view) - 1)
    return _off_diagonal(covariance).square().sum() / view.shape[1]


def _off_diagonal(square: Tensor) -> Tensor:
    return square - square.diagonal().diag()


@dataclass(frozen=True, kw_only=True)
class BarlowOptions:
    """Weight of the redundancy term (lambda), and the constant added to variances."""

    redundancy: float = 5e-3
    epsilon: float = 1e-5


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
    redundancy = _off_diagonal(correlation).square().sum()
    loss = invariance + options.redundancy * redundancy
    return _objective(loss, invariance=invariance, redundancy=redundancy)


def _standardise(view: Tensor, epsilon: float) -> Tensor:
    variance, mean = torch.var_mean(view, dim=0, correction=0)
    return (view - mean) * (variance + epsilon).rsqrt()


@dataclass(frozen=True, kw_only=True)
class SimSiamOptions:
    """Width of the predictor's hidden layer; None is a quarter of the projection's width."""

    hidden: int | None = None


class SimSiam(nn.Module):
    """The loss of SimSiam, with its predictor and its stop-gradient.

    With h the predictor, the loss is the mean of minus cosine(h(z1), z2) and minus
    cosine(h(z2), z1), where the second argument of each is held constant.

    References
    ----------
    Chen and He (2021), Exploring simple Siamese representation learning, equations 1 to 4;
    the predictor is that of section 3.
    """

    def __init__(self, width: int, options: SimSiamOptions) -> None:
        super().__init__()
        hidden = max(1, width // 4) if options.hidden is None else options.hidden
        self.predictor = nn.Sequential(
            nn.Linear(width, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, width),
        )

    def forward(self, first: Tensor, second: Tensor) -> Objective:
        """Return the loss of two views."""
        forth = F.cosine_similarity(self.predictor(first), second.detach()).mean()
        back = F.cosine_similarity(self.predictor(second), first.detach()).mean()
        cosine = (forth + back) / 2
        return _objective(-cosine, cosine=cosine)


class _Function(nn.Module):
    """An objective without weights of its own."""

    def __init__(self, function: Callable[[Tensor, Tensor], Objective]) -> None:
        super().__init__()
        self.function = function

    def forward(self, first: Tensor, second: Tensor) -> Objective:
        return self.function(first, second)


class _InFullPrecision(nn.Module):
    """An objective kept out of half precision: variances and cosines need the digits."""

    def __init__(self, objective: nn.Module) -> None:
        super().__init__()
        self.objective = objective

    def forward(self, first: Tensor, second: Tensor) -> Objective:
        """Return the loss of two projections of shape (batch, width)."""
        if first.shape != second.shape or first.ndim != 2 or len(first) < 2:
            raise ValueError(
                "an objective takes two equal shapes (batch, width) with a batch of 2 or more, "
                f"got {tuple(first.shape)} and {tuple(second.shape)}"
            )
        with torch.autocast(first.device.type, enabled=False):
            return cast(Objective, self.objective(_precise(first), _precise(second)))


def _precise(view: Tensor) -> Tensor:
    return view if view.dtype == torch.float64 else view.float()


@dataclass(frozen=True, kw_only=True)
class _NoOptions:
    pass


class _Entry(NamedTuple):
    options: type[Any]
    build: Callable[[int, Any], nn.Module]


_REGISTRY = {
    "alignment": _Entry(_NoOptions, lambda width, options: _Function(alignment)),
    "vicreg": _Entry(
        VICRegOptions,
        lambda width, options: _Function(partial(vicreg, options=options)),
    ),
    "barlow": _Entry(
        BarlowOptions,
        lambda width, options: _Function(partial(barlow, options=options)),
    ),
    "simsiam": _Entry(SimSiamOptions, SimSiam),
}
#: Names that :func:`make_objective` knows.
OBJECTIVES = tuple(_REGISTRY)


def make_objective(name: str, width: int, options: Mapping[str, Any]) -> nn.Module:
    """Build an objective: a module from two projections to an :class:`Objective`.

    It may have weights of its own (SimSiam's predictor), which are trained with the model's.

    Parameters
    ----------
    name : str
        One of :data:`OBJECTIVES`.
    width : int
        Width of the projections.
    options : Mapping
        Fields of the objective's options; those left out keep their published values.

    Raises
    ------
    ConfigError
        If the name or an option is unknown.
    """
    if name not in _REGISTRY:
        raise ConfigError(f"unknown objective {name!r}; known are {sorted(_REGISTRY)}")
    entry = _REGISTRY[name]
    return _InFullPrecision(
        entry.build(width, build_options(entry.options, options, f"objective {name}"))
    )

"""The module of an objective: projections of two views to a loss.

All take two tensors of shape (batch, width), compute in float32 or better, whatever the model's
precision, and take their statistics over the batch that they are given. What some see besides,
:attr:`signl.objectives.objective_options.ObjectiveOptions.sees` says.
"""

from collections.abc import Callable
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

#: What an objective sees of the first view and of the second.
Pair = tuple[Tensor, Tensor]


class Objective(NamedTuple):
    """A loss to minimise (scalar) and the detached terms that it is made of, by name."""

    loss: Tensor
    terms: dict[str, Tensor]


def objective_of(loss: Tensor, **terms: Tensor) -> Objective:
    """Return a loss with its terms."""
    return Objective(loss, {name: term.detach() for name, term in terms.items()})


def off_diagonal(square: Tensor) -> Tensor:
    """Return a square matrix with zeros on its diagonal."""
    return square - square.diagonal().diag()


class FunctionObjective(nn.Module):
    """An objective without weights of its own."""

    def __init__(self, function: Callable[[Tensor, Tensor], Objective]) -> None:
        super().__init__()
        self.function = function

    def forward(self, first: Tensor, second: Tensor) -> Objective:
        """Return the loss of two projections of shape (batch, width)."""
        return self.function(first, second)


class InFullPrecision(nn.Module):
    """An objective kept out of half precision: variances and cosines need the digits."""

    def __init__(self, objective: nn.Module) -> None:
        super().__init__()
        self.objective = objective

    def forward(
        self, first: Tensor, second: Tensor, *, classes: Tensor | None = None, **others: Pair
    ) -> Objective:
        """Return the loss of two projections of shape (batch, width).

        Parameters
        ----------
        first, second : Tensor of shape (batch, width)
            Projections of the two views.
        classes : Tensor of shape (batch,), int64, optional
            What each utterance is, for an objective that learns from resynthesis.
        others : pair of Tensor of shape (batch, ...)
            What else the objective sees of the two views, by name.

        Raises
        ------
        ValueError
            If the projections have unequal shapes, or are fewer than two.
        """
        if first.shape != second.shape or first.ndim != 2 or len(first) < 2:
            raise ValueError(
                "an objective takes two equal shapes (batch, width) with a batch of 2 or more, "
                f"got {tuple(first.shape)} and {tuple(second.shape)}"
            )
        with torch.autocast(first.device.type, enabled=False):
            seen: dict[str, object] = {
                name: (_precise(one), _precise(two)) for name, (one, two) in others.items()
            }
            if classes is not None:
                seen["classes"] = classes
            return cast(Objective, self.objective(_precise(first), _precise(second), **seen))


def _precise(view: Tensor) -> Tensor:
    return view if view.dtype == torch.float64 else view.float()

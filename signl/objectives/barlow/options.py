"""Options of Barlow Twins."""

from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from signl.objectives.objective_options import ObjectiveOptions
from signl.typed import NotNegative, Positive

if TYPE_CHECKING:
    from torch import nn


class BarlowOptions(ObjectiveOptions):
    """Options of Barlow Twins."""

    kind: Literal["barlow"] = "barlow"
    redundancy: NotNegative = Field(default=5e-3, description="Weight of the redundancy (lambda).")
    epsilon: Positive = Field(default=1e-5, description="Constant added to variances.")

    def module(self, width: int) -> "nn.Module":
        """Build the loss."""
        from signl.objectives.barlow.barlow_loss import barlow
        from signl.objectives.objective import FunctionObjective

        return FunctionObjective(partial(barlow, options=self))

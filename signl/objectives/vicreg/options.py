"""Weights of the three terms of VICReg."""

from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from signl.objectives.objective_options import ObjectiveOptions
from signl.typed import NotNegative, Positive

if TYPE_CHECKING:
    from torch import nn


class VICRegOptions(ObjectiveOptions):
    """Weights of the three terms of VICReg."""

    kind: Literal["vicreg"] = "vicreg"
    invariance: NotNegative = Field(default=25.0, description="Weight of the invariance.")
    variance: NotNegative = Field(default=25.0, description="Weight of the variance.")
    covariance: NotNegative = Field(default=1.0, description="Weight of the covariance.")
    epsilon: Positive = Field(default=1e-4, description="Constant inside the standard deviation.")

    def module(self, width: int) -> "nn.Module":
        """Build the loss."""
        from signl.objectives.objective import FunctionObjective
        from signl.objectives.vicreg.vicreg_loss import vicreg

        return FunctionObjective(partial(vicreg, options=self))

"""Options of SimCLR."""

from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from signl.objectives.objective_options import ObjectiveOptions
from signl.typed import Positive

if TYPE_CHECKING:
    from torch import nn


class SimCLROptions(ObjectiveOptions):
    """Options of SimCLR."""

    kind: Literal["simclr"] = "simclr"
    temperature: Positive = Field(
        default=0.2,
        description="Cosines are divided by it; 0.2 is that of its use on audio "
        "(arXiv 2011.07616), 0.5 that of SimCLR for pictures.",
    )

    def module(self, width: int) -> "nn.Module":
        """Build the loss."""
        from signl.objectives.objective import FunctionObjective
        from signl.objectives.simclr.simclr_loss import simclr

        return FunctionObjective(partial(simclr, options=self))

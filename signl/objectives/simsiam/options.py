"""Options of SimSiam."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from signl.objectives.objective_options import ObjectiveOptions
from signl.typed import Count

if TYPE_CHECKING:
    from torch import nn


class SimSiamOptions(ObjectiveOptions):
    """Options of SimSiam."""

    kind: Literal["simsiam"] = "simsiam"
    hidden: Count | None = Field(
        default=None,
        description="Width of the predictor's hidden layer; null is a quarter of the projection's.",
    )

    def module(self, width: int) -> "nn.Module":
        """Build the loss."""
        from signl.objectives.simsiam.simsiam_loss import SimSiam

        return SimSiam(width, self)

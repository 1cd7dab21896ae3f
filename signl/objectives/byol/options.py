"""Options of BYOL."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from signl.objectives.objective_options import ObjectiveOptions
from signl.typed import Count, Rate

if TYPE_CHECKING:
    from torch import nn

    from signl.objectives.momentum import MomentumTarget


class BYOLOptions(ObjectiveOptions):
    """Options of BYOL; its projector is ``head_widths: [4096, 256]`` with ``head_norm: batch``."""

    sees: ClassVar[Literal["targets"]] = "targets"

    kind: Literal["byol"] = "byol"
    hidden: Count = Field(default=4096, description="Width of the predictor's hidden layer.")
    momentum: Rate = Field(
        default=0.99, description="Share of the old weights when the target follows the network."
    )

    def module(self, width: int) -> "nn.Module":
        """Build the loss."""
        from signl.objectives.byol.byol_loss import BYOL

        return BYOL(width, self)

    def target(self, online: "nn.Module") -> "MomentumTarget":
        """Return a copy that follows the weights which a step finds.

        It lags behind by one step more than if it followed those that a step leaves: as the
        authors of BYOL-A train.
        """
        from signl.objectives.momentum import MomentumTarget

        return MomentumTarget(online, self.momentum, moves="before_step")

"""Options of the published loss: it has none."""

from typing import TYPE_CHECKING, Literal

from signl.objectives.objective_options import ObjectiveOptions

if TYPE_CHECKING:
    from torch import nn


class AlignmentOptions(ObjectiveOptions):
    """Options of the published loss: it has none."""

    kind: Literal["alignment"] = "alignment"

    def module(self, width: int) -> "nn.Module":
        """Build the loss."""
        from signl.objectives.alignment.alignment_loss import alignment
        from signl.objectives.objective import FunctionObjective

        return FunctionObjective(alignment)

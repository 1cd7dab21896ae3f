"""Options of the angular contrastive loss."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from signl.objectives.objective_options import ObjectiveOptions
from signl.typed import Positive, Rate

if TYPE_CHECKING:
    from torch import nn


class ACLOptions(ObjectiveOptions):
    """Options of the angular contrastive loss."""

    sees: ClassVar[Literal["embeddings"]] = "embeddings"

    kind: Literal["acl"] = "acl"
    alpha: Rate = Field(
        default=0.3, description="Weight of the contrastive part; the angular part has the rest."
    )
    temperature: Positive = Field(
        default=0.2, description="Cosines of the contrastive part are divided by it."
    )
    margin: Positive = Field(
        default=0.5,
        description="Angle, in radians, below which embeddings of two utterances are too close.",
    )

    def module(self, width: int) -> "nn.Module":
        """Build the loss."""
        from signl.objectives.acl.acl_loss import ACL

        return ACL(self)

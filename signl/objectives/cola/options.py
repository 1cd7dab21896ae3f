"""Options of COLA."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from signl.objectives.objective_options import ObjectiveOptions
from signl.typed import Positive

if TYPE_CHECKING:
    from torch import nn


class COLAOptions(ObjectiveOptions):
    """Options of COLA; its projection is one linear layer, ``head_widths: [512]``."""

    kind: Literal["cola"] = "cola"
    similarity: Literal["bilinear", "cosine"] = Field(
        default="bilinear",
        description="Of anchor and positive: a trained bilinear form of their projections, after "
        "layer normalisation and tanh, or the cosine.",
    )
    temperature: Positive | None = Field(
        default=None, description="Cosines are divided by it; null is 0.2. Of the cosine alone."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.similarity == "bilinear" and self.temperature is not None:
            raise ValueError(
                f"temperature is {self.temperature} with similarity: bilinear; allowed is null, or "
                "similarity: cosine"
            )
        return self

    def module(self, width: int) -> "nn.Module":
        """Build the loss."""
        from signl.objectives.cola.cola_loss import COLA

        return COLA(width, self)

"""Options of EfficientNet-B0."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from signl.models.base import NetworkOptions
from signl.typed import Rate

if TYPE_CHECKING:
    from signl.models.efficientnet_b0.efficient import EfficientNetB0


class EfficientNetB0Options(NetworkOptions):
    """Options of EfficientNet-B0."""

    kind: Literal["efficientnet_b0"] = "efficientnet_b0"
    form: Literal["torchvision", "keras"] = Field(
        default="torchvision",
        description="Whose padding and batch normalisation: those of torchvision, or those of "
        "Keras, with which COLA was published.",
    )
    pooling: Literal["max", "mean"] = Field(
        default="max", description="Over the last maps; COLA takes the maximum."
    )
    stochastic_depth: Rate = Field(
        default=0.2,
        description="Rate at which the last block is left out in training; that of the others "
        "falls to 0 at the first.",
    )

    def build(self, width: int, n_frames: int) -> "EfficientNetB0":
        """Build the network."""
        from signl.models.efficientnet_b0.efficient import EfficientNetB0

        return EfficientNetB0(width, n_frames, self)

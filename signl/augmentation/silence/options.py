"""Options of cutting silence away."""

from typing import Annotated, Literal

from pydantic import Field

from signl.augmentation.augmentation_options import Augmentation, AugmentationOptions
from signl.typed import Positive


class SilenceOptions(AugmentationOptions):
    """Options of cutting the silence at both ends away."""

    kind: Literal["silence"] = "silence"
    below_db: Positive = Field(
        default=40.0, description="A frame is silent if its level is so far below the loudest one."
    )
    frame_ms: Annotated[float, Field(ge=1, le=1000)] = Field(
        default=20.0, description="Length of a frame."
    )

    def build(self) -> Augmentation:
        """Build the augmentation."""
        from signl.augmentation.silence.trimming import Trimming

        return Trimming(self)

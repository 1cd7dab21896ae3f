"""Options of resampling."""

from typing import Annotated, Literal

from pydantic import Field

from signl.augmentation.augmentation_options import Augmentation, AugmentationOptions


class ResamplingOptions(AugmentationOptions):
    """Options of resampling to a lower rate and back."""

    kind: Literal["resampling"] = "resampling"
    rate_hz: Annotated[int, Field(ge=2_000, lt=16_000, multiple_of=100)] = Field(
        default=8_000, description="The lower rate; what lies above half of it is lost."
    )

    def build(self) -> Augmentation:
        """Build the augmentation."""
        from signl.augmentation.resampling.lower_rate import LowerRate

        return LowerRate(self)

"""Options of a change of speed."""

from typing import Annotated, Literal

from pydantic import Field

from signl.augmentation.augmentation_options import Augmentation, AugmentationOptions
from signl.typed import FromList


class SpeedOptions(AugmentationOptions):
    """Options of a change of speed."""

    kind: Literal["speed"] = "speed"
    factors: Annotated[
        tuple[Annotated[float, Field(ge=0.5, le=2.0)], ...], FromList, Field(min_length=1)
    ] = Field(
        default=(0.9, 1.0, 1.1),
        description="Speeds to choose among, to the hundredth; 1.1 is faster and higher by a "
        "tenth.",
    )

    @property
    def stretch(self) -> float:
        """Seconds that are read for one of the clip, at the highest speed."""
        return max(1.0, *self.factors)

    def build(self) -> Augmentation:
        """Build the augmentation."""
        from signl.augmentation.speed.playing_speed import PlayingSpeed

        return PlayingSpeed(self)

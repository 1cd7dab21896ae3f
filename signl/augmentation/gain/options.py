"""Options of another level."""

from typing import Annotated, Literal

from pydantic import Field

from signl.augmentation.augmentation_options import (
    Augmentation,
    AugmentationOptions,
    Range,
    within,
)


class GainOptions(AugmentationOptions):
    """Options of another level; a peak over full scale is brought to that."""

    kind: Literal["gain"] = "gain"
    gain_db: Annotated[Range, within(-60, 60)] = Field(
        default=(-12.0, 6.0),
        description="Gain: a number, or from where to where it is drawn.",
    )

    def build(self) -> Augmentation:
        """Build the augmentation."""
        from signl.augmentation.gain.level import Gain

        return Gain(self)

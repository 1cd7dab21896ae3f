"""Options of a random equaliser."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from signl.augmentation.augmentation_options import Augmentation, AugmentationOptions
from signl.typed import NotNegative


class EqualiserOptions(AugmentationOptions):
    """Options of a filter whose gain wanders with the frequency."""

    kind: Literal["equaliser"] = "equaliser"
    taps: Annotated[int, Field(ge=3, le=1001)] = Field(
        default=65, description="Taps of the filter, an odd number."
    )
    points: Annotated[int, Field(ge=2, le=1001)] = Field(
        default=33, description="Frequencies, from 0 to 8 kHz, whose gains are drawn."
    )
    step: NotNegative = Field(
        default=0.12,
        description="Standard deviation of the change of the gain from one frequency to the next, "
        "of its natural logarithm.",
    )

    @field_validator("taps")
    @classmethod
    def _odd(cls, taps: int) -> int:
        if taps % 2 == 0:
            raise ValueError(f"allowed are odd numbers, {taps - 1} or {taps + 1}")
        return taps

    def build(self) -> Augmentation:
        """Build the augmentation."""
        from signl.augmentation.equaliser.random_equaliser import RandomEqualiser

        return RandomEqualiser(self)

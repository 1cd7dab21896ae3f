"""Options of a choice among augmentations."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from signl.augmentation.augmentation_options import (
    Augmentation,
    AugmentationOptions,
    seals_of,
)
from signl.augmentation.augmentations import SINGLE_AUGMENTATIONS
from signl.seals import text_digest
from signl.typed import FromList

#: Sums of shares such as .15 may be over 1 by the last digit.
_SLACK = 1e-9


class OneOfOptions(AugmentationOptions):
    """Options of a choice: one augmentation, or none, at the probability of each."""

    kind: Literal["one_of"] = "one_of"
    choices: Annotated[
        tuple[Annotated[AugmentationOptions, SINGLE_AUGMENTATIONS], ...],
        FromList,
        Field(min_length=1),
    ] = Field(
        description="Augmentations of which one is drawn; their probabilities add up to 1, or to "
        "less, where none may be drawn."
    )

    @model_validator(mode="after")
    def _shares(self) -> Self:
        total = sum(each.probability for each in self.choices)
        if total > 1 + _SLACK:
            raise ValueError(
                f"allowed are probabilities that add up to 1 at most, those of the choices add up "
                f"to {total:g}"
            )
        return self

    @property
    def stretch(self) -> float:
        """Seconds that are read for one of the clip, of the choice that needs most."""
        return max(each.stretch for each in self.choices)

    def check_files(self) -> None:
        """Refuse a folder that is not there, or has no sound."""
        for each in self.choices:
            each.check_files()

    def seal(self) -> str:
        """Return a digest of what the choices read besides their options."""
        seals = seals_of(self.choices)
        return text_digest(seals) if seals else ""

    def build(self) -> Augmentation:
        """Build the augmentation."""
        from signl.augmentation.one_of.drawn_choice import DrawnChoice

        return DrawnChoice(self)

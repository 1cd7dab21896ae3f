"""Options of companding."""

from typing import Annotated, Literal

from pydantic import Field

from signl.augmentation.augmentation_options import Augmentation, AugmentationOptions


class MuLawOptions(AugmentationOptions):
    """Options of companding at 16 kHz; the codec mulaw is that of telephones, at 8 kHz."""

    kind: Literal["mu_law"] = "mu_law"
    bits: Annotated[int, Field(ge=2, le=16)] = Field(default=8, description="Bits of a sample.")

    def build(self) -> Augmentation:
        """Build the augmentation."""
        from signl.augmentation.mu_law.companding import MuLaw

        return MuLaw(self)

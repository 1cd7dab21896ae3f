"""Options of WORLD."""

from typing import Annotated, Literal

from pydantic import Field

from signl.augmentation.augmentation_options import Range, within
from signl.resynthesis.method_options import Counts, Method, MethodOptions
from signl.typed import Rate


class WorldOptions(MethodOptions):
    """Options of analysis and synthesis by WORLD: DIO, StoneMask, CheapTrick, D4C."""

    kind: Literal["world"] = "world"
    smooth_probability: Rate = Field(
        default=0.4, description="Share whose spectral envelope is cut to a few cepstral values."
    )
    cepstrum: Counts = Field(
        default=(24, 40, 60), description="Numbers of cepstral values that are kept."
    )
    pitch_probability: Rate = Field(default=0.3, description="Share whose pitch is changed.")
    pitch: Annotated[Range, within(0.5, 2.0)] = Field(
        default=(0.85, 1.18), description="Ratio of the new pitch to that of the recording."
    )

    def build(self) -> Method:
        """Build the method."""
        from signl.resynthesis.world.world_vocoder import WorldVocoder

        return WorldVocoder(self)

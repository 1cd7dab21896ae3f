"""Options of another duration or pitch."""

from typing import Annotated, Literal

from pydantic import Field

from signl.augmentation.augmentation_options import Range, within
from signl.resynthesis.method_options import Method, MethodOptions
from signl.typed import Rate


class WsolaOptions(MethodOptions):
    """Options of overlap-add of similar waveforms (WSOLA)."""

    kind: Literal["wsola"] = "wsola"
    stretch: Annotated[Range, within(0.5, 2.0)] = Field(
        default=(0.75, 1.33),
        description="Ratio of the new duration to that of the recording, to the hundredth.",
    )
    pitch_probability: Rate = Field(
        default=0.7,
        description="Share that is resampled back to its duration, so that the pitch is changed.",
    )

    def build(self) -> Method:
        """Build the method."""
        from signl.resynthesis.wsola.similar_overlap import Wsola

        return Wsola(self)

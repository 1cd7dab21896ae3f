"""Options of the noise vocoder."""

from typing import Annotated, Literal

from pydantic import Field

from signl.resynthesis.method_options import CountRange, Counts, Method, MethodOptions
from signl.typed import FromList, Rate


class NoiseVocoderOptions(MethodOptions):
    """Options of noise that has the energies of mel bands."""

    kind: Literal["noise_vocoder"] = "noise_vocoder"
    bands: CountRange = Field(
        default=(16, 48), description="Mel bands: a number, or from where to where it is drawn."
    )
    above_probability: Rate = Field(
        default=0.6, description="Share of which only what lies above a frequency is noise."
    )
    above_hz: Annotated[Counts, FromList] = Field(
        default=(1500, 2500, 3500), description="Frequencies to choose among."
    )

    def build(self) -> Method:
        """Build the method."""
        from signl.resynthesis.noise_vocoder.band_noise import BandNoise

        return BandNoise(self)

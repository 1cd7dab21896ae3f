"""Options of the noise vocoder."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from signl.resynthesis.method_options import CountRange, Method, MethodOptions, check_bands
from signl.typed import FromList, Rate


class NoiseVocoderOptions(MethodOptions):
    """Options of noise that has the energies of mel bands."""

    kind: Literal["noise_vocoder"] = "noise_vocoder"
    bands: Annotated[CountRange, AfterValidator(check_bands)] = Field(
        default=(16, 48), description="Mel bands: a number, or from where to where it is drawn."
    )
    above_probability: Rate = Field(
        default=0.6, description="Share of which only what lies above a frequency is noise."
    )
    above_hz: Annotated[
        tuple[Annotated[int, Field(ge=0, lt=8_000)], ...], FromList, Field(min_length=1)
    ] = Field(default=(1500, 2500, 3500), description="Frequencies to choose among.")

    def build(self) -> Method:
        """Build the method."""
        from signl.resynthesis.noise_vocoder.band_noise import BandNoise

        return BandNoise(self)

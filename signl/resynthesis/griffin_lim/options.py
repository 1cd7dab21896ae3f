"""Options of phases that are found anew."""

from typing import Literal

from pydantic import Field

from signl.resynthesis.method_options import CountRange, Counts, Method, MethodOptions


class GriffinLimOptions(MethodOptions):
    """Options of Griffin-Lim on magnitudes: windows of 512 samples every 128."""

    kind: Literal["griffin_lim"] = "griffin_lim"
    iterations: CountRange = Field(
        default=(6, 19), description="Iterations: a number, or from where to where it is drawn."
    )

    def build(self) -> Method:
        """Build the method."""
        from signl.resynthesis.griffin_lim.iterating import GriffinLim

        return GriffinLim(self.iterations)


class MelGriffinLimOptions(MethodOptions):
    """Options of Griffin-Lim on what the bands of a mel spectrogram tell of the magnitudes."""

    kind: Literal["mel_griffin_lim"] = "mel_griffin_lim"
    iterations: CountRange = Field(
        default=(6, 19), description="Iterations: a number, or from where to where it is drawn."
    )
    bands: Counts = Field(
        default=(32, 48, 64, 80), description="Numbers of mel bands to choose among."
    )

    def build(self) -> Method:
        """Build the method."""
        from signl.resynthesis.griffin_lim.iterating import GriffinLim

        return GriffinLim(self.iterations, bands=self.bands)

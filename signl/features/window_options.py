"""Options that spectral front-ends have in common: the window of a frame, and the hop."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from signl.features.frontend import SAMPLE_RATE_HZ, FrontendOptions

#: A sample.
_LEAST_MS: Final = 1000 / SAMPLE_RATE_HZ
Milliseconds = Annotated[float, Field(ge=_LEAST_MS)]


class WindowOptions(FrontendOptions):
    """Options of a front-end whose frames are spectra of windows."""

    window_ms: Milliseconds = Field(default=25.0, description="Length of the window of a frame.")
    hop_ms: Milliseconds = Field(default=20.0, description="From one frame to the next.")

    @model_validator(mode="after")
    def _check_clip(self) -> Self:
        if round(self.clip_s * SAMPLE_RATE_HZ) < self.window_samples:
            raise ValueError(
                f"clip_s is {self.clip_s:g}; allowed is at least the window of a frame, "
                f"{self.window_ms / 1000:g}"
            )
        return self

    @property
    def window_samples(self) -> int:
        """Samples of the window."""
        return _samples(self.window_ms)

    @property
    def hop_samples(self) -> int:
        """Samples of the hop."""
        return _samples(self.hop_ms)

    @property
    def fft_samples(self) -> int:
        """The power of two that holds a window."""
        return 1 << (self.window_samples - 1).bit_length()


def _samples(milliseconds: float) -> int:
    return round(milliseconds * SAMPLE_RATE_HZ / 1000)

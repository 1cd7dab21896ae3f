"""Options of the log-mel spectrogram."""

from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import Field, model_validator

from signl.features.frontend import SAMPLE_RATE_HZ, UNPOOLED, Frontend, Geometry
from signl.features.variants import Forms, with_published_numbers
from signl.features.window_options import WindowOptions
from signl.typed import Count, NotNegative, Positive

if TYPE_CHECKING:
    import torch

#: Numbers of the named form.
PUBLISHED: Final[Forms] = {
    "cola": {
        "window_ms": 25.0,
        "hop_ms": 10.0,
        "n_mels": 64,
        "low_hz": 60.0,
        "high_hz": 7800.0,
    },
}
#: The FFT of COLA, more than twice its window.
_FFT_OF_COLA: Final = 1024


class LogMelOptions(WindowOptions):
    """Options of the log-mel spectrogram; its frames have ``n_mels`` channels."""

    kind: Literal["logmel"] = "logmel"
    variant: Literal["torchaudio", "cola"] = Field(
        default="torchaudio",
        description="Which log-mels: those of torchaudio, of the power in bands, with the numbers "
        "below; or those of COLA (ICASSP 2021), whose numbers are its own: of the magnitude in "
        "bands, of clips of recording level that are divided by the root of their energy.",
    )
    n_mels: Count = Field(default=80, description="Bands, and channels of a frame.")
    low_hz: NotNegative = Field(default=20.0, description="Where the lowest band begins.")
    high_hz: Positive = Field(
        default=8000.0, le=SAMPLE_RATE_HZ / 2, description="Where the highest band ends."
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_variant(cls, values: Any) -> Any:  # noqa: ANN401
        return with_published_numbers(values, PUBLISHED)

    @model_validator(mode="after")
    def _check_band(self) -> Self:
        if self.low_hz >= self.high_hz:
            raise ValueError(
                f"low_hz is {self.low_hz:g} and high_hz {self.high_hz:g}; allowed is a high_hz "
                "above low_hz"
            )
        return self

    @property
    def is_log_spectrum(self) -> bool:
        """Whether its frames are logarithms of what is in bands, and not statistics of these."""
        return self.pooled == UNPOOLED

    @property
    def fft_samples(self) -> int:
        """Samples of the FFT: the power of two that holds a window, or what is published."""
        return _FFT_OF_COLA if self.variant == "cola" else super().fft_samples

    def normalises(self) -> bool:
        """Tell whether its input has unit variance: the named form takes recording level."""
        return self.variant not in PUBLISHED

    def geometry(self) -> Geometry:
        """Return the form of the frames."""
        return Geometry(self.n_mels, self.window_samples, self.hop_samples)

    def build(self, device: "torch.device") -> Frontend:
        """Build the front-end on a device."""
        if self.variant == "cola":
            from signl.features.logmel.cola_log_mel import ColaLogMel

            return ColaLogMel(self, device)
        from signl.features.logmel.log_mel import LogMel

        return LogMel(self, device)

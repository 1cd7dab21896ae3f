"""Options of the log-mel spectrogram."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from signl.features.frontend import SAMPLE_RATE_HZ, UNPOOLED, Geometry
from signl.features.window_options import WindowOptions
from signl.typed import Count, NotNegative, Positive

if TYPE_CHECKING:
    import torch

    from signl.features.logmel.log_mel import LogMel


class LogMelOptions(WindowOptions):
    """Options of the log-mel spectrogram; its frames have ``n_mels`` channels."""

    kind: Literal["logmel"] = "logmel"
    n_mels: Count = Field(default=80, description="Bands, and channels of a frame.")
    low_hz: NotNegative = Field(default=20.0, description="Where the lowest band begins.")
    high_hz: Positive = Field(
        default=8000.0, le=SAMPLE_RATE_HZ / 2, description="Where the highest band ends."
    )

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
        """Whether its frames are logarithms of power in bands, and not statistics of these."""
        return self.pooled == UNPOOLED

    def geometry(self) -> Geometry:
        """Return the form of the frames."""
        return Geometry(self.n_mels, self.window_samples, self.hop_samples)

    def build(self, device: "torch.device") -> "LogMel":
        """Build the front-end on a device."""
        from signl.features.logmel.log_mel import LogMel

        return LogMel(self, device)

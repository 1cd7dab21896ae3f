"""Options of linear-frequency cepstral coefficients."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from signl.features.frontend import Geometry
from signl.features.window_options import WindowOptions
from signl.typed import Count

if TYPE_CHECKING:
    import torch

    from signl.features.lfcc.cepstra import Lfcc


class LfccOptions(WindowOptions):
    """Options of LFCC; its frames have ``n_coefficients`` channels, thrice that with deltas."""

    kind: Literal["lfcc"] = "lfcc"
    n_filters: Count = Field(default=40, description="Bands of equal width, over all frequencies.")
    n_coefficients: Count = Field(default=20, description="Cepstral coefficients of a frame.")
    deltas: bool = Field(
        default=True, description="Whether first and second differences stand below them."
    )

    @model_validator(mode="after")
    def _check_coefficients(self) -> Self:
        most = min(self.n_filters, self.fft_samples)
        if self.n_coefficients > most:
            raise ValueError(
                f"n_coefficients is {self.n_coefficients}; allowed are at most {most}, as many as "
                "n_filters, or as the FFT of a window takes samples"
            )
        return self

    def geometry(self) -> Geometry:
        """Return the form of the frames."""
        width = self.n_coefficients * (3 if self.deltas else 1)
        return Geometry(width, self.window_samples, self.hop_samples)

    def build(self, device: "torch.device") -> "Lfcc":
        """Build the front-end on a device."""
        from signl.features.lfcc.cepstra import Lfcc

        return Lfcc(self, device)

"""Options of linear-frequency cepstral coefficients."""

from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import Field, model_validator

from signl.features.frontend import Frontend, Geometry
from signl.features.variants import Forms, with_published_numbers
from signl.features.window_options import WindowOptions
from signl.typed import Count

if TYPE_CHECKING:
    import torch

_ASVSPOOF: Final = {
    "window_ms": 20.0,
    "hop_ms": 10.0,
    "n_filters": 20,
    "n_coefficients": 20,
    "deltas": True,
}
#: Numbers of the published forms.
PUBLISHED: Final[Forms] = {
    "asvspoof2021": _ASVSPOOF,
    "asvspoof2019": _ASVSPOOF,
    "kawa": {
        "window_ms": 25.0,
        "hop_ms": 10.0,
        "n_filters": 128,
        "n_coefficients": 128,
        "deltas": True,
    },
}
#: The FFT of the challenge of 2021, more than thrice its window.
_FFT_2021: Final = 1024


class LfccOptions(WindowOptions):
    """Options of LFCC; its frames have ``n_coefficients`` channels, thrice that with deltas."""

    kind: Literal["lfcc"] = "lfcc"
    variant: Literal["torchaudio", "asvspoof2021", "asvspoof2019", "kawa"] = Field(
        default="torchaudio",
        description="Which LFCC: those of torchaudio, of whole windows and with the numbers below; "
        "or a published form, whose numbers are its own: of the baselines of ASVspoof 2021 (below "
        "4 kHz) and 2019 (all frequencies), with the energy of a frame for its first coefficient, "
        "or of Kawa et al. (Interspeech 2023). A published form takes waveforms at recording "
        "level, and centres its frames.",
    )
    n_filters: Count = Field(default=40, description="Bands of equal width, over all frequencies.")
    n_coefficients: Count = Field(default=20, description="Cepstral coefficients of a frame.")
    deltas: bool = Field(
        default=True, description="Whether first and second differences stand below them."
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_variant(cls, values: Any) -> Any:  # noqa: ANN401
        return with_published_numbers(values, PUBLISHED)

    @model_validator(mode="after")
    def _check_coefficients(self) -> Self:
        most = min(self.n_filters, self.fft_samples)
        if self.n_coefficients > most:
            raise ValueError(
                f"n_coefficients is {self.n_coefficients}; allowed are at most {most}, as many as "
                "n_filters, or as the FFT of a window takes samples"
            )
        return self

    @property
    def is_centred(self) -> bool:
        """Whether frames are centred on samples, and the waveform is padded around them."""
        return self.variant in PUBLISHED

    @property
    def pads(self) -> bool:
        """Whether it pads the end of a waveform, of which nothing need be cut off."""
        return self.is_centred

    @property
    def fft_samples(self) -> int:
        """Samples of the FFT: the power of two that holds a window, or what is published."""
        return _FFT_2021 if self.variant == "asvspoof2021" else super().fft_samples

    def normalises(self) -> bool:
        """Tell whether its input has unit variance: published forms take recording level."""
        return not self.is_centred

    def geometry(self) -> Geometry:
        """Return the form of the frames.

        A centred frame exists once the waveform reaches its centre, be it past the last sample:
        1 + samples // hop of them. That is the count of windows without length.
        """
        width = self.n_coefficients * (3 if self.deltas else 1)
        return Geometry(width, 0 if self.is_centred else self.window_samples, self.hop_samples)

    def build(self, device: "torch.device") -> Frontend:
        """Build the front-end on a device."""
        if self.variant == "torchaudio":
            from signl.features.lfcc.cepstra import Lfcc

            return Lfcc(self, device)
        if self.variant == "kawa":
            from signl.features.kawa_cepstra import KawaCepstra

            return KawaCepstra("lfcc", self.geometry(), device)
        from signl.features.lfcc.challenge_cepstra import ChallengeLfcc

        return ChallengeLfcc(self, device)

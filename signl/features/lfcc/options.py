"""Options of linear-frequency cepstral coefficients."""

from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import Field, model_validator

from signl.features.frontend import SAMPLE_RATE_HZ, Frontend, Geometry
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
#: Numbers of the named forms.
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
    "below_7khz": {
        "window_ms": 25.0,
        "hop_ms": 10.0,
        "n_filters": 60,
        "n_coefficients": 60,
        "deltas": False,
    },
}
#: The FFT of the challenge of 2021, more than thrice its window.
_FFT_2021: Final = 1024


class LfccOptions(WindowOptions):
    """Options of LFCC; its frames have ``n_coefficients`` channels, thrice that with deltas."""

    kind: Literal["lfcc"] = "lfcc"
    variant: Literal["torchaudio", "asvspoof2021", "asvspoof2019", "kawa", "below_7khz"] = Field(
        default="torchaudio",
        description="Which LFCC: those of torchaudio, of whole windows and with the numbers below; "
        "or a named form, whose numbers are its own: of the baselines of ASVspoof 2021 (below "
        "4 kHz) and 2019 (all frequencies), with the energy of a frame for its first coefficient, "
        "of Kawa et al. (Interspeech 2023), or below_7khz: 60 bands from 62.5 to 7,031 Hz, their "
        "energies raised to a floor that follows the utterance's mean. A named form takes "
        "waveforms at recording level, and centres its frames.",
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
        """Tell whether its input has unit variance: named forms take recording level."""
        return not self.is_centred

    def geometry(self) -> Geometry:
        """Return the form of the frames.

        A centred frame exists once the waveform reaches its centre, be it past the last sample:
        1 + samples // hop of them. That is the count of windows without length. Below 7 kHz there
        is a frame more where samples are left over, as of windows of a length below 0.
        """
        width = self.n_coefficients * (3 if self.deltas else 1)
        if self.variant == "below_7khz":
            return Geometry(width, 1 - self.hop_samples, self.hop_samples)
        return Geometry(width, 0 if self.is_centred else self.window_samples, self.hop_samples)

    def least_crop_s(self, *, training: bool) -> float:
        """Return the seconds of the shortest crop that it takes: a sample at the least."""
        return max(super().least_crop_s(training=training), 1 / SAMPLE_RATE_HZ)

    def build(self, device: "torch.device") -> Frontend:
        """Build the front-end on a device."""
        if self.variant == "torchaudio":
            from signl.features.lfcc.cepstra import Lfcc

            return Lfcc(self, device)
        if self.variant == "kawa":
            from signl.features.kawa_cepstra import KawaCepstra

            return KawaCepstra("lfcc", self.geometry(), device)
        if self.variant == "below_7khz":
            from signl.features.lfcc.bounded_cepstra import BoundedLfcc

            return BoundedLfcc(self, device)
        from signl.features.lfcc.challenge_cepstra import ChallengeLfcc

        return ChallengeLfcc(self, device)

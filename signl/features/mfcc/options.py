"""Options of mel-frequency cepstral coefficients."""

from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import Field, model_validator

from signl.features.frontend import SAMPLE_RATE_HZ, Frontend, Geometry
from signl.features.variants import Forms, with_published_numbers
from signl.features.window_options import Milliseconds, WindowOptions
from signl.typed import Count, NotNegative, Positive, Rate

if TYPE_CHECKING:
    import torch

#: Numbers of the published form.
PUBLISHED: Final[Forms] = {
    "kawa": {
        "window_ms": 25.0,
        "hop_ms": 10.0,
        "n_mels": 128,
        "n_coefficients": 128,
        "low_hz": 0.0,
        "high_hz": 8000.0,
        "preemphasis": 0.0,
        "subtract_mean": False,
        "deltas": True,
    },
}


class MfccOptions(WindowOptions):
    """Options of MFCC; its frames have ``n_coefficients`` channels, thrice that with deltas.

    The defaults are those of speaker recognition, which x-vectors take.
    """

    kind: Literal["mfcc"] = "mfcc"
    variant: Literal["torchaudio", "kawa"] = Field(
        default="torchaudio",
        description="Which MFCC: those of torchaudio, of whole windows and with the numbers below; "
        "or those of Kawa et al. (Interspeech 2023), whose numbers are their own, which take "
        "waveforms at recording level and centre their frames.",
    )
    hop_ms: Milliseconds = Field(default=10.0, description="From one frame to the next.")
    n_mels: Count = Field(default=40, description="Bands, of equal width on the HTK mel scale.")
    n_coefficients: Count = Field(default=40, description="Cepstral coefficients of a frame.")
    low_hz: NotNegative = Field(default=20.0, description="Where the lowest band begins.")
    high_hz: Positive = Field(
        default=7600.0, le=SAMPLE_RATE_HZ / 2, description="Where the highest band ends."
    )
    preemphasis: Rate = Field(
        default=0.97,
        description="The share of the sample before that is taken off each sample; 0: none.",
    )
    subtract_mean: bool = Field(
        default=True,
        description="Whether the mean over a clip's frames is taken off each coefficient, and with "
        "it what a microphone or a channel adds.",
    )
    deltas: bool = Field(
        default=False, description="Whether first and second differences stand below them."
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_variant(cls, values: Any) -> Any:  # noqa: ANN401
        return with_published_numbers(values, PUBLISHED)

    @model_validator(mode="after")
    def _check_bands(self) -> Self:
        if self.n_coefficients > self.n_mels:
            raise ValueError(
                f"n_coefficients is {self.n_coefficients}; allowed are at most {self.n_mels}, as "
                "many as n_mels"
            )
        if self.low_hz >= self.high_hz:
            raise ValueError(
                f"low_hz is {self.low_hz:g} and high_hz {self.high_hz:g}; allowed is a high_hz "
                "above low_hz"
            )
        return self

    @property
    def pads(self) -> bool:
        """Whether it pads the end of a waveform, of which nothing need be cut off."""
        return self.variant in PUBLISHED

    def normalises(self) -> bool:
        """Tell whether its input has unit variance: the published form takes recording level."""
        return self.variant not in PUBLISHED

    def geometry(self) -> Geometry:
        """Return the form of the frames; those that are centred are counted as by LfccOptions."""
        width = self.n_coefficients * (3 if self.deltas else 1)
        window = 0 if self.variant in PUBLISHED else self.window_samples
        return Geometry(width, window, self.hop_samples)

    def build(self, device: "torch.device") -> Frontend:
        """Build the front-end on a device."""
        if self.variant == "kawa":
            from signl.features.kawa_cepstra import KawaCepstra

            return KawaCepstra("mfcc", self.geometry(), device)
        from signl.features.mfcc.mel_cepstra import Mfcc

        return Mfcc(self, device)

"""Options of the mel spectrogram that a vocoder was trained on."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from signl.typed import Count, NotNegative, Options, Positive


class MelOptions(Options):
    """Options of a mel spectrogram; the defaults are those of HiFi-GAN at 22.05 kHz."""

    sample_rate_hz: Annotated[int, Field(ge=8_000, le=48_000)] = Field(
        default=22_050, description="Rate of the vocoder's waveforms."
    )
    n_fft: Annotated[int, Field(ge=16, le=8192)] = Field(
        default=1024, description="Samples of a Fourier transform."
    )
    hop: Count = Field(default=256, description="Samples from one window to the next.")
    window: Count = Field(
        default=1024, description="Samples of the Hann window, in the middle of the transform."
    )
    n_mels: Count = Field(default=80, description="Mel bands.")
    low_hz: NotNegative = Field(default=0.0, description="Where the lowest band begins (fmin).")
    high_hz: Positive | None = Field(
        default=8_000.0,
        description="Where the highest band ends (fmax); half the sample rate, if null.",
    )
    scale: Literal["slaney", "htk"] = Field(
        default="slaney", description="The mel scale; slaney is that of librosa."
    )
    norm: Literal["slaney"] | None = Field(
        default="slaney", description="slaney: bands of the same area; null: of the same peak."
    )
    power: Literal[1, 2] = Field(default=1, description="1: magnitudes; 2: powers.")
    epsilon: NotNegative = Field(
        default=1e-9, description="Is added to powers before a root is taken, with power 1."
    )
    log: Literal["ln", "log10", "db"] = Field(
        default="ln", description="The logarithm of what the bands hold; db: 20 log10."
    )
    floor: Positive = Field(default=1e-5, description="Less than this is raised to it, before.")
    centre: bool = Field(
        default=False,
        description="Whether windows stand around their times, with n_fft / 2 samples before the "
        "first (Vocos); otherwise (n_fft - hop) / 2 (HiFi-GAN, BigVGAN).",
    )

    @property
    def top_hz(self) -> float:
        """Where the highest band ends."""
        return self.sample_rate_hz / 2 if self.high_hz is None else self.high_hz

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.window > self.n_fft:
            raise ValueError(f"window is {self.window}; allowed is at most n_fft, {self.n_fft}")
        if self.hop > self.window:
            raise ValueError(f"hop is {self.hop}; allowed is at most window, {self.window}")
        if self.top_hz > self.sample_rate_hz / 2:
            raise ValueError(
                f"high_hz is {self.top_hz:g}; allowed is at most half of sample_rate_hz, "
                f"{self.sample_rate_hz / 2:g}"
            )
        if self.low_hz >= self.top_hz:
            raise ValueError(f"low_hz is {self.low_hz:g}; allowed is less than {self.top_hz:g}")
        return self

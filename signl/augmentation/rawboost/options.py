"""Options of RawBoost; the defaults are those of its public scripts."""

from typing import Annotated, Literal

from pydantic import Field

from signl.augmentation.augmentation_options import (
    SAMPLE_RATE_HZ,
    Augmentation,
    AugmentationOptions,
    Range,
    within,
)
from signl.typed import NotNegative


class RawBoostOptions(AugmentationOptions):
    """Options of RawBoost."""

    kind: Literal["rawboost"] = "rawboost"
    algorithm: Literal[1, 2, 3, 4, 5, 8] = Field(
        default=5,
        description="1: linear and non-linear convolutive noise; 2: impulsive noise that follows "
        "the signal; 3: stationary coloured noise; 4: 1, 2 and 3 in series; 5: 1 and 2 in series; "
        "8: 1 and 2 in parallel.",
    )
    orders: Annotated[int, Field(ge=1, le=20)] = Field(
        default=5, description="Powers of the waveform that are filtered and added up (1)."
    )
    bands: Annotated[int, Field(ge=1, le=20)] = Field(
        default=5, description="Band-stop filters in series (1, 3)."
    )
    centre_hz: Annotated[Range, within(0, SAMPLE_RATE_HZ / 2)] = Field(
        default=(20.0, 8000.0), description="Centre of a band that is stopped."
    )
    width_hz: Annotated[Range, within(1, SAMPLE_RATE_HZ)] = Field(
        default=(100.0, 1000.0), description="Width of a band that is stopped."
    )
    taps: Annotated[Range, within(3, 1000)] = Field(
        default=(10.0, 100.0),
        description="Taps of a filter: the whole part of what is drawn, and one more where that "
        "is even.",
    )
    gain_db: Range = Field(
        default=(0.0, 0.0), description="Largest gain of a filter, of the first power."
    )
    powers_gain_db: Range = Field(
        default=(-20.0, -5.0), description="Largest gain of the filters of higher powers (1)."
    )
    impulses_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        default=10.0, description="Per cent of the samples that are changed, at most (2)."
    )
    impulse_gain: NotNegative = Field(
        default=2.0, description="By how much of itself a sample is changed, at most (2)."
    )
    snr_db: Range = Field(default=(10.0, 40.0), description="Signal-to-noise ratio (3).")

    def build(self) -> Augmentation:
        """Build the augmentation."""
        from signl.augmentation.rawboost.raw_boost import RawBoost

        return RawBoost(self)

"""Options of AASIST on the raw waveform."""

from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from signl.models.aasist.graph_options import GraphOptions
from signl.models.base import AudioOptions

if TYPE_CHECKING:
    from signl.models.aasist.raw_waveform import RawWaveformNetwork

#: Samples of a filter; published with 128, which is raised to an odd number.
TAPS: Final = 129
#: Rows and columns that the pooling before the blocks makes one of, and columns that a block does.
POOLED: Final = 3


class AasistOptions(GraphOptions, AudioOptions):
    """Options of AASIST (Jung et al., ICASSP 2022); the defaults are the published ones.

    The published crop is one of 64,600 samples, ``crop_s: 4.0375``.
    """

    kind: Literal["aasist"] = "aasist"
    filters: Annotated[int, Field(ge=POOLED, le=1024)] = Field(
        default=70,
        description="Band-pass filters of the waveform, evenly spaced in mel; a third of them are "
        "spectral nodes.",
    )
    masked_filters: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="In training, neighbouring filters from a random one on are zeroed in each "
        "batch: a random number of them, at most this. freq_aug of the published code is 19.",
    )

    @model_validator(mode="after")
    def _check_masks(self) -> Self:
        if self.masked_filters >= self.filters:
            raise ValueError(
                f"masked_filters is {self.masked_filters}; allowed is less than filters, "
                f"{self.filters}"
            )
        return self

    def check(self, *, width: int, n_frames: int) -> None:
        """Refuse crops of fewer samples than one temporal node takes."""
        least = TAPS - 1 + POOLED ** (len(self.channels) + 1)
        if n_frames < least:
            raise ValueError(
                f"a crop of {n_frames} samples is too short for a network of kind {self.kind} "
                f"with {len(self.channels)} blocks (channels); allowed are at least {least}"
            )

    def build(self, width: int, n_frames: int) -> "RawWaveformNetwork":
        """Build the network."""
        from signl.models.aasist.raw_waveform import RawWaveformNetwork

        return RawWaveformNetwork(n_frames, self)

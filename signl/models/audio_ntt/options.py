"""Options of the encoder of BYOL-A."""

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from signl.models.base import NetworkOptions
from signl.typed import Count, Rate

if TYPE_CHECKING:
    from signl.models.audio_ntt.audio_ntt import AudioNTT

#: Each of three poolings halves both axes.
LEAST: Final = 8


class AudioNTTOptions(NetworkOptions):
    """Options of AudioNTT2020, the encoder of BYOL-A."""

    kind: Literal["audio_ntt"] = "audio_ntt"
    embedding: Count = Field(
        default=2048, description="Width of the embedding; published are 512, 1024 and 2048."
    )
    dropout: Rate = Field(
        default=0.3, description="Rate of dropout between the two layers of a frame."
    )

    def check(self, *, width: int, n_frames: int) -> None:
        """Refuse pictures of which pooling leaves nothing.

        Raises
        ------
        ValueError
            If there are fewer than 8 channels or frames.
        """
        if min(width, n_frames) < LEAST:
            raise ValueError(
                f"a network of kind audio_ntt takes {LEAST} or more channels and frames, got "
                f"{width} channels and {n_frames} frames"
            )

    def build(self, width: int, n_frames: int) -> "AudioNTT":
        """Build the network."""
        from signl.models.audio_ntt.audio_ntt import AudioNTT

        return AudioNTT(width, n_frames, self)

"""Options of the light convolutional network."""

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from signl.models.base import NetworkOptions
from signl.typed import Count, Rate

if TYPE_CHECKING:
    from signl.models.lcnn.light_cnn import LightCnn

#: Frames, and coefficients, that one cell of the last map stands for: four poolings by 2.
REDUCTION: Final = 16
#: Channels of the last map.
MAP_CHANNELS: Final = 32


class LcnnOptions(NetworkOptions):
    """Options of LCNN (arXiv 2103.11326; on the frames of a speech model arXiv 2306.01428)."""

    kind: Literal["lcnn"] = "lcnn"
    projection: Count | None = Field(
        default=None,
        description="Width to which a linear layer brings each frame first, for wide frames: the "
        "LSTMs are twice as wide as what they read. Without it frames are read as they are.",
    )
    repeat_time: Count = Field(
        default=1,
        description="Times that the frames of a crop are put one after the other. Published: 1 "
        "for LFCC, 2 for frames of Whisper.",
    )
    dropout: Rate = Field(default=0.7, description="Rate of dropout after the convolutions.")

    def coefficients(self, width: int) -> int:
        """Return the coefficients of a frame that the convolutions see."""
        return width if self.projection is None else self.projection

    def embedding_width(self, width: int) -> int:
        """Return the width of the embedding: channels times coefficients of the last map."""
        return MAP_CHANNELS * (self.coefficients(width) // REDUCTION)

    def check(self, *, width: int, n_frames: int) -> None:
        """Refuse pictures of which the poolings would leave nothing.

        Raises
        ------
        ValueError
            Says what is allowed.
        """
        if (coefficients := self.coefficients(width)) < REDUCTION:
            raise ValueError(
                f"a network of kind lcnn halves the coefficients of a frame four times, and there "
                f"are {coefficients} ("
                + ("width of the front-end" if self.projection is None else "model.projection")
                + f"); allowed are at least {REDUCTION}"
            )
        if (frames := n_frames * self.repeat_time) < REDUCTION:
            raise ValueError(
                f"a network of kind lcnn halves the number of frames four times, and a crop has "
                f"{frames} ({n_frames}, repeat_time {self.repeat_time}); allowed are at least "
                f"{REDUCTION}"
            )

    def build(self, width: int, n_frames: int) -> "LightCnn":
        """Build the network."""
        from signl.models.lcnn.light_cnn import LightCnn

        return LightCnn(width, n_frames, self)

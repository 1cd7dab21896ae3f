"""Options of the x-vector."""

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from signl.models.base import NetworkOptions
from signl.typed import Count

if TYPE_CHECKING:
    from signl.models.xvector.tdnn import XVector

#: Frames that a layer sees, and the distance between them.
CONTEXTS: Final = ((5, 1), (3, 2), (3, 3), (1, 1), (1, 1))
#: Frames that the layers see together.
LEAST_FRAMES: Final = 1 + sum((size - 1) * distance for size, distance in CONTEXTS)


class XVectorOptions(NetworkOptions):
    """Options of the x-vector."""

    kind: Literal["xvector"] = "xvector"
    channels: Count = Field(default=512, description="Width of the first four layers over time.")
    last_channels: Count = Field(
        default=1500, description="Width of the fifth, of which mean and deviation are taken."
    )
    embedding: Count = Field(default=512, description="Width of the embedding.")

    def check(self, *, width: int, n_frames: int) -> None:
        """Refuse crops that are shorter than what the layers see.

        Raises
        ------
        ValueError
            If there are fewer than 15 frames.
        """
        if n_frames < LEAST_FRAMES:
            raise ValueError(
                f"a network of kind xvector takes {LEAST_FRAMES} or more frames, got {n_frames}"
            )

    def build(self, width: int, n_frames: int) -> "XVector":
        """Build the network."""
        from signl.models.xvector.tdnn import XVector

        return XVector(width, n_frames, self)

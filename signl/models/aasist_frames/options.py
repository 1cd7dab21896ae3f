"""Options of AASIST's back-end on frames."""

from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from signl.models.aasist.graph_options import GraphOptions, Share
from signl.typed import FromList

if TYPE_CHECKING:
    from signl.models.aasist_frames.frame_backend import FrameBackend

#: Rows and columns that the pooling before the blocks makes one of.
POOLED: Final = 3


class AasistFramesOptions(GraphOptions):
    """Options of the back-end on frames of any width (Tak et al., Odyssey 2022)."""

    kind: Literal["aasist_frames"] = "aasist_frames"
    projected: Annotated[int, Field(ge=POOLED)] = Field(
        default=128,
        description="Channels that a linear layer makes of those of a frame; a third of them are "
        "spectral nodes.",
    )
    ratios: Annotated[tuple[Share, Share, Share], FromList] = Field(
        default=(0.5, 0.5, 0.5),
        description="Shares of nodes that are kept: of the spectral graph, of the temporal one, "
        "and of both in the branches.",
    )

    def check(self, *, width: int, n_frames: int) -> None:
        """Refuse crops of fewer frames than one temporal node takes."""
        if n_frames < POOLED:
            raise ValueError(
                f"a crop of {n_frames} frames is too short for a network of kind {self.kind}; "
                f"allowed is a crop_s of at least {POOLED} frames"
            )

    def build(self, width: int, n_frames: int) -> "FrameBackend":
        """Build the network."""
        from signl.models.aasist_frames.frame_backend import FrameBackend

        return FrameBackend(width, n_frames, self)

"""Options of the nested Res2Net."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from signl.models.base import NetworkOptions
from signl.typed import Count

if TYPE_CHECKING:
    from signl.models.nes2net_x.nested_res2net import NestedRes2Net

_Parts = Annotated[int, Field(ge=2)]


class Nes2NetXOptions(NetworkOptions):
    """Options of Nes2Net-X (arXiv 2504.05657)."""

    kind: Literal["nes2net_x"] = "nes2net_x"
    groups: _Parts = Field(
        default=8, description="Groups of channels of a frame; all but the last have a block."
    )
    scale: _Parts = Field(
        default=8,
        description="Splits of the channels of a group, within its block. The front-end's width "
        "is a multiple of groups * scale.",
    )
    dilation: Count = Field(
        default=2, description="Frames between those that a convolution of a block reads."
    )
    se_ratio: Count = Field(
        default=1,
        description="By what a block's squeeze-excitation narrows its channels, of which there "
        "are at least so many.",
    )

    def check(self, *, width: int, n_frames: int) -> None:
        """Refuse a width that cannot be split.

        Raises
        ------
        ValueError
            Says what is allowed.
        """
        parts = self.groups * self.scale
        if width % parts:
            raise ValueError(
                f"a frame of the front-end has {width} channels; allowed with model.groups "
                f"{self.groups} and model.scale {self.scale} is a multiple of {parts}"
            )
        if self.se_ratio > width // self.groups:
            raise ValueError(
                f"model.se_ratio is {self.se_ratio}; allowed is at most {width // self.groups}, "
                "the channels of a group"
            )

    def build(self, width: int, n_frames: int) -> "NestedRes2Net":
        """Build the network."""
        from signl.models.nes2net_x.nested_res2net import NestedRes2Net

        return NestedRes2Net(width, n_frames, self)

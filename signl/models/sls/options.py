"""Options of the selection of sensitive layers."""

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from signl.models.state_options import StatesOptions
from signl.typed import Count

if TYPE_CHECKING:
    from signl.models.sls.layer_gates import LayerGates

#: Frames, and channels, of a cell of the pooled map.
POOL: Final = 3


class SlsOptions(StatesOptions):
    """Options of SLS (Zhang et al., ACM MM 2024)."""

    kind: Literal["sls"] = "sls"
    states: Count = Field(
        default=24,
        description="Hidden states that a frame of the front-end holds side by side; its width is "
        "a multiple. Published: 24, the outputs of all layers of XLS-R 300M.",
    )
    channels: Count = Field(
        default=1024,
        description="Width of the embedding. The layer to it reads a ninth of all values of a "
        "crop (frames / 3 times channels / 3 of a state).",
    )

    def check(self, *, width: int, n_frames: int) -> None:
        """Refuse widths that are no multiple of the states, and pictures too small to be pooled.

        Raises
        ------
        ValueError
            Says what is allowed.
        """
        super().check(width=width, n_frames=n_frames)
        if min(width // self.states, n_frames) < POOL:
            raise ValueError(
                f"a network of kind sls pools by {POOL}, and there are {n_frames} frames of "
                f"{width // self.states} channels a state; allowed are at least {POOL} of both"
            )

    def build(self, width: int, n_frames: int) -> "LayerGates":
        """Build the network; it reads crops of this length and no other."""
        from signl.models.sls.layer_gates import LayerGates

        return LayerGates(width, n_frames, self)

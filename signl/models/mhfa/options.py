"""Options of the attention with many heads over weighted hidden states."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from signl.models.state_options import StatesOptions
from signl.typed import Count, Rate

if TYPE_CHECKING:
    from signl.models.mhfa.head_attention import HeadAttention


class MhfaOptions(StatesOptions):
    """Options of MHFA (Peng et al., SLT 2022)."""

    kind: Literal["mhfa"] = "mhfa"
    states: Count = Field(
        default=25,
        description="Hidden states that a frame of the front-end holds side by side; its width is "
        "a multiple. Published: 25, all of XLS-R 300M.",
    )
    heads: Count = Field(default=32, description="Heads: weightings of the frames.")
    compression: Count = Field(
        default=128, description="Width to which a frame is brought, as key and as value."
    )
    channels: Count = Field(default=256, description="Width of the embedding.")
    gradient_scale: Rate = Field(
        default=0.1,
        description="By what the gradient is multiplied that reaches the frames. It acts on a "
        "front-end that is trained; frames that are cached take no gradient.",
    )

    def build(self, width: int, n_frames: int) -> "HeadAttention":
        """Build the network."""
        from signl.models.mhfa.head_attention import HeadAttention

        return HeadAttention(width, n_frames, self)

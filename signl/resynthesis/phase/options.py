"""Options of changed phases."""

from typing import Annotated, Literal

from pydantic import Field

from signl.augmentation.augmentation_options import Range, within
from signl.resynthesis.method_options import Counts, Method, MethodOptions
from signl.typed import FromList, NotNegative

PhaseChange = Literal["jitter", "random", "quantised"]


class PhaseOptions(MethodOptions):
    """Options of changed phases: windows with a quarter of their length between them."""

    kind: Literal["phase"] = "phase"
    changes: Annotated[tuple[PhaseChange, ...], FromList, Field(min_length=1)] = Field(
        default=("jitter", "random", "quantised"),
        description="Changes to choose among. jitter: normal noise is added; random: other phases; "
        "quantised: to quarters of a turn, and normal noise is added.",
    )
    jitter: Annotated[Range, within(0, 10)] = Field(
        default=(0.6, 1.6), description="Standard deviation of jitter, in radians."
    )
    quantised_jitter: NotNegative = Field(
        default=0.3, description="Standard deviation of the noise of quantised, in radians."
    )
    windows: Counts = Field(
        default=(256, 512, 1024), description="Lengths of a window, in samples, to choose among."
    )

    def build(self) -> Method:
        """Build the method."""
        from signl.resynthesis.phase.phase_changes import PhaseChanges

        return PhaseChanges(self)

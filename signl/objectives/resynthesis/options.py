"""Options of telling recordings from their resynthesis."""

from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from signl.objectives.objective_options import ObjectiveOptions
from signl.objectives.objectives import PROJECTION_OBJECTIVES
from signl.typed import Name, NotNegative, Positive

if TYPE_CHECKING:
    from torch import nn

_BESIDE_WEIGHT: Final = 1.0


class ResynthesisObjectiveOptions(ObjectiveOptions):
    """Recordings against pseudo-spoofs of them, and by which method; no label is read."""

    kind: Literal["resynthesis"] = "resynthesis"
    copies: Name = Field(
        description="Name of the resynthesis, under `resynthesis` of the configuration, whose "
        "copies of train and dev it learns from."
    )
    detection: NotNegative = Field(
        default=1.0, description="Weight of the binary cross-entropy: recording or pseudo-spoof."
    )
    methods: NotNegative = Field(
        default=0.5,
        description="Weight of the cross-entropy over recordings and all methods of resynthesis.",
    )
    beside: Annotated[ObjectiveOptions, PROJECTION_OBJECTIVES] | None = Field(
        default=None,
        description="An objective of two views that is added, over recordings and pseudo-spoofs.",
    )
    beside_weight: Positive = Field(default=_BESIDE_WEIGHT, description="Weight of that objective.")
    channel_views: bool = Field(
        default=False,
        description="With beside: whether the two views of a recording went through different "
        "channels, one of them through none perhaps; otherwise they are two crops of one copy.",
    )

    @model_validator(mode="after")
    def _check_weights(self) -> Self:
        if not self.detection + self.methods:
            raise ValueError(
                "detection and methods are 0, and nothing would be learnt from resynthesis; "
                "allowed is one of them above 0"
            )
        # By its value: a header has the default too.
        if self.beside is None and self.beside_weight != _BESIDE_WEIGHT:
            raise ValueError("it has beside_weight without beside; allowed are both, or neither")
        if self.beside is None and self.channel_views:
            raise ValueError(
                "channel_views is true without beside, and nothing compares two views; allowed is "
                "that with beside"
            )
        return self

    @property
    def resynthesised(self) -> str:
        """Name of the resynthesis whose copies it learns from."""
        return self.copies

    def build(self, width: int, *, n_classes: int = 0) -> "nn.Module":
        """Build the loss, with two linear layers of its own."""
        from signl.objectives.objective import InFullPrecision
        from signl.objectives.resynthesis.resynthesis_loss import Resynthesis

        return InFullPrecision(Resynthesis(width, n_classes, self))

    def check(self, *, batch_size: int) -> None:
        """Refuse batches that the objective beside it cannot take."""
        if self.beside is not None:
            self.beside.check(batch_size=batch_size)

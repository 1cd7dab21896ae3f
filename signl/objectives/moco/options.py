"""Options of MoCo."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from signl.errors import ConfigError
from signl.objectives.objective_options import ObjectiveOptions
from signl.typed import Count, Positive, Rate

if TYPE_CHECKING:
    from torch import nn

    from signl.objectives.momentum import MomentumTarget


class MoCoOptions(ObjectiveOptions):
    """Options of MoCo."""

    sees: ClassVar[Literal["keys"]] = "keys"

    kind: Literal["moco"] = "moco"
    queue: Count = Field(
        default=16_384,
        description="Keys that are kept as negatives: a batch of utterances at the least, half "
        "of the training utterances at the most.",
    )
    temperature: Positive = Field(default=0.07, description="Cosines are divided by it.")
    momentum: Rate = Field(
        default=0.999,
        description="Share of the old weights when the key encoder follows the network.",
    )

    def module(self, width: int) -> "nn.Module":
        """Build the loss."""
        from signl.objectives.moco.moco_loss import MoCo

        return MoCo(width, self)

    def target(self, online: "nn.Module") -> "MomentumTarget":
        """Return a copy that follows the weights which a step leaves.

        Those are the weights of the next step's queries: in the authors' code the key encoder
        moves before it makes the keys. Before the first step the two are one.
        """
        from signl.objectives.momentum import MomentumTarget

        return MomentumTarget(online, self.momentum, moves="after_step")

    def check(self, *, batch_size: int) -> None:
        """Refuse batches that the queue does not hold.

        Raises
        ------
        ValueError
            Names the two.
        """
        if self.queue < batch_size:
            raise ValueError(
                f"objective.queue is {self.queue} with batch_size {batch_size}; allowed is a queue "
                "of a batch at the least"
            )

    def check_corpus(self, n_utterances: int) -> None:
        """Refuse a queue in which an utterance could meet itself.

        Raises
        ------
        ConfigError
            Names the queue and the number of utterances.
        """
        if self.queue > n_utterances // 2:
            raise ConfigError(
                f"objective.queue is {self.queue} and train has {n_utterances} utterances; "
                f"allowed is half of them at the most, {n_utterances // 2}: in a longer queue an "
                "utterance is its own negative"
            )

"""Options of fine-tuning by a support vector machine."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from signl.training.options import FinetuningOptions
from signl.typed import Count, Positive

if TYPE_CHECKING:  # a training loads PyTorch, a look at its options does not
    from signl.training.job import TrainingClass


class SvmOptions(FinetuningOptions):
    """A support vector machine on the standardised embeddings of a frozen network.

    Its kernel is exp(-gamma * squared distance), and both classes have the same weight. Nothing is
    chosen on dev, and nothing is drawn.
    """

    fits_embeddings = True

    kind: Literal["svm"] = "svm"
    batch_size: Count = Field(default=32, description="Utterances that are embedded at a time.")
    precision: Literal["32-true"] = Field(
        default="32-true", description="Embeddings are those that scoring takes."
    )
    strength: Positive = Field(
        default=2.0, description="C: the smaller, the more utterances may lie on the wrong side."
    )
    gamma: Positive | None = Field(
        default=None,
        description="Of the kernel. null: 1 / (width * variance) of the standardised embeddings of "
        "train, scikit-learn's `scale`.",
    )

    @property
    def chooses_by_dev(self) -> bool:
        """Whether dev chooses anything: it does not."""
        return False

    def training_class(self) -> "TrainingClass":
        """Return the machine."""
        from signl.training.svm import SvmTraining

        return SvmTraining

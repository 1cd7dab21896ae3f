"""Options of fine-tunings that learn from resynthesis of the training partition."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from signl.training.options import FinetuningOptions
from signl.typed import Count, Name, Positive

if TYPE_CHECKING:
    from signl.training.job import TrainingClass

Prior = Annotated[float, Field(gt=0, lt=1)]


class ArmOptions(FinetuningOptions):
    """What all of them have; the network's weights stay, and a plane through its embeddings is fit.

    Embeddings are standardised by all originals of the training partition and turned to the main
    directions of originals and copies together. Nothing is chosen on dev.
    """

    fits_embeddings = True

    resynthesis: Name = Field(
        description="Name of the resynthesis, under `resynthesis` of the configuration, whose "
        "copies of the training partition it learns from."
    )
    batch_size: Count = Field(default=32, description="Utterances that are embedded at a time.")
    precision: Literal["32-true"] = Field(
        default="32-true", description="Embeddings are those that scoring takes."
    )
    components: Count = Field(
        default=256, description="Main directions of the embeddings that are kept, at most."
    )

    @property
    def chooses_by_dev(self) -> bool:
        """Whether dev chooses anything: it does not."""
        return False

    @property
    def learns_resynthesis(self) -> bool:
        """Whether pseudo-spoofs are learnt from, and not the channel copies alone."""
        return True

    def training_class(self) -> "TrainingClass":
        """Return what fits the plane."""
        from signl.training.arms import ArmTraining

        return ArmTraining


class RidgeArmOptions(ArmOptions):
    """What those have that are fitted by a ridge."""

    penalty: Positive = Field(
        default=0.3,
        description="Of the squared weights, in units of the mean variance of a direction.",
    )


class ZeroLabelOptions(RidgeArmOptions):
    """Recordings against their own resynthesis: no label of train or dev is looked at.

    Its classifiers of all label percents and seeds are therefore the same.
    """

    kind: Literal["zero_label"] = "zero_label"
    rounds: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="Rounds of refinement, in which the highest ranking share `prior` of the "
        "training partition is presumed bona fide.",
    )
    prior: Prior | None = Field(
        default=None, description="With rounds: share of bona fide that is presumed, 0 to 1."
    )

    @model_validator(mode="after")
    def _check_prior(self) -> Self:
        if (self.prior is None) != (self.rounds == 0):
            raise ValueError(
                f"prior is {self.prior} and rounds {self.rounds}; allowed is a prior with rounds "
                "above 0, and none without"
            )
        return self


class VocodedOptions(ArmOptions):
    """Labelled utterances, their channel copies, and resynthesis of the labelled bona fide.

    A logistic regression with classes of equal weight.
    """

    kind: Literal["vocoded"] = "vocoded"
    strength: Positive = Field(
        default=0.05, description="scikit-learn's C: the smaller, the more weights are held back."
    )
    max_steps: Count = Field(default=2000, description="Steps of the solver, L-BFGS, at most.")


class ResynthRefineOptions(RidgeArmOptions):
    """A teacher of resynthesis and labels, whose ranking of the unlabelled is learnt from."""

    kind: Literal["resynth_refine"] = "resynth_refine"
    pseudo_spoofs: bool = Field(
        default=True,
        description="Whether resynthesis is learnt from. false: self-training, in which labels "
        "alone teach, then the ranking; of the copies the channel copies are taken.",
    )
    rounds: Count = Field(default=3, description="How often the ranking is learnt from.")
    label_weight: Positive = Field(
        default=3.0, description="Of a labelled utterance, where a presumed one has 1."
    )
    prior: Prior | None = Field(
        default=None,
        description="Share of bona fide among the unlabelled, 0 to 1; without it that among the "
        "labelled.",
    )

    @property
    def learns_resynthesis(self) -> bool:
        """Whether pseudo-spoofs are learnt from, and not the channel copies alone."""
        return self.pseudo_spoofs

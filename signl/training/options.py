"""Options of pre-training and fine-tuning; the defaults are the paper's (arXiv 2501.04942)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from signl.augmentation.augmentation_options import AugmentationOptions
from signl.augmentation.augmentations import Augmentations
from signl.corpora.pools import pooled
from signl.features.frontend import FrontendOptions
from signl.features.frontends import FRONTENDS
from signl.features.speech_model.lora_options import LoraOptions
from signl.kinds import Kinds
from signl.models.base import DROPOUT, HEAD_WIDTHS, MAX_CROPS, NetworkOptions, Norm
from signl.models.networks import NETWORKS
from signl.models.signl.options import GraphAugmentation
from signl.objectives.alignment.options import AlignmentOptions
from signl.objectives.objective_options import ObjectiveOptions
from signl.objectives.objectives import OBJECTIVES
from signl.training.view_options import ViewOptions
from signl.typed import Count, FromList, Name, NotNegative, Options, Positive, Rate

if TYPE_CHECKING:  # a training loads PyTorch, a look at its options does not
    from signl.training.job import TrainingClass

Precision = Literal["bf16-mixed", "bf16-mixed-everywhere", "32-true"]
#: The one by which a CPU computes in bfloat16 too.
EVERYWHERE: Final[Precision] = "bf16-mixed-everywhere"


class BatchOptions(Options):
    """Options of all that takes utterances batch by batch."""

    #: Whether it is a fit, of seconds, to embeddings of a network that stays as it is: in one
    #: process, for there are no batches whose gradients several could share.
    fits_embeddings: ClassVar[bool] = False

    batch_size: Count = Field(
        default=96,
        description="Utterances of a batch, at most; the batches of an epoch are of even size.",
    )
    precision: Precision = Field(
        default="bf16-mixed",
        description="What passes compute in; weights and losses are float32 in any case. "
        "bf16-mixed: bfloat16 on a GPU, float32 on a CPU. bf16-mixed-everywhere: on a CPU too, "
        "which is faster where the processor has instructions for it (docs/performance.md).",
    )


class TrainingOptions(BatchOptions):
    """Options of every training by gradient."""

    epochs: Count = Field(default=100, description="At most so many.")
    learning_rate: Positive = Field(default=1e-5, description="Of Adam.")
    weight_decay: NotNegative = Field(default=1e-4, description="Of Adam.")
    patience: Count = Field(
        default=3, description="Epochs without a better one after which training stops."
    )
    head_widths: Annotated[tuple[Count, ...], FromList, Field(min_length=1)] = Field(
        default=HEAD_WIDTHS, description="Output widths of the head's layers."
    )
    dropout: Rate = Field(
        default=DROPOUT,
        description="Rate of dropout in the head. Processes that share a training drop other "
        "units each.",
    )
    accumulate: Count = Field(
        default=1,
        description="Parts into which a batch is split, whose gradients are added up before the "
        "weights move: less memory for the same batch. Statistics (batch normalisation, and of an "
        "objective) are those of a part.",
    )
    gradient_checkpointing: bool = Field(
        default=False,
        description="Compute the front-end's layers again on the way back instead of keeping "
        "their outputs: less memory, more time. Of a front-end that is trained.",
    )
    waveform_augmentation: Augmentations = Field(
        default=(),
        description="What is done to the waveforms of train, one after the other, anew in each "
        "epoch and for each view; never to dev. Of networks that read audio, and of a front-end "
        "that is trained.",
    )
    augmented_copies: Name | None = Field(
        default=None,
        description="Name of the copies, under `augmented_copies` of the configuration, that are "
        "in the cache of features for train, never for dev. Each epoch draws of each utterance "
        "itself or one of its copies. Of networks that read cached features.",
    )


class PretrainingOptions(TrainingOptions):
    """Options of pre-training; an epoch is better with a lower dev loss."""

    batch_size: Annotated[int, Field(ge=2)] = Field(
        default=96,
        description="Utterances of a batch, at most, which the objective compares with each other.",
    )
    objective: Annotated[ObjectiveOptions, OBJECTIVES] = Field(
        default=AlignmentOptions(), description="The loss; alignment is the paper's."
    )
    corpora: Annotated[tuple[str, ...], FromList, Field(min_length=1)] | None = Field(
        default=None,
        description="Corpora whose train and dev are read, as one; otherwise those of the "
        "classifier. No label is read.",
    )
    head_norm: Norm = Field(
        default="none",
        description="What stands before each ReLU of the head: nothing, or batch normalisation.",
    )
    min_delta: NotNegative = Field(
        default=7e-5, description="By how much a dev loss must be lower to renew the patience."
    )
    augmentation: GraphAugmentation = Field(
        default=GraphAugmentation(),
        description="What is done to the graphs of both views, in training and on dev.",
    )
    views: ViewOptions = Field(
        default=ViewOptions(),
        description="What is done to the pictures of both views, in training and on dev: "
        "log-spectra of a front-end that is not trained.",
    )
    joint_views: bool = Field(
        default=False,
        description="Whether both views pass through the network as one batch, of which batch "
        "normalisation takes its statistics, as in SimCLR, COLA and SSL-ACL; of networks without "
        "graphs, and objectives without a momentum copy.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        self.objective.check(batch_size=self.batch_size)
        if self.augmented_copies is not None and self.objective.resynthesised is not None:
            raise ValueError(
                f"augmented_copies is {self.augmented_copies!r} with an objective of kind "
                f"{self.objective.kind}, whose pairs are of the copies of a resynthesis; leave it "
                "out: their channel augments them"
            )
        if self.corpora is not None and len(set(self.corpora)) < len(self.corpora):
            raise ValueError(f"corpora is {list(self.corpora)}; allowed is each once")
        if self.joint_views and self.objective.sees in ("targets", "keys"):
            raise ValueError(
                f"joint_views is true with an objective of kind {self.objective.kind}; allowed is "
                "false: its momentum copy sees each view as a batch"
            )
        return self

    @property
    def corpus(self) -> str | None:
        """Name of the corpus, or pool of corpora, that it has of its own."""
        return None if self.corpora is None else pooled(self.corpora)


class FinetuningOptions(BatchOptions):
    """What all ways of fine-tuning have, and say of themselves."""

    kind: str
    crops: Annotated[int, Field(ge=1, le=MAX_CROPS)] = Field(
        default=1,
        description="Crops of a clip that are scored, from its beginning to its end at even steps; "
        "the score of an utterance is the mean of theirs. 1: the beginning of the clip. It is "
        "saved with the classifier.",
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_copies(cls, values: object) -> object:
        """Say of a kind that cannot take augmented copies which can."""
        if not isinstance(values, Mapping):
            return values
        key = "augmented_copies"
        given = values.get(key)
        if given is not None and key not in cls.model_fields:
            raise ValueError(
                f"{key} is {given!r} with kind {values.get('kind')}, which takes each "
                "utterance as it was recorded; allowed is it with kind gradient or logistic"
            )
        return values

    @property
    def chooses_by_dev(self) -> bool:
        """Whether labelled dev utterances may choose what is kept of a training."""
        return True

    def training_class(self) -> "TrainingClass":
        """Return what trains a classifier in this way."""
        raise NotImplementedError


class LogisticOptions(FinetuningOptions):
    """A logistic regression on the embeddings of a frozen network."""

    fits_embeddings = True

    kind: Literal["logistic"] = "logistic"
    batch_size: Count = Field(default=32, description="Utterances that are embedded at a time.")
    precision: Literal["32-true"] = Field(
        default="32-true", description="Embeddings are those that scoring takes."
    )
    strengths: Annotated[tuple[Positive, ...], FromList, Field(min_length=1)] = Field(
        default=(1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0),
        description="Values of C to choose among: the smaller, the more the weights are held back. "
        "Of those with the lowest EER the one with the lowest log-loss is taken. A single one is "
        "taken as it is, and dev has no say.",
    )
    least_dev: Count = Field(
        default=10,
        description="Labelled dev utterances of a class that it takes to choose on dev; with "
        "fewer, a cross-validation on train chooses.",
    )
    folds: Annotated[int, Field(ge=2)] = Field(
        default=5, description="Folds of the cross-validation, at most; stratified."
    )
    max_steps: Count = Field(default=2000, description="Steps of the solver, L-BFGS, at most.")
    augmented_copies: Name | None = Field(
        default=None,
        description="Name of the copies, under `augmented_copies` of the configuration, that are "
        "in the cache of features for train, never for dev. It is fitted to each utterance itself "
        "and all of its copies, which together weigh what it would alone.",
    )

    @property
    def chooses_by_dev(self) -> bool:
        """Whether labelled dev utterances may choose: there is something to choose among."""
        return len(self.strengths) > 1

    def training_class(self) -> "TrainingClass":
        """Return the regression."""
        from signl.training.logistic import LogisticTraining

        return LogisticTraining


FINETUNINGS: Final[Kinds[FinetuningOptions]] = Kinds(
    "fine-tuning",
    {
        "gradient": "signl.training.gradient_options:GradientOptions",
        "logistic": "signl.training.options:LogisticOptions",
        "zero_label": "signl.training.arm_options:ZeroLabelOptions",
        "vocoded": "signl.training.arm_options:VocodedOptions",
        "resynth_refine": "signl.training.arm_options:ResynthRefineOptions",
        "svm": "signl.training.svm_options:SvmOptions",
    },
    default="gradient",
)


class NetworkRecipe(Options):
    """What every training takes of a recipe."""

    crop_s: Positive = Field(description="Seconds of a crop.")
    model: Annotated[NetworkOptions, NETWORKS] = Field(description="The network.")
    frontend: Annotated[FrontendOptions, FRONTENDS] | None = Field(
        default=None,
        description="A front-end that is trained too, from audio; without it the network sees "
        "cached features, or reads audio itself.",
    )
    lora: LoraOptions | None = Field(
        default=None,
        description="Adapters by which that front-end is trained; without them it is whole.",
    )

    @model_validator(mode="after")
    def _check_adapters(self) -> Self:
        if self.lora is not None and self.frontend is None:
            raise ValueError(
                "it has lora and no frontend; allowed is that with one that is trained"
            )
        return self

    @property
    def reads_audio(self) -> bool:
        """Whether it is trained on waveforms."""
        return self.frontend is not None or self.model.reads == "audio"


class PretrainingRecipe(NetworkRecipe):
    """What a pre-training takes of a recipe."""

    pretraining: PretrainingOptions

    @model_validator(mode="after")
    def _check_augmentation(self) -> Self:
        check_augmentation(self.pretraining, reads_audio=self.reads_audio)
        return self


class FinetuningRecipe(NetworkRecipe):
    """What a fine-tuning takes of a recipe."""

    finetuning: Annotated[FinetuningOptions, FINETUNINGS]

    @model_validator(mode="after")
    def _check_augmentation(self) -> Self:
        check_augmentation(self.finetuning, reads_audio=self.reads_audio)
        return self


def augmentations_of(options: BatchOptions | None) -> tuple[AugmentationOptions, ...]:
    """Return what a training does to waveforms; nothing, where it is one of another kind."""
    return getattr(options, "waveform_augmentation", ())


def copies_taken_by(options: FinetuningOptions) -> str | None:
    """Return the name of the copies of train that a fine-tuning takes; often none."""
    taken: str | None = getattr(options, "resynthesis", None)
    return taken or getattr(options, "augmented_copies", None)


def check_augmentation(options: BatchOptions | None, *, reads_audio: bool) -> None:
    """Refuse to augment waveforms where the network sees cached features.

    Raises
    ------
    ValueError
        Says what is allowed.
    """
    if augmentations_of(options) and not reads_audio:
        raise ValueError(
            "waveform_augmentation changes waveforms, anew in each epoch, and this recipe is "
            "trained on cached features; allowed is it with trainable_frontend: true, or with a "
            "network that reads audio; with cached features, augmented_copies, which are cached"
        )

"""Options of pre-training and fine-tuning; the defaults are the paper's (arXiv 2501.04942)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from signl.models.base import DROPOUT, HEAD_WIDTHS
from signl.models.signl.options import GraphAugmentation, SignlOptions

Precision = Literal["bf16-mixed", "32-true"]


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """Options of every training.

    Attributes
    ----------
    epochs : int
        At most so many.
    batch_size : int
        Utterances of a batch, at most; the batches of an epoch are of even size.
    learning_rate, weight_decay : float
        Of Adam.
    patience : int
        Epochs without a better one after which training stops.
    precision : {"bf16-mixed", "32-true"}
        On a GPU. A CPU computes in float32.
    head_widths : tuple of int
        Output widths of the head's layers.
    dropout : float
        Rate of dropout in the head. Processes that share a training drop other units each.
    accumulate : int
        Parts into which a batch is split, whose gradients are added up before the weights move:
        less memory for the same batch. Statistics (batch normalisation, and of an objective) are
        those of a part.
    gradient_checkpointing : bool
        Compute the front-end's layers again on the way back instead of keeping their outputs:
        less memory, more time. Of a front-end that is trained.
    """

    epochs: int = 100
    batch_size: int = 96
    learning_rate: float = 1e-5
    weight_decay: float = 1e-4
    patience: int = 3
    precision: Precision = "bf16-mixed"
    head_widths: tuple[int, ...] = HEAD_WIDTHS
    dropout: float = DROPOUT
    accumulate: int = 1
    gradient_checkpointing: bool = False


@dataclass(frozen=True, kw_only=True)
class PretrainingOptions(TrainingOptions):
    """Options of pre-training; an epoch is better with a lower dev loss.

    Attributes
    ----------
    objective : str
        Name in :mod:`signl.objectives.objectives`; ``alignment`` is the paper's.
    objective_options : Mapping
        Options of the objective.
    min_delta : float
        By how much a dev loss must be lower to renew the patience.
    augmentation : GraphAugmentation
        What is done to the graphs of both views, in training and on dev.
    """

    objective: str = "alignment"
    objective_options: Mapping[str, Any] = field(default_factory=dict)
    min_delta: float = 7e-5
    augmentation: GraphAugmentation = field(default_factory=GraphAugmentation)


@dataclass(frozen=True, kw_only=True)
class FinetuningOptions(TrainingOptions):
    """Options of fine-tuning; an epoch is better with a lower dev EER, then dev loss.

    Attributes
    ----------
    cosine_epochs : int
        Half a period of the learning rate's cosine, in epochs (``T_max``).
    patience_below_eer : float
        Epochs wear out the patience once the EER on the training utterances was below this, 0 to 1.
    class_weights : tuple of float
        Weights of the cross-entropy: spoof, bona fide.
    freeze_encoder : bool
        Train the head alone; the front-end is frozen with the encoder.
    """

    cosine_epochs: int = 10
    patience_below_eer: float = 0.1
    class_weights: tuple[float, float] = (0.1, 0.9)
    freeze_encoder: bool = False


@dataclass(frozen=True, kw_only=True)
class NetworkRecipe:
    """What every training takes of a recipe.

    Attributes
    ----------
    crop_s : float
        Seconds of a crop.
    graph : SignlOptions
        Size of the graphs.
    frontend : Mapping, optional
        A front-end that is trained too, from audio; without it the network sees cached features.
    """

    crop_s: float
    graph: SignlOptions
    frontend: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class PretrainingRecipe(NetworkRecipe):
    """What a pre-training takes of a recipe."""

    pretraining: PretrainingOptions


@dataclass(frozen=True, kw_only=True)
class FinetuningRecipe(NetworkRecipe):
    """What a fine-tuning takes of a recipe."""

    finetuning: FinetuningOptions

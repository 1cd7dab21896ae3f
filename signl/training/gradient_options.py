"""Options of fine-tuning by gradient; the defaults are the paper's (arXiv 2501.04942)."""

from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from signl.models.base import HEAD_WIDTHS
from signl.training.options import FinetuningOptions, TrainingOptions
from signl.typed import Count, FromList, NotNegative, Rate

if TYPE_CHECKING:  # a training loads PyTorch, a look at its options does not
    from signl.training.job import TrainingClass

#: Of the cross-entropy: spoof, bona fide.
CLASS_WEIGHTS: Final = (0.1, 0.9)


class GradientOptions(TrainingOptions, FinetuningOptions):
    """Fine-tuning by gradient."""

    kind: Literal["gradient"] = "gradient"
    selection: Literal["dev", "last", "average"] = Field(
        default="dev",
        description="Whose weights are kept. dev: those of the epoch of the lowest dev EER, then "
        "dev loss. last: those of the last epoch; the learning rate must have come down by then. "
        "average: the mean of those after each of the last epochs; the statistics of batch "
        "normalisation are then taken anew, by a pass over train. Under the last two dev chooses "
        "nothing, and no patience ends the training: for a dev set of a dozen utterances.",
    )
    average_epochs: Count = Field(
        default=5,
        description="With selection: average. Epochs, to the last, whose weights are averaged.",
    )
    cosine_epochs: Count = Field(
        default=10,
        description="Half a period of the learning rate's cosine, in epochs (T_max).",
    )
    patience_below_eer: Rate = Field(
        default=0.1,
        description="Epochs wear out the patience once the EER on the training utterances was "
        "below this, 0 to 1.",
    )
    loss: Literal["cross_entropy", "p2sgrad"] = Field(
        default="cross_entropy",
        description="p2sgrad: the head ends in a direction of each class, its cosines with that of "
        "the utterance are moved to 1 and 0, and the score is that of bona fide. It has no class "
        "weights.",
    )
    head_widths: Annotated[tuple[Count, ...], FromList] = Field(
        default=HEAD_WIDTHS,
        description="Output widths of the head's layers. Empty: one linear layer to logits, "
        "and the score is that of bona fide; with p2sgrad, cosines of the embedding.",
    )
    head_output: Literal["logit", "probability", "selu"] = Field(
        default="logit",
        description="With cross_entropy and empty head_widths: what the score follows from. logit: "
        "that of bona fide alone. probability: both, by a softmax, which is also the sigmoid of a "
        "system with one logit. selu: the same, with a SELU before the softmax, as in SLS.",
    )
    class_weights: Annotated[tuple[NotNegative, NotNegative], FromList] = Field(
        default=CLASS_WEIGHTS, description="Weights of the cross-entropy: spoof, bona fide."
    )
    balanced_batches: bool = Field(
        default=False,
        description="Take as many spoofs as bona fide utterances in each batch. An epoch has as "
        "many utterances as without: of the more frequent class it takes a part, others in each "
        "epoch; those of the rarer class it takes several times, the same crop. The class weights "
        "must then be equal.",
    )
    freeze_encoder: bool = Field(
        default=False,
        description="Train the head alone; the front-end is frozen with the encoder.",
    )

    @model_validator(mode="after")
    def _check_weights(self) -> Self:
        if self.loss == "p2sgrad" and self.class_weights != CLASS_WEIGHTS:
            raise ValueError(
                f"class_weights is {list(self.class_weights)}, and loss: p2sgrad has none; leave "
                "class_weights out, or allowed is loss: cross_entropy"
            )
        return self

    @model_validator(mode="after")
    def _check_output(self) -> Self:
        is_linear = self.loss == "cross_entropy" and not self.head_widths
        if self.head_output != "logit" and not is_linear:
            raise ValueError(
                f"head_output is {self.head_output}, loss {self.loss} and head_widths "
                f"{list(self.head_widths)}; allowed is that with loss: cross_entropy and "
                "head_widths: []"
            )
        return self

    @model_validator(mode="after")
    def _check_balance(self) -> Self:
        spoof, bonafide = self.class_weights
        if self.balanced_batches and self.loss == "cross_entropy" and spoof != bonafide:
            raise ValueError(
                f"balanced_batches is true with class_weights {list(self.class_weights)}, which "
                "would weigh the rarer class twice; allowed is that with equal weights, "
                "class_weights: [0.5, 0.5]"
            )
        return self

    @model_validator(mode="after")
    def _check_selection(self) -> Self:
        default = type(self).model_fields["average_epochs"].default
        if self.selection != "average" and self.average_epochs != default:
            raise ValueError(
                f"average_epochs is {self.average_epochs} and selection {self.selection}; allowed "
                "is that with selection: average"
            )
        if self.selection == "average" and self.average_epochs > self.epochs:
            raise ValueError(
                f"average_epochs is {self.average_epochs}; allowed is at most epochs, {self.epochs}"
            )
        # The cosine is at its lowest after an odd number of half periods.
        halves, rest = divmod(self.epochs, self.cosine_epochs)
        if self.selection == "last" and (rest or halves % 2 == 0):
            raise ValueError(
                f"selection is last, epochs {self.epochs} and cosine_epochs {self.cosine_epochs}: "
                "the training would end at a high learning rate; allowed is cosine_epochs as epochs"
            )
        return self

    @model_validator(mode="after")
    def _check_patience(self) -> Self:
        default = type(self).model_fields["patience"].default
        if self.selection != "dev" and self.patience < self.epochs and self.patience != default:
            raise ValueError(
                f"patience is {self.patience} and selection {self.selection}, under which no "
                "patience ends the training; leave it out, or allowed is selection: dev"
            )
        return self

    @property
    def chooses_by_dev(self) -> bool:
        """Whether dev chooses the epoch."""
        return self.selection == "dev"

    def training_class(self) -> "TrainingClass":
        """Return fine-tuning by gradient."""
        from signl.training.finetune import Finetuning

        return Finetuning

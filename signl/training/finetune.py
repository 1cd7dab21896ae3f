"""Fine-tuning of a classifier on the labelled subset (arXiv 2501.04942, section III)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

from signl import stages
from signl.errors import ConfigError
from signl.labels import BONAFIDE, CLASS_INDEX, SPOOF
from signl.metrics import equal_error_rate
from signl.models.heads import Classifier, Head, LinearHead, MlpHead
from signl.models.published_heads import CosineHead, LogitHead, SeluHead
from signl.training.augmented_utterances import with_copies
from signl.training.averaging import WeightAverage
from signl.training.copied_utterances import read_copied
from signl.training.crops import Batch, Loading, Utterances
from signl.training.epochs import GradientTraining, start_encoder
from signl.training.gradient_options import GradientOptions
from signl.training.job import Training, TrainingJob
from signl.training.label_subsets import read_labelled
from signl.training.loss_values import mean_loss
from signl.training.model_files import EncoderFiles
from signl.training.options import FinetuningOptions, FinetuningRecipe, copies_taken_by
from signl.training.passes import make_trainer
from signl.training.run import Record
from signl.training.sharing import gather_rows
from signl.typed import build


class Step(NamedTuple):
    """Loss of a batch, a scalar, and the scores of its utterances."""

    loss: Tensor
    scores: Tensor


class Passed(NamedTuple):
    """Mean loss over utterances, and their equal error rate (0 to 1)."""

    loss: float
    eer: float


def _passed(results: Iterable[tuple[Tensor, Step]]) -> Passed:
    """Sum up a pass."""
    losses, all_scores, all_classes = [], [], []
    for batch_classes, step in results:
        losses.append((len(batch_classes), step.loss.detach()))
        all_scores.append(step.scores.detach())
        all_classes.append(batch_classes)
    # A GPU is waited for here, at the end of the pass.
    scores, classes = (torch.cat(each).cpu().numpy() for each in (all_scores, all_classes))
    bonafide, spoof = (scores[classes == CLASS_INDEX[label]] for label in (BONAFIDE, SPOOF))
    return Passed(mean_loss(losses), equal_error_rate(bonafide, spoof).rate)


def _head_of(options: GradientOptions, width: int) -> Head:
    """Return the head that options ask for, of random weights."""
    widths, dropout = options.head_widths, options.dropout
    if options.loss == "p2sgrad":
        return CosineHead(width, widths=widths, dropout=dropout)
    if widths:
        return MlpHead(width, widths=widths, dropout=dropout)
    of_output = {"logit": LogitHead, "probability": LinearHead, "selu": SeluHead}
    return of_output[options.head_output](width)


class Finetuning(GradientTraining):
    """A classifier in fine-tuning.

    Parameters
    ----------
    recipe : FinetuningRecipe
        Its options.
    partitions : Mapping
        ``train`` and ``dev``, of the labelled utterances.
    loading : Loading
        How batches are loaded.
    fabric : Fabric
        Device and precision of this job.
    encoder : EncoderFiles, optional
        The pre-trained encoder.
    seed : int
        Root seed.

    Raises
    ------
    ConfigError
        If the encoder is not one of this recipe.
    """

    options: GradientOptions

    def __init__(
        self,
        recipe: FinetuningRecipe,
        partitions: Mapping[str, Utterances],
        loading: Loading,
        fabric: Fabric,
        *,
        encoder: EncoderFiles | None,
        seed: int,
    ) -> None:
        self.options = cast(GradientOptions, recipe.finetuning)
        network = start_encoder(
            recipe, self.options, loading, fabric, seed=seed, pretrained=encoder
        )
        self.classifier = Classifier(network, _head_of(self.options, network.embedding_width))
        if self.options.freeze_encoder:
            network.requires_grad_(requires_grad=False)
        self.trainer = make_trainer(
            self.classifier,
            self.options,
            partitions,
            loading,
            fabric,
            crop_length=network.crop_length,
            n_views=1,
            seed=seed,
            n_dev_views=self.options.crops,
            balances=self.options.balanced_batches,
        )
        if self.options.selection == "average":
            first = self.options.epochs - self.options.average_epochs
            self.average = WeightAverage(self.classifier, first=first)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.trainer.bare_optimiser, T_max=self.options.cosine_epochs
        )
        self._class_weights = fabric.to_device(torch.tensor(self.options.class_weights))

    @property
    def trained(self) -> Classifier:
        """The classifier."""
        return self.classifier

    def epoch(self, number: int) -> dict[str, Any]:
        """Train for an epoch and look at ``dev``."""
        train = self.train_epoch(number)
        self._average(number)
        dev = self.validate()
        return {
            "train_loss": train.loss,
            "train_eer": train.eer,
            "dev_loss": dev.loss,
            "dev_eer": dev.eer,
        }

    def _average(self, number: int) -> None:
        """Take the weights into the mean, and after the last epoch look at dev with that."""
        if self.average is None:
            return
        self.average.update(self.classifier, number)
        if number + 1 == self.options.epochs:
            self.classifier.load_state_dict(self.average.state())
            if not self.options.freeze_encoder:  # what is frozen keeps its statistics
                self.trainer.renew_statistics(number + 1)
            self.average.finish(self.classifier)

    def result(self, record: Mapping[str, Any]) -> list[float]:
        """Return EER and loss on dev: on a small dev set many epochs share an EER.

        Where dev does not choose, a later epoch is a better one.
        """
        if not self.options.chooses_by_dev:
            return [-float(record["epoch"])]
        return [record["dev_eer"], record["dev_loss"]]

    def counts(self, record: Mapping[str, Any], history: list[Record]) -> bool:
        """Whether the utterances of ``train`` were fitted, now or before."""
        below = self.options.patience_below_eer
        return self.options.chooses_by_dev and any(
            each["train_eer"] < below for each in [*history, record]
        )

    def outcome(self, best: Record) -> str:
        """Return the dev EER and the epoch that had it, or how much was averaged."""
        if self.options.selection == "average":
            n_epochs, eer = self.options.average_epochs, 100 * best["dev_eer"]
            return f"the mean of the weights of {n_epochs} epochs, dev EER {eer:.2f} %"
        if self.options.selection == "last":
            return f"last epoch {best['epoch']}, dev EER {100 * best['dev_eer']:.2f} %"
        return f"best dev EER {100 * best['dev_eer']:.2f} % in epoch {best['epoch']}"

    def train_epoch(self, epoch: int) -> Passed:
        """Train on a random crop of each labelled utterance of ``train``."""
        self.classifier.train()
        if self.options.freeze_encoder:
            # Frozen batch statistics too: the encoder stays what pre-training gave.
            self.classifier.encoder.eval()
        return _passed(self.trainer.train(epoch, self._step))

    def validate(self) -> Passed:
        """Compute loss and EER on the labelled dev utterances, of the crops that are scored."""
        return _passed(self.trainer.validate(self._step))

    def _step(self, batch: Batch) -> Step:
        head = self.classifier.head
        losses, scores = [], []
        for view in batch.views:
            outputs = self.trainer.network(view)
            outputs = gather_rows(outputs, first=batch.first, n_rows=len(batch.classes))
            losses.append(head.loss(outputs, batch.classes, self._class_weights))
            scores.append(head.score(outputs))
        return Step(torch.stack(losses).mean(), torch.stack(scores).mean(dim=0))


@dataclass(frozen=True, kw_only=True)
class FinetuningJob(TrainingJob):
    """Trains a classifier on the labelled subset; which one is kept, its options say.

    Its options are those of :class:`FinetuningRecipe`.

    Attributes
    ----------
    labels : path
        The labelled subset; other utterances are left alone.
    encoder : EncoderFiles, optional
        The pre-trained encoder; without it the network starts from random weights.
    percent : float
        Per cent of the corpus's labels, for the model's card.
    copies : sequence of paths
        The table of copies of the training partition, for what learns from resynthesis or draws of
        augmented copies; else none.
    """

    stage = stages.FINETUNING.rule
    revision = stages.FINETUNING.revision

    labels: str | Path
    encoder: EncoderFiles | None
    percent: float
    copies: Sequence[str | Path] = ()

    @cached_property
    def recipe(self) -> FinetuningRecipe:
        """The recipe."""
        return build(FinetuningRecipe, self.options, "recipe")

    @property
    def training_options(self) -> FinetuningOptions:
        """Those of fine-tuning."""
        return self.recipe.finetuning

    @property
    def sources(self) -> list[str | Path]:
        """The labels, the weights of a pre-trained encoder, and the copies."""
        encoder = [self.encoder.model] if self.encoder else []
        return [self.labels, *encoder, *self.gathered]

    @property
    def gathered(self) -> list[str | Path]:
        """The table of copies, which says of which utterances their shards are."""
        return list(self.copies)

    @property
    def header(self) -> dict[str, Any]:
        """Corpus, per cent of the labels, and seed."""
        return {"corpus": self.corpus, "percent": self.percent, "seed": self.seed}

    def partitions(self) -> dict[str, Utterances]:
        """Read the labelled utterances of ``train`` and ``dev``, and with resynthesis the others.

        Those of ``train`` are with their augmented copies, where the recipe takes such.

        Raises
        ------
        ConfigError
            If the recipe learns from copies and there are none, or the other way round.
        """
        train = read_labelled(self.train, self.labels)
        dev = Utterances.of(read_labelled(self.dev, self.labels))
        wanted = copies_taken_by(self.training_options)
        if bool(self.copies) != (wanted is not None):
            raise ConfigError(
                f"finetuning.kind {self.recipe.finetuning.kind} "
                + ("needs the copies of train" if wanted else "takes no copies of train")
                + f", and {len(self.copies)} tables of them were given"
            )
        if getattr(self.training_options, "augmented_copies", None):
            return {"train": with_copies(train, *self.copies), "dev": dev}
        labelled = {"train": Utterances.of(train), "dev": dev}
        if not self.copies:
            return labelled
        return labelled | read_copied(self.train, self.labels, *self.copies)

    def start(
        self, partitions: Mapping[str, Utterances], loading: Loading, fabric: Fabric
    ) -> Training:
        """Build encoder and head, and what trains them in the recipe's way."""
        options = self.recipe.finetuning
        training = options.training_class()(
            self.recipe, partitions, loading, fabric, encoder=self.encoder, seed=self.seed
        )
        training.trained.n_crops = options.crops
        return training

    def card(self, partitions: Mapping[str, Utterances]) -> dict[str, Any]:
        """Return how many labels there were, and whether the encoder was pre-trained."""
        return {
            "label_percent": self.percent,
            "n_labelled": {name: partitions[name].n_originals for name in ("train", "dev")},
            "pretrained": self.encoder is not None,
            **({} if self.recipe.finetuning.chooses_by_dev else {"dev_chose": False}),
        }

"""Fine-tuning of a classifier on the labelled subset (arXiv 2501.04942, section III)."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional as F

from signl import revisions
from signl.artefacts import MadeBy, digests_of
from signl.devices import Resources
from signl.labels import BONAFIDE, CLASS_INDEX, SPOOF
from signl.metrics import equal_error_rate
from signl.models.heads import Classifier, score
from signl.models.saving import save_model
from signl.options import build_options
from signl.training.crops import Batch, Loading, Utterances
from signl.training.files import EncoderFiles, ModelFiles, digest_of
from signl.training.job import TrainingJob, launch, seed_weights
from signl.training.labels import read_labelled
from signl.training.networks import (
    checkpoint_gradients,
    crop_length_of,
    features_of,
    make_encoder,
    make_loading,
    pretrained_encoder,
    sources_of,
)
from signl.training.options import FinetuningRecipe
from signl.training.passes import make_trainer, mean_loss
from signl.training.run import Patience, Run
from signl.training.sharing import gather_rows, share_batch_statistics

logger = logging.getLogger(__name__)

STAGE = "train_classifier"


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
        losses.append((len(batch_classes), step.loss.item()))
        all_scores.append(step.scores.detach().cpu())
        all_classes.append(batch_classes.cpu())
    scores, classes = torch.cat(all_scores).numpy(), torch.cat(all_classes).numpy()
    bonafide, spoof = (scores[classes == CLASS_INDEX[label]] for label in (BONAFIDE, SPOOF))
    return Passed(mean_loss(losses), equal_error_rate(bonafide, spoof).rate)


class Finetuning:
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
        self.options = recipe.finetuning
        seed_weights(seed, "encoder")
        network = (
            pretrained_encoder(encoder, recipe, loading.clips)
            if encoder
            else make_encoder(recipe, loading.clips)
        )
        if self.options.gradient_checkpointing:
            checkpoint_gradients(network)
        if fabric.world_size > 1:
            share_batch_statistics(network)
        # Apart from the encoder: the head starts alike whether that is pre-trained or not.
        seed_weights(seed, "head")
        self.classifier = Classifier(
            network, widths=self.options.head_widths, dropout=self.options.dropout
        )
        network.requires_grad_(requires_grad=not self.options.freeze_encoder)
        self.trainer = make_trainer(
            self.classifier,
            self.options,
            partitions,
            loading,
            fabric,
            crop_length=crop_length_of(network),
            n_views=1,
            seed=seed,
        )
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.trainer.bare_optimiser, T_max=self.options.cosine_epochs
        )
        self._class_weights = fabric.to_device(torch.tensor(self.options.class_weights))

    def train_epoch(self, epoch: int) -> Passed:
        """Train on a random crop of each labelled utterance of ``train``."""
        self.classifier.train()
        if self.options.freeze_encoder:
            # Frozen batch statistics too: the encoder stays what pre-training gave.
            self.classifier.encoder.eval()
        return _passed(self.trainer.train(epoch, self._step))

    def validate(self) -> Passed:
        """Compute loss and EER on the first half of the clips of the labelled dev utterances."""
        return _passed(self.trainer.validate(self._step))

    def _step(self, batch: Batch) -> Step:
        log_probabilities = gather_rows(
            self.trainer.network(batch.views[0]), first=batch.first, n_rows=len(batch.classes)
        )
        loss = F.nll_loss(log_probabilities, batch.classes, self._class_weights)
        return Step(loss, score(log_probabilities))


@dataclass(frozen=True, kw_only=True)
class FinetuningJob(TrainingJob):
    """What a fine-tuning is given besides; see :func:`train_classifier`."""

    labels: Path
    encoder: EncoderFiles | None
    percent: float


def train_classifier(
    train: str | Path,
    dev: str | Path,
    labels: str | Path,
    shards: Sequence[str | Path],
    output: ModelFiles,
    *,
    encoder: EncoderFiles | None,
    corpus: str,
    percent: float,
    seed: int,
    options: Mapping[str, Any],
    resources: Resources = Resources(),
) -> None:
    """Fine-tune a classifier; the epoch of the lowest EER on dev is kept.

    Of epochs with the same EER, the one of the lowest dev loss is kept: on a small dev set
    many epochs share an EER.

    Parameters
    ----------
    train, dev : path
        Usable trials of the two partitions.
    labels : path
        The labelled subset; other utterances are left alone.
    shards : sequence of paths
        Feature shards that hold them; audio shards, for a recipe that trains its front-end.
    output : ModelFiles
        What is written.
    encoder : EncoderFiles, optional
        The pre-trained encoder; without it the network starts from random weights.
    corpus, percent : str, float
        Name of the corpus and per cent of its labels, for the model's card.
    seed : int
        Root seed.
    options : Mapping
        Fields of :class:`FinetuningRecipe`.
    resources : Resources
        What this job computes with.
    """
    recipe = build_options(FinetuningRecipe, options, "recipe")
    job = FinetuningJob(
        train=Path(train),
        dev=Path(dev),
        labels=Path(labels),
        shards=[Path(shard) for shard in shards],
        output=output,
        encoder=encoder,
        corpus=corpus,
        percent=percent,
        seed=seed,
        options=options,
        resources=resources,
    )
    launch(_finetune, recipe.finetuning.precision, resources, job)


def _finetune(fabric: Fabric, job: FinetuningJob) -> None:
    """Fine-tune in this process, which may be one of several that share the batches."""
    recipe = build_options(FinetuningRecipe, job.options, "recipe")
    partitions = {
        "train": Utterances.of(read_labelled(job.train, job.labels)),
        "dev": Utterances.of(read_labelled(job.dev, job.labels)),
    }
    loading = make_loading(
        recipe, job.shards, fabric, job.resources, batch_size=recipe.finetuning.batch_size
    )
    loading.clips.check_utterances([job.train, job.dev])
    encoder = job.encoder
    finetuning = Finetuning(recipe, partitions, loading, fabric, encoder=encoder, seed=job.seed)
    made_by = MadeBy(
        stage=STAGE,
        revision=revisions.FINETUNING,
        options={
            **job.options,
            "corpus": job.corpus,
            "percent": job.percent,
            "seed": job.seed,
        },
    )
    inputs = [job.train, job.dev, job.labels, *([encoder.model] if encoder else [])]
    made_from = json.dumps(
        [made_by.to_json(), *sources_of(recipe, loading.clips), *map(digest_of, inputs)]
    )
    run = _train(finetuning, job.output.checkpoint, made_from)
    if not fabric.is_global_zero:
        return
    run.finish(job.output.history)
    card = {
        "corpus": job.corpus,
        "label_percent": job.percent,
        "seed": job.seed,
        **features_of(loading.clips),
        "n_labelled": {name: len(part) for name, part in partitions.items()},
        "pretrained": encoder is not None,
        "dev": run.best_record,
    }
    sources = [job.output.history, job.labels, *([encoder.model] if encoder else [])]
    save_model(
        job.output.model,
        job.output.config,
        finetuning.classifier,
        made_by=replace(made_by, digests=digests_of(*sources)),
        card=card,
    )
    run.discard_checkpoint()
    logger.info(
        "fine-tuned on %d utterances of %s (%s %% of the labels) in %d epochs, best dev EER "
        "%.2f %% in epoch %d; wrote %s",
        len(partitions["train"]),
        job.corpus,
        job.percent,
        run.next_epoch,
        100 * run.best_record["dev_eer"],
        run.best_record["epoch"],
        job.output.model,
    )


def _train(finetuning: Finetuning, checkpoint: Path, made_from: str) -> Run:
    """Run the epochs until the patience is over."""
    options, fabric = finetuning.options, finetuning.trainer.fabric
    run = Run(
        checkpoint,
        made_from=made_from,
        model=finetuning.classifier,
        optimiser=finetuning.trainer.bare_optimiser,
        scheduler=finetuning.scheduler,
        patience=Patience(epochs=options.patience),
        writes=fabric.is_global_zero,
    )
    while run.next_epoch < options.epochs and not run.patience.is_over:
        train = finetuning.train_epoch(run.next_epoch)
        dev = finetuning.validate()
        fitted = any(record["train_eer"] < options.patience_below_eer for record in run.history)
        record = {
            "train_loss": train.loss,
            "train_eer": train.eer,
            "dev_loss": dev.loss,
            "dev_eer": dev.eer,
        }
        # Processes that share a training go on, and end, by the figures of one.
        record = fabric.broadcast(record)
        run.end_epoch(
            record,
            [record["dev_eer"], record["dev_loss"]],
            counts=fitted or record["train_eer"] < options.patience_below_eer,
        )
    return run

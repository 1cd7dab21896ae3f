"""Fine-tuning of a classifier on the labelled subset (arXiv 2501.04942, section III)."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional as F

from signl import revisions
from signl.artefacts import MadeBy
from signl.errors import ConfigError, ManifestError
from signl.features.shards import FeatureStore
from signl.features.usable import read_usable
from signl.graph.heads import Classifier, score
from signl.graph.model import SpectralTemporalEncoder
from signl.graph.saving import load_encoder, save_model
from signl.labels import BONAFIDE, CLASS_INDEX, SPOOF
from signl.metrics import equal_error_rate
from signl.options import build_options
from signl.training.crops import (
    FixedCrops,
    Loading,
    RandomCrops,
    Utterances,
    crop_frames,
    load_batches,
    shuffled,
)
from signl.training.job import (
    EncoderFiles,
    ModelFiles,
    Resources,
    digest_of,
    make_fabric,
    seed_epoch,
    seed_weights,
)
from signl.training.labels import read_labels
from signl.training.options import FinetuningOptions, FinetuningRecipe
from signl.training.run import Patience, Run

logger = logging.getLogger(__name__)

STAGE = "train_classifier"


class Passed(NamedTuple):
    """Mean loss over utterances, and their equal error rate (0 to 1)."""

    loss: float
    eer: float


class Stage:
    """The parts of one fine-tuning: data, classifier, optimiser, options."""

    def __init__(
        self,
        partitions: Mapping[str, Utterances],
        store: FeatureStore,
        recipe: FinetuningRecipe,
        fabric: Fabric,
        *,
        encoder: EncoderFiles | None,
        seed: int,
        n_workers: int,
    ) -> None:
        self.partitions = partitions
        self.options: FinetuningOptions = recipe.finetuning
        self.fabric, self.seed = fabric, seed
        self.loading = Loading(
            store=store,
            fabric=fabric,
            batch_size=self.options.batch_size,
            n_workers=n_workers,
        )
        self.n_frames = crop_frames(store.shape, recipe.crop_s)
        self.bare_classifier = self._build(recipe, encoder)
        self.bare_optimiser = torch.optim.Adam(
            [weight for weight in self.bare_classifier.parameters() if weight.requires_grad],
            lr=self.options.learning_rate,
            weight_decay=self.options.weight_decay,
        )
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.bare_optimiser, T_max=self.options.cosine_epochs
        )
        self.classifier, self.optimiser = fabric.setup(self.bare_classifier, self.bare_optimiser)
        self.class_weights = fabric.to_device(torch.tensor(self.options.class_weights))

    def _build(self, recipe: FinetuningRecipe, files: EncoderFiles | None) -> Classifier:
        seed_weights(self.seed)
        width = self.loading.store.shape.width
        encoder = SpectralTemporalEncoder(width, self.n_frames, recipe.graph)
        if files is not None:
            loaded = load_encoder(*files).module
            if (loaded.width, loaded.n_frames, loaded.config) != (
                width,
                self.n_frames,
                recipe.graph,
            ):
                raise ConfigError(
                    f"{files.model} takes pictures of {loaded.width} x {loaded.n_frames} with "
                    f"{loaded.config}, the recipe has {width} x {self.n_frames} with {recipe.graph}"
                )
            encoder = loaded
        if self.options.freeze_encoder:
            encoder.requires_grad_(requires_grad=False)
        return Classifier(encoder, widths=self.options.head_widths, dropout=self.options.dropout)

    def train_epoch(self, epoch: int) -> Passed:
        """Train on a random crop of each labelled utterance of ``train``."""
        utterances = self.partitions["train"]
        crops = RandomCrops(n_frames=self.n_frames, n_views=1, seed=self.seed, epoch=epoch)
        order = shuffled(len(utterances), self.seed, epoch)
        self.classifier.train()
        if self.options.freeze_encoder:
            # Frozen batch statistics too: the encoder stays what pre-training gave.
            self.bare_classifier.encoder.eval()
        seed_epoch(self.seed, epoch)
        return self._pass(utterances, crops, order, f"epoch {epoch}", training=True)

    def validate(self) -> Passed:
        """Compute loss and EER on the first half of the clips of the labelled dev utterances."""
        utterances = self.partitions["dev"]
        crops = FixedCrops(n_frames=self.n_frames)
        self.classifier.eval()
        with torch.no_grad():
            return self._pass(utterances, crops, np.arange(len(utterances)), "dev", training=False)

    def _pass(
        self,
        utterances: Utterances,
        crops: FixedCrops | RandomCrops,
        order: np.ndarray,
        name: str,
        *,
        training: bool,
    ) -> Passed:
        losses, scores = [], []
        for batch in load_batches(utterances, order, crops, self.loading, name=name):
            log_probabilities: Tensor = self.classifier(batch.views[0])
            loss = F.nll_loss(log_probabilities, batch.classes, self.class_weights)
            if training:
                self.optimiser.zero_grad(set_to_none=True)
                self.fabric.backward(loss)
                self.optimiser.step()
            losses.append(loss.item() * len(batch.classes))
            scores.append(score(log_probabilities.detach()).cpu().numpy())
        classes = utterances.classes[order]
        found = np.concatenate(scores)
        return Passed(
            sum(losses) / len(order),
            equal_error_rate(
                found[classes == CLASS_INDEX[BONAFIDE]], found[classes == CLASS_INDEX[SPOOF]]
            ).rate,
        )


def train_classifier(
    train: str | Path,
    dev: str | Path,
    labels: str | Path,
    features: Sequence[str | Path],
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
    features : sequence of paths
        Feature shards that hold them.
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
    fabric = make_fabric(recipe.finetuning.precision, gpu=resources.gpu)
    labelled = read_labels(labels)
    partitions = {
        "train": Utterances.of(_labelled(train, labelled, labels)),
        "dev": Utterances.of(_labelled(dev, labelled, labels)),
    }
    store = FeatureStore.of(features)
    stage = Stage(
        partitions,
        store,
        recipe,
        fabric,
        encoder=encoder,
        seed=seed,
        n_workers=resources.n_workers,
    )
    made_by = MadeBy(
        stage=STAGE,
        revision=revisions.FINETUNING,
        options={**options, "corpus": corpus, "percent": percent, "seed": seed},
    )
    inputs = [train, dev, labels, *([encoder.model] if encoder else [])]
    made_from = json.dumps([made_by.to_json(), store.made_by.to_json(), *map(digest_of, inputs)])
    run = _train(stage, output.checkpoint, made_from)
    run.finish(output.history)
    card = {
        "corpus": corpus,
        "label_percent": percent,
        "seed": seed,
        "n_labelled": {name: len(part) for name, part in partitions.items()},
        "pretrained": encoder is not None,
        "dev": run.best_record,
    }
    save_model(output.model, output.config, stage.bare_classifier, made_by=made_by, card=card)
    run.discard_checkpoint()
    logger.info(
        "fine-tuned on %d utterances of %s (%s %% of the labels) in %d epochs, best dev EER "
        "%.2f %% in epoch %d; wrote %s",
        len(partitions["train"]),
        corpus,
        percent,
        run.next_epoch,
        100 * run.best_record["dev_eer"],
        run.best_record["epoch"],
        output.model,
    )


def _labelled(path: str | Path, labelled: pa.Table, labels: str | Path) -> pa.Table:
    """Return the usable trials in ``path`` that are in the labelled subset, read of ``labels``."""
    usable = read_usable(path)
    table = usable.filter(pc.is_in(usable["utterance_id"], value_set=labelled["utterance_id"]))
    if missing := {BONAFIDE, SPOOF} - set(table["label"].to_pylist()):
        raise ManifestError(f"{labels} names no utterance of class {sorted(missing)} in {path}")
    return table


def _train(stage: Stage, checkpoint: Path, made_from: str) -> Run:
    """Run the epochs until the patience is over."""
    options = stage.options
    run = Run(
        checkpoint,
        made_from=made_from,
        model=stage.bare_classifier,
        optimiser=stage.bare_optimiser,
        scheduler=stage.scheduler,
        patience=Patience(epochs=options.patience),
    )
    while run.next_epoch < options.epochs and not run.patience.is_over:
        train = stage.train_epoch(run.next_epoch)
        dev = stage.validate()
        fitted = any(record["train_eer"] < options.patience_below_eer for record in run.history)
        run.end_epoch(
            {
                "train_loss": train.loss,
                "train_eer": train.eer,
                "dev_loss": dev.loss,
                "dev_eer": dev.eer,
            },
            [dev.eer, dev.loss],
            counts=fitted or train.eer < options.patience_below_eer,
        )
    return run

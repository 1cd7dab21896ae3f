"""Pre-training of the encoder on unlabelled utterances (arXiv 2501.04942, section III)."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from signl import revisions
from signl.artefacts import MadeBy
from signl.devices import Resources
from signl.features.shards import FeatureStore
from signl.features.usable import read_usable
from signl.graph.augment import GraphAugmentation
from signl.graph.collapse import collapsed, diagnose
from signl.graph.heads import PretrainingModel
from signl.graph.model import SpectralTemporalEncoder
from signl.graph.objectives import make_objective
from signl.graph.saving import save_model
from signl.options import build_options
from signl.seeds import derive_seed
from signl.training.crops import Batch, Loading, Utterances, crop_frames
from signl.training.job import ModelFiles, digest_of, make_fabric, seed_weights
from signl.training.options import PretrainingRecipe
from signl.training.passes import make_trainer, mean_loss
from signl.training.run import Patience, Run

logger = logging.getLogger(__name__)

STAGE = "pretrain_encoder"
#: Dev embeddings of which the diagnostics of collapse are computed, at most.
DIAGNOSED = 4096


class Step(NamedTuple):
    """Loss of a batch, a scalar, and of its first view the embeddings and their projections."""

    loss: Tensor
    embeddings: Tensor
    projections: Tensor


class Network(nn.Module):
    """The pre-training model and its objective, trained together."""

    def __init__(self, model: PretrainingModel, objective: nn.Module) -> None:
        super().__init__()
        self.model, self.objective = model, objective

    def forward(
        self, batch: Batch, augmentation: GraphAugmentation, generator: torch.Generator
    ) -> Step:
        """Compute the loss of the two views of a batch."""
        views = self.model(*batch.views, augmentation=augmentation, generator=generator)
        objective = self.objective(views.first.projection, views.second.projection)
        return Step(objective.loss, *views.first)


class Passed(NamedTuple):
    """What one pass over utterances gives.

    Attributes
    ----------
    loss : float
        Mean over utterances.
    embeddings, projections : Tensor of shape (utterance, width)
        Of the first view; of the first :data:`DIAGNOSED` utterances.
    """

    loss: float
    embeddings: Tensor
    projections: Tensor


def _passed(results: Iterable[tuple[Tensor, Step]]) -> Passed:
    """Sum up a pass."""
    losses: list[tuple[int, float]] = []
    diagnosed: list[Step] = []
    n_seen = 0
    for classes, step in results:
        if n_seen < DIAGNOSED:
            diagnosed.append(Step(*(part.detach().float().cpu() for part in step)))
        n_seen += len(classes)
        losses.append((len(classes), step.loss.item()))
    embeddings = torch.cat([step.embeddings for step in diagnosed])
    projections = torch.cat([step.projections for step in diagnosed])
    return Passed(mean_loss(losses), embeddings[:DIAGNOSED], projections[:DIAGNOSED])


class Pretraining:
    """A network in pre-training.

    Parameters
    ----------
    recipe : PretrainingRecipe
        Its options.
    partitions : Mapping
        ``train`` and ``dev``.
    loading : Loading
        How batches are loaded.
    fabric : Fabric
        Device and precision of this job.
    seed : int
        Root seed.
    """

    def __init__(
        self,
        recipe: PretrainingRecipe,
        partitions: Mapping[str, Utterances],
        loading: Loading,
        fabric: Fabric,
        *,
        seed: int,
    ) -> None:
        self.options, self.seed = recipe.pretraining, seed
        shape = loading.store.shape
        n_frames = crop_frames(shape, recipe.crop_s)
        seed_weights(seed)
        self.encoder = SpectralTemporalEncoder(shape.width, n_frames, recipe.graph)
        widths = self.options.head_widths
        model = PretrainingModel(self.encoder, widths=widths, dropout=self.options.dropout)
        objective = make_objective(
            self.options.objective, widths[-1], self.options.objective_options
        )
        self.trainer = make_trainer(
            Network(model, objective),
            self.options,
            partitions,
            loading,
            fabric,
            n_frames=n_frames,
            n_views=2,
            seed=seed,
        )

    def train_epoch(self, epoch: int) -> Passed:
        """Train on two random crops of each utterance of ``train``."""
        self.trainer.bare.train()
        return _passed(self.trainer.train(epoch, self._step(f"epoch {epoch}")))

    def validate(self) -> Passed:
        """Compute the loss on both halves of the clips of ``dev``.

        The graphs are augmented as in training, with the same draws in each epoch, so that
        the losses of two epochs differ by the network alone.
        """
        return _passed(self.trainer.validate(self._step("dev")))

    def _step(self, purpose: str) -> Callable[[Batch], Step]:
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "graphs", purpose))

        def step(batch: Batch) -> Step:
            result: Step = self.trainer.network(batch, self.options.augmentation, generator)
            return result

        return step


def pretrain_encoder(
    train: str | Path,
    dev: str | Path,
    features: Sequence[str | Path],
    output: ModelFiles,
    *,
    corpus: str,
    seed: int,
    options: Mapping[str, Any],
    resources: Resources = Resources(),
) -> None:
    """Pre-train an encoder; the epoch of the lowest dev loss is kept.

    Parameters
    ----------
    train, dev : path
        Usable trials of the two partitions; their labels are not used.
    features : sequence of paths
        Feature shards that hold them.
    output : ModelFiles
        What is written.
    corpus : str
        Name of the corpus, for the model's card.
    seed : int
        Root seed.
    options : Mapping
        Fields of :class:`PretrainingRecipe`.
    resources : Resources
        What this job computes with.
    """
    recipe = build_options(PretrainingRecipe, options, "recipe")
    partitions = {
        "train": Utterances.of(read_usable(train)),
        "dev": Utterances.of(read_usable(dev)),
    }
    fabric = make_fabric(recipe.pretraining.precision, gpu=resources.gpu)
    loading = Loading(
        store=FeatureStore.of(features),
        device=fabric.device,
        batch_size=recipe.pretraining.batch_size,
        n_workers=resources.n_workers,
    )
    pretraining = Pretraining(recipe, partitions, loading, fabric, seed=seed)
    made_by = MadeBy(
        stage=STAGE,
        revision=revisions.PRETRAINING,
        options={**options, "corpus": corpus, "seed": seed},
    )
    made_from = json.dumps(
        [made_by.to_json(), loading.store.made_by.to_json(), digest_of(train), digest_of(dev)]
    )
    run = _train(pretraining, output.checkpoint, made_from)
    run.finish(output.history)
    card = {
        "corpus": corpus,
        "seed": seed,
        "features": dict(loading.store.made_by.options),
        "n_utterances": {name: len(part) for name, part in partitions.items()},
        "labels": "none",
        "dev": run.best_record,
    }
    save_model(output.model, output.config, pretraining.encoder, made_by=made_by, card=card)
    run.discard_checkpoint()
    logger.info(
        "pre-trained on %d utterances of %s in %d epochs, best dev loss %.4f in epoch %d; wrote %s",
        len(partitions["train"]),
        corpus,
        run.next_epoch,
        run.best_record["dev_loss"],
        run.best_record["epoch"],
        output.model,
    )


def _train(pretraining: Pretraining, checkpoint: Path, made_from: str) -> Run:
    """Run the epochs until the patience is over."""
    options = pretraining.options
    run = Run(
        checkpoint,
        made_from=made_from,
        model=pretraining.trainer.bare,
        optimiser=pretraining.trainer.bare_optimiser,
        patience=Patience(epochs=options.patience, min_delta=options.min_delta),
    )
    while run.next_epoch < options.epochs and not run.patience.is_over:
        train = pretraining.train_epoch(run.next_epoch)
        dev = pretraining.validate()
        record = {"train_loss": train.loss, "dev_loss": dev.loss, **_spread(dev)}
        run.end_epoch(record, [dev.loss])
        if record["collapsed"]:
            logger.warning(
                "epoch %d: pre-training has collapsed, all utterances look alike (embedding: "
                "deviation %.3f, effective rank %.1f; projection: %.3f, %.1f)",
                run.next_epoch - 1,
                record["embedding_deviation"],
                record["embedding_effective_rank"],
                record["projection_deviation"],
                record["projection_effective_rank"],
            )
    return run


def _spread(dev: Passed) -> dict[str, Any]:
    """Return how spread out embeddings and projections are, and whether either collapsed.

    Batch normalisation keeps embeddings apart when their projections, of which the loss is
    made, have long become one.
    """
    parts = {"embedding": diagnose(dev.embeddings), "projection": diagnose(dev.projections)}
    figures = {
        f"{name}_{figure}": value
        for name, diagnostics in parts.items()
        for figure, value in diagnostics._asdict().items()
    }
    return {**figures, "collapsed": any(map(collapsed, parts.values()))}

"""Pre-training of the encoder on unlabelled utterances (arXiv 2501.04942, section III)."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from signl import revisions
from signl.artefacts import MadeBy, digests_of
from signl.devices import Resources
from signl.features.usable import read_usable
from signl.models.draws import SharedGenerator
from signl.models.heads import PretrainingModel
from signl.models.saving import save_model
from signl.models.signl.options import GraphAugmentation
from signl.objectives.collapse import collapsed, diagnose
from signl.objectives.objectives import make_objective
from signl.options import build_options
from signl.seeds import derive_seed
from signl.training.crops import Batch, Loading, Utterances
from signl.training.files import ModelFiles, digest_of
from signl.training.job import TrainingJob, launch, seed_weights
from signl.training.networks import (
    checkpoint_gradients,
    crop_length_of,
    features_of,
    make_encoder,
    make_loading,
    sources_of,
)
from signl.training.options import PretrainingRecipe
from signl.training.passes import make_trainer, mean_loss
from signl.training.run import Patience, Run
from signl.training.sharing import gather_rows, share_batch_statistics

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

    def __init__(
        self, model: PretrainingModel, objective: nn.Module, augmentation: GraphAugmentation
    ) -> None:
        super().__init__()
        self.model, self.objective, self.augmentation = model, objective, augmentation

    def forward(self, batch: Batch, generator: torch.Generator) -> Step:
        """Compute the loss of the two views of a batch."""
        n_rows = len(batch.classes)
        shared = SharedGenerator(generator, batch.first, n_rows)
        views = self.model(*batch.views, augmentation=self.augmentation, generator=shared)
        gather = partial(gather_rows, first=batch.first, n_rows=n_rows)
        # In full precision: what is gathered is summed over the processes on the way back.
        first, second = (gather(view.projection.float()) for view in views)
        return Step(self.objective(first, second).loss, gather(views.first.embedding), first)


class Passed(NamedTuple):
    """What the pass over ``dev`` gives.

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
        seed_weights(seed, "encoder")
        self.encoder = make_encoder(recipe, loading.clips)
        if self.options.gradient_checkpointing:
            checkpoint_gradients(self.encoder)
        if fabric.world_size > 1:
            share_batch_statistics(self.encoder)
        seed_weights(seed, "head")
        widths = self.options.head_widths
        model = PretrainingModel(self.encoder, widths=widths, dropout=self.options.dropout)
        objective = make_objective(
            self.options.objective, widths[-1], self.options.objective_options
        )
        self.trainer = make_trainer(
            Network(model, objective, self.options.augmentation),
            self.options,
            partitions,
            loading,
            fabric,
            crop_length=crop_length_of(self.encoder),
            n_views=2,
            seed=seed,
        )

    def train_epoch(self, epoch: int) -> float:
        """Train on two random crops of each utterance of ``train``; return the mean loss."""
        self.trainer.bare.train()
        results = self.trainer.train(epoch, self._step(f"epoch {epoch}"))
        return mean_loss([(len(classes), step.loss.item()) for classes, step in results])

    def validate(self) -> Passed:
        """Compute the loss on both halves of the clips of ``dev``.

        The graphs are augmented as in training, with the same draws in each epoch, so that
        the losses of two epochs differ by the network alone.
        """
        return _passed(self.trainer.validate(self._step("dev")))

    def _step(self, purpose: str) -> Callable[[Batch], Step]:
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "graphs", purpose))

        def step(batch: Batch) -> Step:
            result: Step = self.trainer.network(batch, generator)
            return result

        return step


def pretrain_encoder(
    train: str | Path,
    dev: str | Path,
    shards: Sequence[str | Path],
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
    shards : sequence of paths
        Feature shards that hold them; audio shards, for a recipe that trains its front-end.
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
    job = TrainingJob(
        train=Path(train),
        dev=Path(dev),
        shards=[Path(shard) for shard in shards],
        output=output,
        corpus=corpus,
        seed=seed,
        options=options,
        resources=resources,
    )
    launch(_pretrain, recipe.pretraining.precision, resources, job)


def _pretrain(fabric: Fabric, job: TrainingJob) -> None:
    """Pre-train in this process, which may be one of several that share the batches."""
    recipe = build_options(PretrainingRecipe, job.options, "recipe")
    partitions = {
        "train": Utterances.of(read_usable(job.train)),
        "dev": Utterances.of(read_usable(job.dev)),
    }
    loading = make_loading(
        recipe, job.shards, fabric, job.resources, batch_size=recipe.pretraining.batch_size
    )
    loading.clips.check_utterances([job.train, job.dev])
    pretraining = Pretraining(recipe, partitions, loading, fabric, seed=job.seed)
    made_by = MadeBy(
        stage=STAGE,
        revision=revisions.PRETRAINING,
        options={**job.options, "corpus": job.corpus, "seed": job.seed},
    )
    inputs = [digest_of(job.train), digest_of(job.dev)]
    made_from = json.dumps([made_by.to_json(), *sources_of(recipe, loading.clips), *inputs])
    run = _train(pretraining, job.output.checkpoint, made_from)
    if not fabric.is_global_zero:
        return
    run.finish(job.output.history)
    card = {
        "corpus": job.corpus,
        "seed": job.seed,
        **features_of(loading.clips),
        "n_utterances": {name: len(part) for name, part in partitions.items()},
        "labels": "none",
        "dev": run.best_record,
    }
    save_model(
        job.output.model,
        job.output.config,
        pretraining.encoder,
        made_by=replace(made_by, digests=digests_of(job.output.history)),
        card=card,
    )
    run.discard_checkpoint()
    logger.info(
        "pre-trained on %d utterances of %s in %d epochs, best dev loss %.4f in epoch %d; wrote %s",
        len(partitions["train"]),
        job.corpus,
        run.next_epoch,
        run.best_record["dev_loss"],
        run.best_record["epoch"],
        job.output.model,
    )


def _train(pretraining: Pretraining, checkpoint: Path, made_from: str) -> Run:
    """Run the epochs until the patience is over."""
    options, fabric = pretraining.options, pretraining.trainer.fabric
    run = Run(
        checkpoint,
        made_from=made_from,
        model=pretraining.trainer.bare,
        optimiser=pretraining.trainer.bare_optimiser,
        patience=Patience(epochs=options.patience, min_delta=options.min_delta),
        writes=fabric.is_global_zero,
    )
    while run.next_epoch < options.epochs and not run.patience.is_over:
        train_loss = pretraining.train_epoch(run.next_epoch)
        dev = pretraining.validate()
        record = {"train_loss": train_loss, "dev_loss": dev.loss, **_spread(dev)}
        # Processes that share a training go on, and end, by the figures of one.
        record = fabric.broadcast(record)
        run.end_epoch(record, [record["dev_loss"]])
        if record["collapsed"]:
            logger.warning(
                "epoch %d: pre-training has collapsed, to a point or a line (embedding: "
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

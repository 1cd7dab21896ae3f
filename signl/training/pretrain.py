"""Pre-training of the encoder on unlabelled utterances (arXiv 2501.04942, section III)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor

from signl import stages
from signl.errors import ConfigError
from signl.features.usable import read_usable
from signl.models.heads import PretrainingModel
from signl.models.network import Network as Encoder
from signl.objectives.collapse import collapsed, diagnose
from signl.seeds import derive_seed
from signl.training.augmented_utterances import with_copies
from signl.training.crops import Batch, Loading, Utterances
from signl.training.epochs import GradientTraining, start_encoder
from signl.training.job import TrainingJob
from signl.training.loss_values import mean_loss
from signl.training.objective_step import Network, Step
from signl.training.options import PretrainingOptions, PretrainingRecipe
from signl.training.paired_copies import methods_of, read_paired
from signl.training.passes import make_trainer
from signl.training.run import Patience, Record
from signl.training.sharing import share_batch_statistics
from signl.typed import build

#: Dev embeddings of which the diagnostics of collapse are computed, at most.
DIAGNOSED = 4096


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
    losses: list[tuple[int, Tensor]] = []
    diagnosed: list[Step] = []
    n_seen = 0
    for classes, step in results:
        if n_seen < DIAGNOSED:
            diagnosed.append(Step(*(part.detach().float().cpu() for part in step)))
        n_seen += len(classes)
        losses.append((len(classes), step.loss.detach()))
    embeddings = torch.cat([step.embeddings for step in diagnosed])
    projections = torch.cat([step.projections for step in diagnosed])
    return Passed(mean_loss(losses), embeddings[:DIAGNOSED], projections[:DIAGNOSED])


class Pretraining(GradientTraining):
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

    options: PretrainingOptions

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
        self.encoder = start_encoder(recipe, self.options, loading, fabric, seed=seed)
        self.options.objective.check_corpus(len(partitions["train"].fixed_order()))
        model = PretrainingModel(
            self.encoder,
            widths=self.options.head_widths,
            dropout=self.options.dropout,
            norm=self.options.head_norm,
        )
        if fabric.world_size > 1:
            share_batch_statistics(model.projection)
        network = Network(model, self.options, n_classes=1 + len(methods_of(partitions)))
        self.trainer = make_trainer(
            network,
            self.options,
            partitions,
            loading,
            fabric,
            crop_length=self.encoder.crop_length,
            n_views=2,
            seed=seed,
        )
        if network.target is not None:
            network.target.follow(model, self.trainer.bare_optimiser)

    @property
    def trained(self) -> Encoder:
        """The encoder; its projection head has served its turn."""
        return self.encoder

    @property
    def patience(self) -> Patience:
        """Epochs wear it out unless the dev loss falls by so much."""
        return Patience(epochs=self.options.patience, min_delta=self.options.min_delta)

    def epoch(self, number: int) -> dict[str, Any]:
        """Train for an epoch and look at ``dev``."""
        train_loss = self.train_epoch(number)
        dev = self.validate()
        return {"train_loss": train_loss, "dev_loss": dev.loss, **_spread(dev)}

    def result(self, record: Mapping[str, Any]) -> list[float]:
        """Return the dev loss."""
        return [record["dev_loss"]]

    def warning(self, record: Record) -> str | None:
        """Return that the embeddings, or their projections, have become one."""
        if not record["collapsed"]:
            return None
        return (
            "pre-training has collapsed, to a point or a line (embedding: deviation "
            f"{record['embedding_deviation']:.3f}, effective rank "
            f"{record['embedding_effective_rank']:.1f}; projection: "
            f"{record['projection_deviation']:.3f}, {record['projection_effective_rank']:.1f})"
        )

    def outcome(self, best: Record) -> str:
        """Return the dev loss and the epoch that had it."""
        return f"best dev loss {best['dev_loss']:.4f} in epoch {best['epoch']}"

    def train_epoch(self, epoch: int) -> float:
        """Train on two random crops of each utterance of ``train``; return the mean loss."""
        self.trainer.bare.train()
        results = self.trainer.train(epoch, self._step(f"epoch {epoch}"))
        return mean_loss([(len(classes), step.loss.detach()) for classes, step in results])

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


@dataclass(frozen=True, kw_only=True)
class PretrainingJob(TrainingJob):
    """Pre-trains an encoder; the epoch of the lowest dev loss is kept.

    Labels are not used. Its options are those of :class:`PretrainingRecipe`.

    Attributes
    ----------
    copies : sequence of paths
        The tables of copies of ``train`` and of ``dev``, for an objective that learns from
        resynthesis; that of augmented copies of ``train``, where it draws of such; else none.
    """

    stage = stages.PRETRAINING.rule
    revision = stages.PRETRAINING.revision

    copies: Sequence[str | Path] = ()

    @cached_property
    def recipe(self) -> PretrainingRecipe:
        """The recipe."""
        return build(PretrainingRecipe, self.options, "recipe")

    @property
    def training_options(self) -> PretrainingOptions:
        """Those of pre-training."""
        return self.recipe.pretraining

    @property
    def sources(self) -> list[str | Path]:
        """The tables of copies."""
        return self.gathered

    @property
    def gathered(self) -> list[str | Path]:
        """The tables of copies, which say of which utterances their shards are."""
        return list(self.copies)

    def partitions(self) -> Mapping[str, Utterances]:
        """Read all utterances of ``train`` and ``dev``, with resynthesis in pairs with copies.

        Those of ``train`` are with their augmented copies, where the recipe takes such.

        Raises
        ------
        ConfigError
            If the pre-training takes copies and there are none, or the other way round.
        """
        partitions = {"train": self.train, "dev": self.dev}
        objective = self.training_options.objective
        is_augmented = self.training_options.augmented_copies is not None
        n_needed = int(is_augmented) if objective.resynthesised is None else len(partitions)
        if len(self.copies) != n_needed:
            raise ConfigError(
                f"objective.kind {objective.kind}{' with augmented_copies' * is_augmented} needs "
                f"{n_needed} tables of copies, of train and dev or augmented ones of train, and "
                f"{len(self.copies)} were given"
            )
        if is_augmented:
            train = with_copies(read_usable(self.train), *self.copies)
            return {"train": train, "dev": Utterances.of(read_usable(self.dev))}
        if not self.copies:
            return {name: Utterances.of(read_usable(path)) for name, path in partitions.items()}
        return read_paired(
            partitions,
            dict(zip(partitions, self.copies, strict=True)),
            channel_views=getattr(objective, "channel_views", False),
        )

    def start(
        self, partitions: Mapping[str, Utterances], loading: Loading, fabric: Fabric
    ) -> Pretraining:
        """Build encoder, projection head and objective."""
        return Pretraining(self.recipe, partitions, loading, fabric, seed=self.seed)

    def card(self, partitions: Mapping[str, Utterances]) -> dict[str, Any]:
        """Return how many utterances were used, and that no labels were."""
        n_utterances = {name: part.n_originals for name, part in partitions.items()}
        return {"n_utterances": n_utterances, "labels": "none"}


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

"""One pass of a network over a partition: to train it, or to see how good it is."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Adam
from torch.optim.swa_utils import update_bn

from signl.augmentation.chain import Chain
from signl.devices import lay_out
from signl.errors import ConfigError
from signl.features.speech_model.adapters import adapted_parts
from signl.training.crops import (
    Batch,
    FixedCrops,
    Loading,
    RandomCrops,
    Utterances,
    even_batches,
    even_parts,
    load_batches,
)
from signl.training.launching import seed_epoch
from signl.training.loss_values import FiniteLosses
from signl.training.options import EVERYWHERE, TrainingOptions

logger = logging.getLogger(__name__)


class HasLoss(Protocol):
    """What a step gives, at the least."""

    @property
    def loss(self) -> Tensor:
        """The mean loss of the batch, a scalar."""
        ...


Step = TypeVar("Step", bound=HasLoss)


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """A network, its optimiser, and the partitions that it passes over.

    Attributes
    ----------
    bare : Module
        The network as built; its weights are those that are trained.
    network : Module
        The same, wrapped by Fabric: this one is called.
    bare_optimiser, optimiser
        Adam over the weights that ask for gradients, as built and wrapped; adapters of a
        front-end may have a learning rate of their own.
    partitions : Mapping
        ``train`` and ``dev``.
    loading : Loading
        How batches are loaded.
    fabric : Fabric
        Device and precision of this job.
    crop_length, n_views : int
        Frames or samples of a crop, and crops of an utterance of ``train``.
    accumulate : int
        Parts of a batch whose gradients are added up.
    seed : int
        Root seed.
    augmentation : Chain, optional
        What is done to the waveforms of ``train``.
    n_dev_views : int, optional
        Crops of an utterance of ``dev``; as many as of ``train``, where nothing is said.
    balances : bool
        Whether batches of ``train`` have as many spoofs as bona fide utterances.
    """

    bare: nn.Module
    network: Any
    bare_optimiser: Adam
    optimiser: Any
    partitions: Mapping[str, Utterances]
    loading: Loading
    fabric: Fabric
    crop_length: int
    n_views: int
    accumulate: int
    seed: int
    augmentation: Chain | None = None
    n_dev_views: int | None = None
    balances: bool = False

    def train(self, epoch: int, step: Callable[[Batch], Step]) -> Iterator[tuple[Tensor, Step]]:
        """Train on random crops of each utterance of ``train``, in an order of the epoch's own.

        Parameters
        ----------
        epoch : int
            From 0; order, crops and dropout follow from it.
        step : callable
            Gives the loss, and what else is wanted, of a batch.

        Yields
        ------
        tuple
            The classes of a batch, and what ``step`` gave for it, after the weights were moved.
            The pictures are let go: those of a whole pass would fill any memory.

        Raises
        ------
        TrainingError
            If the loss of a batch is not finite.
        """
        batches = self._batches(epoch)
        loaded = self._load(batches, epoch, name=f"epoch {epoch}")
        losses = FiniteLosses(self.loading.device)
        for number, batch in enumerate(batches):
            results = self._move(list(islice(loaded, len(batch))), step)
            for _, result in results:
                losses.add(result.loss, f"epoch {epoch}, batch {number}")
            yield from results
        losses.check()

    def _batches(self, epoch: int) -> list[list[list[int]]]:
        """Return the parts of the batches of an epoch."""
        utterances = self.partitions["train"]
        ordered = utterances.balanced_order if self.balances else utterances.drawn_order
        order = ordered(self.seed, epoch)
        together = utterances.together
        return [
            even_parts(batch, self.accumulate, together=together)
            for batch in even_batches(order, self.loading.batch_size, together=together)
        ]

    def _load(
        self, batches: Sequence[Sequence[Sequence[int]]], epoch: int, *, name: str
    ) -> Iterator[Batch]:
        """Seed an epoch, and yield the parts of its batches."""
        crops = RandomCrops(
            length=self.crop_length,
            n_views=self.n_views,
            seed=self.seed,
            epoch=epoch,
            augmentation=self.augmentation,
        )
        seed_epoch(self.seed, epoch, self.fabric.global_rank)
        parts = [part for batch in batches for part in batch]
        return load_batches(self.partitions["train"], parts, crops, self.loading, name=name)

    def renew_statistics(self, epoch: int) -> None:
        """Take all statistics of batch normalisation anew, by a pass over ``train``.

        They are plain means over the batches of an epoch that is not trained on, of the network in
        training mode: with dropout, where it has any before a normalisation.

        Parameters
        ----------
        epoch : int
            Of which order, crops and dropout follow.
        """
        loaded = self._load(self._batches(epoch), epoch, name="statistics")
        update_bn((batch.views[0] for batch in loaded), self.network)

    def _move(
        self, parts: Sequence[Batch], step: Callable[[Batch], Step]
    ) -> list[tuple[Tensor, Step]]:
        """Move the weights by the gradient of a batch, and return what its parts gave."""
        n_utterances = sum(len(part.classes) for part in parts)
        results = []
        self.optimiser.zero_grad(set_to_none=True)
        for number, part in enumerate(parts, start=1):
            with self.fabric.no_backward_sync(self.network, enabled=number < len(parts)):
                result = step(part)
                self.fabric.backward(result.loss * (len(part.classes) / n_utterances))
            results.append((part.classes, result))
        self.optimiser.step()
        return results

    def validate(self, step: Callable[[Batch], Step]) -> Iterator[tuple[Tensor, Step]]:
        """Yield of ``dev``, fixed crops in order, what :meth:`train` yields; raise as it does."""
        utterances = self.partitions["dev"]
        crops = FixedCrops(length=self.crop_length, n_views=self.n_dev_views or self.n_views)
        order, together = utterances.fixed_order(), utterances.together
        batches = even_batches(order, self.loading.batch_size, together=together)
        self.bare.eval()
        losses = FiniteLosses(self.loading.device)
        for batch in load_batches(utterances, batches, crops, self.loading, name="dev"):
            with torch.no_grad():
                result = step(batch)
            losses.add(result.loss, "dev")
            yield batch.classes, result
        losses.check()


def make_trainer(
    network: nn.Module,
    options: TrainingOptions,
    partitions: Mapping[str, Utterances],
    loading: Loading,
    fabric: Fabric,
    *,
    crop_length: int,
    n_views: int,
    seed: int,
    n_dev_views: int | None = None,
    balances: bool = False,
) -> Trainer:
    """Put a network on its device, with Adam over the weights that ask for gradients.

    Raises
    ------
    ConfigError
        If a batch would have too few utterances; says of which partition, and why. Or if a folder
        of an augmentation has no sound.
    """
    _check_batches(partitions, options, loading.share.n_processes, n_views)
    optimiser = Adam(_groups(network), lr=options.learning_rate, weight_decay=options.weight_decay)
    if options.precision == EVERYWHERE:
        lay_out(network, fabric.device)
    n_trained, n_weights = count_weights(network)
    logger.info("training %s of %s weights", f"{n_trained:,}", f"{n_weights:,}")
    wrapped_network, wrapped_optimiser = fabric.setup(network, optimiser)
    augmentations = options.waveform_augmentation
    return Trainer(
        bare=network,
        network=wrapped_network,
        bare_optimiser=optimiser,
        optimiser=wrapped_optimiser,
        partitions=partitions,
        loading=loading,
        fabric=fabric,
        crop_length=crop_length,
        n_views=n_views,
        accumulate=options.accumulate,
        seed=seed,
        augmentation=Chain(augmentations) if augmentations else None,
        n_dev_views=n_dev_views,
        balances=balances,
    )


def _groups(network: nn.Module) -> list[dict[str, Any]]:
    """Return the weights that ask for gradients; those of another learning rate apart, last."""
    apart: list[dict[str, Any]] = [
        {
            "params": [each for each in part.adapter_weights() if each.requires_grad],
            "lr": part.lora.learning_rate,
        }
        for _, part in adapted_parts(network)
        if part.lora.learning_rate is not None
    ]
    ids = {id(weight) for group in apart for weight in group["params"]}
    others = [
        weight for weight in network.parameters() if weight.requires_grad and id(weight) not in ids
    ]
    return [{"params": others}, *(group for group in apart if group["params"])]


def count_weights(network: nn.Module) -> tuple[int, int]:
    """Return how many weights of a network are trained, and how many it has."""
    weights = list(network.parameters())
    return sum(each.numel() for each in weights if each.requires_grad), sum(
        each.numel() for each in weights
    )


def _check_batches(
    partitions: Mapping[str, Utterances], options: TrainingOptions, n_processes: int, n_views: int
) -> None:
    """Refuse batches, before the first of them, that are too small to be shared or compared."""
    least = max(n_processes, n_views)
    for name, n_parts in (("train", options.accumulate), ("dev", 1)):
        together = partitions[name].together
        n_groups = len(partitions[name].fixed_order()) // together
        n_utterances = together * n_groups
        batch = n_groups // -(-n_groups // (options.batch_size // together)) if n_groups else 0
        part = together * (batch // min(n_parts, max(1, batch)))
        if part < least:
            raise ConfigError(
                f"{name} has {n_utterances} utterances: with batch_size {options.batch_size}"
                + (f" and accumulate {n_parts}" if n_parts > 1 else "")
                + f" some are taken {part} at a time, and {least} are needed, for "
                + (
                    f"{n_processes} processes share them (gpus_per_job)"
                    if n_processes >= n_views
                    else "the objective compares utterances"
                )
                + "; raise batch_size or the label percent, or lower accumulate or gpus_per_job"
            )

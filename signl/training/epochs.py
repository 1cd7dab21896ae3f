"""Training by gradient, epoch after epoch, until no better one is to be expected."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric
from torch.optim.lr_scheduler import LRScheduler

from signl.models.network import Network
from signl.training.averaging import WeightAverage
from signl.training.crops import Loading
from signl.training.encoders import encoder_of
from signl.training.launching import seed_weights
from signl.training.metric_logs import figures
from signl.training.model_files import EncoderFiles
from signl.training.options import NetworkRecipe, TrainingOptions
from signl.training.passes import Trainer
from signl.training.run import Patience, Record, Run
from signl.training.sharing import share_batch_statistics

logger = logging.getLogger(__name__)


class GradientTraining(ABC):
    """A network that is trained by gradient.

    Attributes
    ----------
    options : TrainingOptions
        Of the training.
    trainer : Trainer
        Passes over the partitions.
    scheduler : LRScheduler, optional
        Sets the learning rate of each epoch.
    average : WeightAverage, optional
        Of a training that keeps a mean of weights.
    """

    options: TrainingOptions
    trainer: Trainer
    scheduler: LRScheduler | None = None
    average: WeightAverage | None = None

    @property
    def patience(self) -> Patience:
        """When the training ends before its last epoch."""
        return Patience(epochs=self.options.patience)

    @abstractmethod
    def epoch(self, number: int) -> dict[str, Any]:
        """Train for an epoch, look at ``dev``, and return what the history says of both."""

    @abstractmethod
    def result(self, record: Mapping[str, Any]) -> list[float]:
        """Return the figures of an epoch by which it is compared: lower is better."""

    def counts(self, record: Mapping[str, Any], history: list[Record]) -> bool:
        """Whether an epoch wears out the patience, given those before it."""
        return True

    def warning(self, record: Record) -> str | None:
        """Return what there is to warn of after an epoch, if anything."""
        return None

    def fit(self, checkpoint: Path, made_from: str) -> list[Record]:
        """Run the epochs until the last, or until the patience is over."""
        fabric = self.trainer.fabric
        run = Run(
            checkpoint,
            made_from=made_from,
            model=self.trainer.bare,
            optimiser=self.trainer.bare_optimiser,
            scheduler=self.scheduler,
            patience=self.patience,
            average=self.average,
            writes=fabric.is_global_zero,
            epochs=self.options.epochs,
        )
        for earlier in run.history:
            fabric.log_dict(figures(earlier), step=earlier["epoch"])
        while run.next_epoch < self.options.epochs and not run.patience.is_over:
            # Processes that share a training go on, and end, by the figures of one.
            number = run.next_epoch
            record = {"epoch": number, **fabric.broadcast(self.epoch(number))}
            counts = self.counts(record, run.history)
            run.end_epoch(record, self.result(record), counts=counts)
            fabric.log_dict(figures(run.history[-1]), step=run.history[-1]["epoch"])
            if warning := self.warning(run.history[-1]):
                logger.warning("epoch %d: %s", run.history[-1]["epoch"], warning)
        run.take_best()
        return run.history


def start_encoder(
    recipe: NetworkRecipe,
    options: TrainingOptions,
    loading: Loading,
    fabric: Fabric,
    *,
    seed: int,
    pretrained: EncoderFiles | None = None,
) -> Network:
    """Return the encoder of a recipe, ready to be trained; then seed the weights of its head.

    The head starts alike, whether the encoder is pre-trained or not.
    """
    encoder = encoder_of(recipe, loading.clips, seed=seed, pretrained=pretrained)
    if options.gradient_checkpointing:
        encoder.checkpoint_gradients()
    if fabric.world_size > 1:
        share_batch_statistics(encoder)
    seed_weights(seed, "head")
    return encoder

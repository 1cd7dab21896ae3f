"""The course that every training takes, and what one kind of it must say to take it.

:func:`train` opens the data, lets the job start its training, and writes what comes of it: weights,
configuration, history and card. A :class:`TrainingJob` says what is trained, on what and from what.
"""

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from lightning_fabric import Fabric
from torch import nn

from signl.artefacts import MadeBy, digests_of, write_text
from signl.augmentation.augmentation_options import seals_of
from signl.devices import Resources
from signl.models.saving import save_model
from signl.seals import file_digest
from signl.training.crops import Loading, Utterances
from signl.training.encoders import clips_for_recipe
from signl.training.launching import launch
from signl.training.lock import only_training
from signl.training.metric_logs import MetricLog
from signl.training.model_files import ModelFiles
from signl.training.options import BatchOptions, NetworkRecipe, augmentations_of
from signl.training.passes import count_weights
from signl.training.run import Record, best_of
from signl.training.sharing import Share

logger = logging.getLogger(__name__)


class Training(Protocol):
    """A network in training."""

    @property
    def trained(self) -> Any:  # noqa: ANN401
        """The encoder or classifier that is written."""
        ...

    def fit(self, checkpoint: Path, made_from: str) -> list[Record]:
        """Train the network, and leave it with its best weights.

        Parameters
        ----------
        checkpoint : path
            Where a training that takes long keeps its state, to resume from.
        made_from : str
            Text that differs wherever two trainings must not be mixed.

        Returns
        -------
        list of dict
            The history; one record of it is the ``best``.
        """
        ...

    def outcome(self, best: Record) -> str:
        """Say in a line how good the best of the history is."""
        ...


#: Takes recipe, partitions, loading, fabric, and by name encoder and seed.
TrainingClass = Callable[..., Training]


@dataclass(frozen=True, kw_only=True)
class TrainingJob(ABC):
    """What every training is given, as its processes receive it, and what it says of itself.

    Attributes
    ----------
    train, dev : path
        Usable trials of the two partitions.
    shards : sequence of paths
        Feature shards that hold them; audio shards, for a network that reads audio.
    output : ModelFiles
        What is written.
    corpus : str
        Name of the corpus, for the model's card.
    seed : int
        Root seed.
    options : Mapping
        The recipe's, of which :attr:`recipe` is built.
    resources : Resources
        What the job computes with.
    metric_log : MetricLog, optional
        Where figures of each epoch go besides the history. A training that has no epochs leaves
        none.
    """

    stage: ClassVar[str]
    revision: ClassVar[int]

    train: str | Path
    dev: str | Path
    shards: Sequence[str | Path]
    output: ModelFiles
    corpus: str
    seed: int
    options: Mapping[str, Any]
    resources: Resources = Resources()
    metric_log: MetricLog | None = None

    @property
    @abstractmethod
    def recipe(self) -> NetworkRecipe:
        """The recipe.

        Raises
        ------
        ConfigError
            If one of its options is wrong.
        """

    @property
    @abstractmethod
    def training_options(self) -> BatchOptions:
        """What the recipe says of this training."""

    @property
    def sources(self) -> list[str | Path]:
        """Files besides the trials that the training starts from."""
        return []

    @property
    def gathered(self) -> list[str | Path]:
        """Tables besides those of the trials whose utterances its shards hold."""
        return []

    @property
    def header(self) -> dict[str, Any]:
        """What the header of the model says besides the recipe."""
        return {"corpus": self.corpus, "seed": self.seed}

    @abstractmethod
    def partitions(self) -> Mapping[str, Utterances]:
        """Read the utterances of ``train`` and ``dev``."""

    @abstractmethod
    def start(
        self, partitions: Mapping[str, Utterances], loading: Loading, fabric: Fabric
    ) -> Training:
        """Build the network and all that trains it."""

    @abstractmethod
    def card(self, partitions: Mapping[str, Utterances]) -> dict[str, Any]:
        """Return what the model's card says of the utterances and their labels."""


def train(job: TrainingJob) -> None:
    """Train a network and write it.

    Raises
    ------
    TrainingError
        If another training writes to the same folder, or a loss is not finite.
    ModuleNotFoundError
        If the package of the logger is not there.
    """
    options, resources = job.training_options, job.resources
    if options.fits_embeddings:
        gpu = min(resources.gpu, 1)
        resources = resources._replace(gpu=gpu, n_processes=1)
    loggers = job.metric_log.loggers() if job.metric_log else []
    with only_training(job.output.lock):
        if job.metric_log:
            job.metric_log.clear()
        launch(_train, options.precision, resources, job, loggers=loggers)


def _train(fabric: Fabric, job: TrainingJob) -> None:
    """Train in this process, which may be one of several that share the batches."""
    partitions = job.partitions()
    loading = Loading(
        clips=clips_for_recipe(job.recipe, job.shards),
        device=fabric.device,
        batch_size=job.training_options.batch_size,
        n_workers=job.resources.n_workers,
        share=Share(fabric.global_rank, fabric.world_size),
    )
    loading.clips.check_utterances([job.train, job.dev, *job.gathered])
    training = job.start(partitions, loading, fabric)
    made_by = MadeBy(
        stage=job.stage, revision=job.revision, options={**job.recipe.dump(), **job.header}
    )
    # A model id has a revision, which stands among the options.
    folder = job.recipe.frontend.model_files() if job.recipe.frontend else []
    inputs = [*loading.clips.seals(), *map(file_digest, folder)]
    inputs += map(file_digest, [job.train, job.dev, *job.sources])
    inputs += seals_of(augmentations_of(job.training_options))
    history = training.fit(job.output.checkpoint, json.dumps([made_by.to_json(), *inputs]))
    if not fabric.is_global_zero:
        return
    for each in fabric.loggers:
        each.finalize("success")
    _write(job, training, history, partitions, made_by, loading.clips.features())
    logger.info(
        "trained on %d utterances of %s, %s; wrote %s",
        partitions["train"].n_originals,
        job.corpus,
        training.outcome(best_of(history)),
        job.output.model,
    )
    if best_of(history).get("dev_eer") == 1:
        logger.warning(
            "%s: the dev EER is 100 %%, as where all scores are equal: the network has learnt "
            "nothing that tells the classes apart; a lower learning_rate may help",
            job.output.model,
        )


def _write(
    job: TrainingJob,
    training: Training,
    history: list[Record],
    partitions: Mapping[str, Utterances],
    made_by: MadeBy,
    features: Mapping[str, Any],
) -> None:
    """Write what came of a training; then its checkpoint is of no more use."""
    lines = [json.dumps(record, sort_keys=True) for record in history]
    write_text(job.output.history, "".join(f"{line}\n" for line in lines))
    card = {
        "corpus": job.corpus,
        "seed": job.seed,
        **features,
        **_adapters(job.recipe, training.trained),
        **job.card(partitions),
        "dev": best_of(history),
    }
    digests = digests_of(job.output.history, *job.sources)
    save_model(
        job.output.model,
        job.output.config,
        training.trained,
        made_by=replace(made_by, digests=digests),
        card=card,
    )
    job.output.discard_checkpoint()


def _adapters(recipe: NetworkRecipe, trained: nn.Module) -> dict[str, Any]:
    """Return what a card says of adapters: their sizes, and how many weights were trained."""
    if recipe.lora is None:
        return {}
    n_trained, n_weights = count_weights(trained)
    return {
        "adapters": recipe.lora.dump(),
        "n_weights": {"trained": n_trained, "all": n_weights},
    }

"""The classifiers of a sweep (:mod:`signl.sweeps`), one after the other in one process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signl.training.finetune import FinetuningJob
from signl.training.job import train
from signl.training.model_files import ModelFiles

Paths = Sequence[str | Path]


def train_sweep(
    labellings: Sequence[Sequence[str]],
    labels: Paths,
    models: Paths,
    configs: Paths,
    histories: Paths,
    **common: Any,  # noqa: ANN401
) -> None:
    """Train a classifier for each share of the labels and seed.

    These have no epochs, so there are no figures of them for a logger.

    Parameters
    ----------
    labellings : sequence of (percent, seed)
        As paths have them.
    labels, models, configs, histories : sequence of paths
        The labelled subset of each, and what is written of it.
    **common
        What all have of :class:`signl.training.finetune.FinetuningJob`, which says what is raised.
    """
    for (percent, seed), subset, *outputs in zip(
        labellings, labels, models, configs, histories, strict=True
    ):
        job = FinetuningJob(
            labels=subset,
            output=ModelFiles(*outputs),
            percent=float(percent),
            seed=int(seed),
            encoder=None,
            **common,
        )
        train(job)

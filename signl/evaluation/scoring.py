"""Scores of a classifier on the eval trials of a corpus, or on its labelled dev trials."""

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from signl.devices import Resources, prepare_device
from signl.errors import ArtefactError
from signl.evaluation.scores import write_scores
from signl.features.shards import FeatureStore
from signl.features.usable import read_usable
from signl.graph.heads import Classifier, score
from signl.graph.saving import load_classifier
from signl.training.crops import FixedCrops, Loading, Utterances, load_batches
from signl.training.labels import read_labelled

logger = logging.getLogger(__name__)

BATCH_SIZE: Final = 256


def score_trials(
    model: str | Path,
    config: str | Path,
    trials: str | Path,
    features: Sequence[str | Path],
    output: str | Path,
    *,
    labels: str | Path | None = None,
    options: Mapping[str, Any],
    resources: Resources = Resources(),
) -> None:
    """Write the countermeasure score of every usable trial: higher is more bona fide.

    The first half of each clip is scored, in float32.

    Parameters
    ----------
    model, config : path
        The classifier.
    trials : path
        Usable trials of one partition.
    features : sequence of paths
        Feature shards that hold them.
    output : path
        Parquet: ``utterance_id``, ``score``.
    labels : path, optional
        A labelled subset: its trials alone are scored.
    options : Mapping
        What the header of the output says.
    resources : Resources
        What this job computes with.

    Raises
    ------
    ArtefactError
        If the classifier was trained on features of another front-end, or of other options.
    """
    loaded = load_classifier(model, config)
    classifier, trained_on = loaded.module, loaded.card["features"]
    store = FeatureStore.of(features)
    if trained_on != store.made_by.options:
        raise ArtefactError(
            f"{model} was trained on features of {trained_on}, those of {features[0]} are of "
            f"{store.made_by.options}"
        )
    table = read_usable(trials) if labels is None else read_labelled(trials, labels)
    utterances = Utterances.of(table)
    began = time.monotonic()
    scores = _scores(classifier, utterances, store, resources)
    write_scores(output, utterances.ids, scores, options=options)
    logger.info(
        "scored %d trials in %.1f s, mean %.3f, wrote %s",
        len(scores),
        time.monotonic() - began,
        scores.mean(),
        output,
    )


def _scores(
    classifier: Classifier, utterances: Utterances, store: FeatureStore, resources: Resources
) -> np.ndarray:
    """Return the scores, (utterance,) in float64."""
    device = prepare_device(gpu=resources.gpu)
    network = classifier.to(device).eval()
    loading = Loading(
        store=store, device=device, batch_size=BATCH_SIZE, n_workers=resources.n_workers
    )
    crops = FixedCrops(n_frames=classifier.encoder.n_frames)
    order = np.arange(len(utterances))
    scores = []
    with torch.inference_mode():
        for batch in load_batches(utterances, order, crops, loading, name="scoring"):
            scores.append(score(network(batch.views[0])).double().cpu().numpy())
    return np.concatenate(scores)

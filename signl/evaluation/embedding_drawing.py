"""Rule ``draw_embeddings``: the map of what a classifier's network makes of evaluation trials."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import torch

from signl.devices import Resources, prepare_device
from signl.evaluation.evaluated_crops import StreamedClips, evaluated_crops
from signl.evaluation.figures.embedding_points import TITLE, embedding_map, embedding_points
from signl.evaluation.figures.figure_style import write_figure
from signl.evaluation.scoring import classifier_and_clips
from signl.features.usable import read_usable
from signl.models.heads import Classifier
from signl.seeds import stable_hash
from signl.training.clips import Clips
from signl.training.crops import Utterances

logger = logging.getLogger(__name__)

#: Trials that a map shows at the most: more would hide each other.
MOST_TRIALS: Final = 2000


def draw_embeddings(
    model: str | Path,
    config: str | Path,
    trials: str | Path,
    shards: Sequence[str | Path],
    outputs: Sequence[str | Path],
    *,
    title: str,
    options: Mapping[str, Any],
    resources: Resources = Resources(),
) -> None:
    """Embed the trials of an evaluation corpus, and draw the map of them.

    Of more than :data:`MOST_TRIALS` trials so many are drawn, by their names: each evaluation of a
    corpus shows the same ones.

    Parameters
    ----------
    model, config, trials, shards, options, resources
        As of :func:`signl.evaluation.scoring.score_trials`.
    outputs : sequence of paths
        Files that end in ``.svg`` or ``.pdf``.
    title : str
        What is said above the map, behind what it is.

    Raises
    ------
    ArtefactError
        As of :func:`signl.evaluation.scoring.score_trials`.
    """
    classifier, clips = classifier_and_clips(model, config, trials, shards, options)
    table = read_usable(trials)
    chosen = some_of(table)
    embeddings = _embeddings(classifier, Utterances.of(chosen), clips, resources)
    points = embedding_points(
        embeddings, *(chosen[name].to_numpy() for name in ("label", "attack"))
    )
    figure = embedding_map(points, n_trials=len(table), title=f"{TITLE}: {title}")
    write_figure(figure, *outputs)
    logger.info("drew %d of %d trials, wrote %s", len(chosen), len(table), outputs[0])


def some_of(trials: pa.Table) -> pa.Table:
    """Return at most :data:`MOST_TRIALS` trials, which follow from their names, in their order."""
    if len(trials) <= MOST_TRIALS:
        return trials
    keys = [stable_hash("embedding map", name) for name in trials["utterance_id"].to_pylist()]
    return trials.take(np.sort(np.argsort(keys, kind="stable")[:MOST_TRIALS]))


def _embeddings(
    classifier: Classifier,
    utterances: Utterances,
    clips: Clips | StreamedClips,
    resources: Resources,
) -> np.ndarray:
    """Return the embeddings of the crops that scoring takes, their mean of several."""
    device = prepare_device(gpu=resources.gpu)
    encoder = classifier.to(device).eval().encoder
    embeddings = np.empty(0)
    with torch.inference_mode():
        for positions, views in evaluated_crops(
            utterances, clips, classifier, device, resources, name="embedding"
        ):
            each = torch.stack([encoder.embed(view).double().cpu() for view in views])
            if not embeddings.size:
                embeddings = np.full((len(utterances), each.shape[-1]), np.nan)
            embeddings[positions] = each.mean(dim=0).numpy()
    return embeddings

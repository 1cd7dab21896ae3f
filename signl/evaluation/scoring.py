"""Scores of a classifier on the eval trials of a corpus, or on its labelled dev trials."""

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from signl.artefacts import digests_of
from signl.devices import Resources, prepare_device
from signl.errors import ArtefactError
from signl.evaluation.evaluated_crops import StreamedClips, evaluated_crops
from signl.evaluation.operating_point import write_operating_point
from signl.evaluation.scores import split_classes, write_scores
from signl.features.frontends import say_the_same
from signl.features.usable import read_usable
from signl.models.heads import Classifier
from signl.models.saving import load_classifier
from signl.training.clips import Clips, clips_for_network
from signl.training.crops import Utterances
from signl.training.label_subsets import read_labelled

logger = logging.getLogger(__name__)


def score_trials(
    model: str | Path,
    config: str | Path,
    trials: str | Path,
    shards: Sequence[str | Path],
    output: str | Path,
    *,
    labels: str | Path | None = None,
    operating_point: str | Path | None = None,
    options: Mapping[str, Any],
    resources: Resources = Resources(),
) -> None:
    """Write the countermeasure score of every usable trial: higher is more bona fide.

    The beginning of each clip is scored, or several crops of it whose mean is taken, in float32.

    Parameters
    ----------
    model, config : path
        The classifier.
    trials : path
        Usable trials of one partition.
    shards : sequence of paths
        Feature shards that hold them; audio shards, for a classifier with its own front-end, and
        where the features are ``streamed``.
    output : path
        Parquet: ``utterance_id``, ``score``.
    labels : path, optional
        A labelled subset: its trials alone are scored.
    operating_point : path, optional
        JSON, beside the classifier: the threshold and the calibration that these scores fix
        (:mod:`signl.evaluation.operating_point`).
    options : Mapping
        What the header of the output says; with ``corpus``, the one on which the classifier must
        have been trained, with ``perturbation`` what is done to the utterances, with ``streamed``
        the front-end whose features are computed here and not kept, and with ``model_code`` the
        kind of a network of one's own, whose code may be run.
    resources : Resources
        What this job computes with.

    Raises
    ------
    ArtefactError
        If the classifier was trained on another corpus, on features of another front-end, or of
        other options.
    ScoreError
        If an operating point is asked for and the trials are of one class.
    """
    classifier, clips = classifier_and_clips(model, config, trials, shards, options)
    table = read_usable(trials) if labels is None else read_labelled(trials, labels)
    utterances = Utterances.of(table)
    began = time.monotonic()
    (scores,) = _scores([classifier], utterances, clips, resources)
    write_scores(output, utterances.ids, scores, options=options, digests=digests_of(model))
    if operating_point is not None:
        dev = split_classes(table.append_column("score", pa.array(scores)))
        write_operating_point(operating_point, dev, model, options=options)
    logger.info(
        "scored %d trials in %.1f s, mean %.3f, wrote %s",
        len(scores),
        time.monotonic() - began,
        scores.mean(),
        output,
    )


def score_sweep(
    models: Sequence[str | Path],
    configs: Sequence[str | Path],
    trials: str | Path,
    shards: Sequence[str | Path],
    outputs: Sequence[str | Path],
    *,
    options: Mapping[str, Any],
    resources: Resources = Resources(),
) -> None:
    """Write the scores of several classifiers of a recipe, of trials that are read once.

    Parameters
    ----------
    models, configs : sequence of paths
        The classifiers, trained on the same corpus.
    outputs : sequence of paths
        The scores of each.
    trials, shards, options, resources
        As of :func:`score_trials`, which writes the same of one classifier. So is what is raised.
    """
    classifiers = []
    for model, config in zip(models, configs, strict=True):
        classifier, clips = classifier_and_clips(model, config, trials, shards, options)
        classifiers.append(classifier)
    utterances = Utterances.of(read_usable(trials))
    began = time.monotonic()
    of_all = _scores(classifiers, utterances, clips, resources)
    for model, scores, output in zip(models, of_all, outputs, strict=True):
        write_scores(output, utterances.ids, scores, options=options, digests=digests_of(model))
    logger.info(
        "scored %d trials by %d classifiers in %.1f s, wrote %s and others",
        len(utterances),
        len(classifiers),
        time.monotonic() - began,
        outputs[0],
    )


def score_dev_sweep(
    models: Sequence[str | Path],
    configs: Sequence[str | Path],
    labels: Sequence[str | Path],
    outputs: Sequence[str | Path],
    operating_points: Sequence[str | Path],
    **common: Any,  # noqa: ANN401
) -> None:
    """Write the scores of the labelled dev utterances, and what they fix, of several classifiers.

    Parameters
    ----------
    models, configs, labels, outputs, operating_points : sequence of paths
        Of each classifier, as of :func:`score_trials`.
    **common
        ``trials``, ``shards``, ``options`` and ``resources`` of that.
    """
    for model, config, subset, output, operating_point in zip(
        models, configs, labels, outputs, operating_points, strict=True
    ):
        score_trials(
            model,
            config,
            output=output,
            labels=subset,
            operating_point=operating_point,
            **common,
        )


def classifier_and_clips(
    model: str | Path,
    config: str | Path,
    trials: str | Path,
    shards: Sequence[str | Path],
    options: Mapping[str, Any],
) -> tuple[Classifier, Clips | StreamedClips]:
    """Return a classifier and the clips of trials, which were seen to belong together.

    The arguments and what is raised are as of :func:`score_trials`.
    """
    loaded = load_classifier(model, config, model_code=options.get("model_code"))
    classifier = loaded.module
    _check_corpus(loaded.card.get("corpus"), options.get("corpus"), model)
    perturbation = options.get("perturbation")
    clips: Clips | StreamedClips
    if frontend := options.get("streamed"):
        clips = StreamedClips(shards, frontend, perturbation)
        clips.check_model(loaded.card)
    else:
        clips = clips_for_network(classifier.encoder, shards, perturbed_by=perturbation)
    if clips.perturbed_by != perturbation:
        raise ArtefactError(
            f"the utterances of {shards[0]} were perturbed by {clips.perturbed_by}, and are to be "
            f"by {perturbation}; give the shards that were made so"
        )
    _check_features(loaded.card.get("features"), clips, model, shards[0])
    clips.check_utterances([trials])
    return classifier, clips


def _check_corpus(trained_on: str | None, listed: str | None, model: str | Path) -> None:
    """Refuse a classifier from a folder that is listed under another corpus than its own."""
    if None not in (trained_on, listed) and trained_on != listed:
        raise ArtefactError(
            f"{model} was trained on {trained_on}, and the experiment lists it under {listed}; "
            f"name {trained_on} among train_corpora"
        )


def _check_features(
    trained_on: Mapping[str, Any] | None,
    clips: Clips | StreamedClips,
    model: str | Path,
    shard: str | Path,
) -> None:
    found = clips.features().get("features")
    if not say_the_same(trained_on, found):
        raise ArtefactError(
            f"{model} was trained on features of {trained_on}, those of {shard} are of {found}; "
            "give its recipe the front-end that it was trained on"
        )


def _scores(
    classifiers: Sequence[Classifier],
    utterances: Utterances,
    clips: Clips | StreamedClips,
    resources: Resources,
) -> list[np.ndarray]:
    """Return the scores by each classifier of a recipe, (utterance,) in float64."""
    device = prepare_device(gpu=resources.gpu)
    networks = [each.to(device).eval() for each in classifiers]
    scores = [np.full(len(utterances), np.nan) for _ in networks]
    with torch.inference_mode():
        for positions, views in evaluated_crops(
            utterances, clips, classifiers[0], device, resources, name="scoring"
        ):
            for network, found in zip(networks, scores, strict=True):
                found[positions] = scores_of(network, views)
    return scores


def scores_of(classifier: Classifier, views: Sequence[Tensor]) -> np.ndarray:
    """Return the mean scores of clips, (clip,) in float64.

    Parameters
    ----------
    classifier : Classifier
    views : sequence of Tensor of shape (clip, ...)
        The first crop of each clip, the second, and so on, on the classifier's device.
    """
    scores = [classifier.head.score(classifier(crops)).double().cpu() for crops in views]
    found: np.ndarray = torch.stack(scores).mean(dim=0).numpy()
    return found

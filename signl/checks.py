"""The checks of a configuration that take the values of two places."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final, cast

from signl.configuration import Configuration
from signl.corpora.registry import CORPORA
from signl.errors import ConfigError
from signl.evaluation.published import systems_of
from signl.evaluation.score_folders import find_score_file
from signl.features.frontend import SAMPLE_RATE_HZ, FrontendOptions
from signl.labels import EVAL, TRAIN
from signl.models.base import AudioOptions
from signl.recipes import Recipe

#: What must agree between a recipe and the one whose encoder it takes.
_OF_NETWORK: Final = ("frontend", "trainable_frontend", "crop_s", "model")


def check(config: Configuration) -> None:
    """Refuse a configuration whose values do not fit each other.

    Raises
    ------
    ConfigError
        Says which value does not fit, and what is allowed.
    """
    _check_names(config)
    for name, recipe in config.recipes.items():
        if not recipe.is_given:
            _check_recipe(config, name, recipe)
    _check_shared_encoders(config)
    _check_percents(config)
    _check_pairs(config)
    _check_given_classifiers(config)
    _check_given_scores(config)
    _check_models(config)
    systems_of(
        {
            name: each.published_as.dump()
            for name, each in config.recipes.items()
            if each.published_as is not None
        }
    )
    _check_shards(config)
    _check_tables(config)


def _check_recipe(config: Configuration, name: str, recipe: Recipe) -> None:
    """Check that a recipe's network, front-end, crop and trainings fit each other."""
    where = f"recipes.{name}"
    frontend = None if recipe.frontend is None else config.frontends[recipe.frontend]
    if recipe.trainable_frontend and not (frontend and frontend.is_trainable):
        raise ConfigError(
            f"{where}.trainable_frontend is true; allowed is that with a front-end of kind "
            "wav2vec2 whose repeat is waveform"
        )
    for corpus in (None, *recipe.per_corpus):
        own = recipe if corpus is None else recipe.for_corpus(corpus)
        of_corpus = where if corpus is None else f"{where}.per_corpus.{corpus}"
        _check_trainings(own, of_corpus)
        _check_reading(own, of_corpus, sorted(config.frontends))
        if frontend is None:
            _check_audio_crop(own, of_corpus)
        else:
            _check_crop(own, frontend, of_corpus)


def _check_reading(recipe: Recipe, where: str, known: Sequence[str]) -> None:
    """Check that a network of frames has a front-end, and one of audio has none."""
    assert recipe.model is not None
    kind, reads_frames = recipe.model.kind, recipe.model.reads == "frames"
    if recipe.frontend is None and reads_frames:
        raise ConfigError(
            f"{where} has no frontend, and a network of kind {kind} reads frames; "
            f"allowed are {known}"
        )
    if recipe.frontend is not None and not reads_frames:
        raise ConfigError(
            f"{where}.frontend is {recipe.frontend!r}, and a network of kind {kind} reads audio; "
            "leave it out"
        )


def _check_audio_crop(recipe: Recipe, where: str) -> None:
    """Check that a crop of audio lies in the clip and suits the network."""
    assert recipe.crop_s is not None
    model = cast(AudioOptions, recipe.model)
    if recipe.crop_s > model.clip_s:
        raise ConfigError(
            f"{where}.crop_s is {recipe.crop_s}; allowed is at most the network's clip_s, "
            f"{model.clip_s}"
        )
    try:
        model.check(width=1, n_frames=round(recipe.crop_s * SAMPLE_RATE_HZ))
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def _check_trainings(recipe: Recipe, where: str) -> None:
    trainings = [recipe.pretraining, recipe.finetuning]
    is_thrifty = any(getattr(each, "gradient_checkpointing", False) for each in trainings)
    if is_thrifty and not recipe.trainable_frontend:
        raise ConfigError(
            f"{where} has gradient_checkpointing: true; allowed is that with "
            "trainable_frontend: true"
        )
    assert recipe.model is not None
    reads_audio = recipe.trainable_frontend or recipe.model.reads == "audio"
    if recipe.pretraining is None:
        return
    if not recipe.model.has_weights:
        raise ConfigError(
            f"{where} has pretraining, and a network of kind {recipe.model.kind} has no weights "
            "to pre-train; leave it out"
        )
    if not recipe.pretraining.views.is_none and reads_audio:
        raise ConfigError(
            f"{where}.pretraining.views augment the pictures of a front-end, and this network "
            "reads audio; allowed is that with a network that reads frames, without "
            "trainable_frontend"
        )
    if recipe.pretraining.joint_views and recipe.model.augments_graphs:
        raise ConfigError(
            f"{where}.pretraining.joint_views is true with a network of kind {recipe.model.kind}, "
            "whose graphs are augmented view by view; allowed is false"
        )


def _check_crop(recipe: Recipe, frontend: FrontendOptions, where: str) -> None:
    """Check that a crop lies in the clip, holds a frame, and suits the network."""
    assert recipe.model is not None
    assert recipe.crop_s is not None
    crop_s = recipe.crop_s
    if crop_s > frontend.clip_s:
        raise ConfigError(
            f"{where}.crop_s is {crop_s}; allowed is at most the front-end's clip_s, "
            f"{frontend.clip_s}"
        )
    try:
        geometry = frontend.geometry()
        least_s = frontend.least_crop_s(training=recipe.trainable_frontend)
    except ConfigError:
        # A model by its id, of which nothing is known before it is loaded.
        return
    if crop_s < least_s:
        raise ConfigError(
            f"{where}.crop_s is {crop_s}; allowed is at least {least_s:g}, which "
            + (
                "the masks of the front-end in training need"
                if recipe.trainable_frontend
                else "one frame of the front-end needs"
            )
        )
    try:
        recipe.model.check(width=geometry.width, n_frames=geometry.n_frames(crop_s))
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def _check_shared_encoders(config: Configuration) -> None:
    """Refuse a recipe that could not have pre-trained the encoder that it takes of another."""
    pretraining = [name for name, recipe in config.recipes.items() if recipe.pretraining]
    for name, recipe in config.recipes.items():
        if not (other := recipe.encoder_of):
            continue
        if other not in pretraining:
            raise ConfigError(
                f"recipes.{name}.encoder_of is {other!r}; allowed are recipes with pretraining, "
                f"{sorted(pretraining)}"
            )
        for key, own, others in _network_options(recipe, config.recipes[other]):
            if own != others:
                raise ConfigError(
                    f"recipes.{name}.{key} is {own}, that of {other}, whose encoder it takes, is "
                    f"{others}; allowed is the same"
                )


def _network_options(one: Recipe, other: Recipe) -> Iterator[tuple[str, Any, Any]]:
    """Yield what decides the network of two recipes: a key, and its value in each."""
    for key in _OF_NETWORK:
        yield key, getattr(one, key), getattr(other, key)
    for corpus in sorted({*one.per_corpus, *other.per_corpus}):
        models = one.for_corpus(corpus).model, other.for_corpus(corpus).model
        yield f"per_corpus.{corpus}.model", *models


def _check_percents(config: Configuration) -> None:
    for name, axes in config.experiments.items():
        for percent in axes.label_percents:
            if not re.fullmatch(r"\d+(\.\d+)?", f"{percent:g}") or float(f"{percent:g}") != percent:
                raise ConfigError(
                    f"experiments.{name}.label_percents: {percent} cannot stand in a file "
                    "name; allowed are up to six digits, as in 0.25"
                )


def _check_pairs(config: Configuration) -> None:
    """Refuse evaluation on what another cut of the same audio was trained or selected on."""
    for name, axes in config.experiments.items():
        for trained, evaluated in product(axes.train_corpora, axes.evaluate_on):
            same = config.corpus(trained).packed_by == config.corpus(evaluated).packed_by
            if trained != evaluated and same:
                raise ConfigError(
                    f"experiments.{name} trains on {trained} and evaluates on {evaluated}, "
                    "which share audio; allowed is one of them, or each in an experiment of "
                    "its own"
                )


def _check_given_classifiers(config: Configuration) -> None:
    """Refuse axes that a given classifier has not: it would be scored again for each value."""
    for name, axes in config.experiments.items():
        given = [each for each in axes.recipes if config.recipes[each].classifier]
        for axis in ("train_corpora", "label_percents", "seeds"):
            values = getattr(axes, axis)
            if given and len(values) > 1:
                raise ConfigError(
                    f"experiments.{name} has the given classifier {given[0]} and {axis} "
                    f"{list(values)}; allowed is one value, that of the classifier, in an "
                    "experiment of its own"
                )


def _check_given_scores(config: Configuration) -> None:
    """Refuse cells without a score file, and a file that would stand for more than one cell."""
    for name, axes in config.experiments.items():
        for recipe in axes.recipes:
            folder = config.recipes[recipe].scores
            if folder is None:
                continue
            cells = product(
                axes.train_corpora,
                axes.label_percents,
                axes.seeds,
                dict.fromkeys(axes.evaluate_on),
            )
            try:
                files = Counter(
                    find_score_file(
                        folder,
                        train_corpus=corpus,
                        percent=f"{percent:g}",
                        seed=str(seed),
                        eval_corpus=eval_corpus,
                    )
                    for corpus, percent, seed, eval_corpus in cells
                )
            except ConfigError as error:
                raise ConfigError(f"experiments.{name}, recipes.{recipe}.scores: {error}") from None
            path, count = files.most_common(1)[0]
            if count > 1:
                raise ConfigError(
                    f"experiments.{name} would take {path} for {count} cells of {recipe}; allowed "
                    "is a file for each of its train_corpora, label_percents and seeds, or one "
                    "value of each, in an experiment of its own"
                )


def _check_models(config: Configuration) -> None:
    """Check the models of front-ends, of a folder its files, before anything is made of them."""
    for name, frontend in config.frontends.items():
        try:
            frontend.check_model()
        except ConfigError as error:
            raise ConfigError(f"frontends.{name}: {error}") from None


def _check_shards(config: Configuration) -> None:
    for corpus, options in config.corpora.items():
        for archive in options.shards:
            forms = (form for of_set in config.corpus(corpus).sets for form in of_set.forms)
            known = {each.name for form in forms for each in form.archives}
            if archive not in known:
                raise ConfigError(
                    f"corpora.{corpus}.shards: archive is {archive!r}; allowed are {sorted(known)}"
                )


def _check_tables(config: Configuration) -> None:
    """Refuse audio in a folder that the results lie in too: it would change with every job."""
    for name, options in config.corpora.items():
        if name in CORPORA:
            continue
        here = Path.cwd()
        if Path(options.audio_place).resolve() in (here, *here.parents):
            raise ConfigError(
                f"corpora.{name}.audio is {options.audio_place!r}, a folder in which the results "
                "lie too; allowed is a folder, tar or zip of the recordings alone"
            )


def _check_names(config: Configuration) -> None:
    for where, name, known in _used_names(config):
        if name not in known:
            raise ConfigError(f"{where} is {name!r}; allowed are {sorted(known)}")


def _used_names(config: Configuration) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield where a name is used, the name, and the names that are allowed there."""
    known = config.known_corpora.items()
    trainable = [name for name, corpus in known if TRAIN in corpus.partitions]
    evaluable = [name for name, corpus in known if EVAL in corpus.partitions]
    for name, recipe in config.recipes.items():
        if recipe.frontend is not None:
            yield f"recipes.{name}.frontend", recipe.frontend, list(config.frontends)
        for corpus in recipe.per_corpus:
            yield f"recipes.{name}.per_corpus: corpus", corpus, trainable
    for name, axes in config.experiments.items():
        where = f"experiments.{name}"
        for recipe_name in axes.recipes:
            yield f"{where}.recipes: recipe", recipe_name, list(config.recipes)
        for corpus in axes.train_corpora:
            yield (
                f"{where}.train_corpora: corpus with a train partition",
                corpus,
                [each for each in trainable if each in config.corpora],
            )
        for corpus in axes.evaluate_on:
            yield (
                f"{where}.evaluate_on: corpus",
                corpus,
                [each for each in evaluable if each in config.corpora],
            )

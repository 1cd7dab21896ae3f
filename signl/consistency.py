"""Whether a configuration that follows its schema also makes sense: names, sizes, pairs.

The schema sees one value at a time; what is checked here takes two.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final

from signl.corpora.registry import CORPORA, corpus_named
from signl.demo.options import DemoOptions
from signl.errors import ConfigError
from signl.evaluation.published import systems_of
from signl.features.speech_model.embedded import DEMO_FRONTEND
from signl.labels import EVAL, TRAIN
from signl.models.signl.options import SignlOptions
from signl.options import build_options
from signl.typed import build

Config = Mapping[str, Any]

#: Seconds of a clip, where a front-end does not say (signl.features.frontend.FrontendOptions).
CLIP_S: Final = 9.0


def check_consistency(config: Config) -> None:
    """Refuse a configuration whose values do not fit each other.

    Raises
    ------
    ConfigError
        Says which value does not fit, and what is allowed.
    """
    _check_names(config)
    _check_recipes(config)
    _check_graphs(config)
    _check_shared_encoders(config)
    _check_crops(config)
    _check_percents(config)
    _check_pairs(config)
    _check_given_classifiers(config)
    _check_models(config)
    _check_published(config)
    build(DemoOptions, (config.get("demo") or {}).get("archives") or {}, "demo.archives")
    _check_shards(config)


def _check_recipes(config: Config) -> None:
    for name, recipe in config["recipes"].items():
        frontend = config["frontends"].get(recipe.get("frontend"), {})
        is_trainable = (frontend.get("kind"), frontend.get("repeat", "waveform")) == (
            "wav2vec2",
            "waveform",
        )
        if recipe.get("trainable_frontend") and not is_trainable:
            raise ConfigError(
                f"recipes.{name}.trainable_frontend is true; allowed is that with a "
                "front-end of kind wav2vec2 whose repeat is waveform"
            )
        is_thrifty = any(
            (recipe.get(stage) or {}).get("gradient_checkpointing")
            for stage in ("pretraining", "finetuning")
        )
        if is_thrifty and not recipe.get("trainable_frontend"):
            raise ConfigError(
                f"recipes.{name} has gradient_checkpointing: true; allowed is that with "
                "trainable_frontend: true"
            )
        keys = ("pretraining", "encoder", "encoder_of")
        starts = [key for key in keys if recipe.get(key) is not None]
        if len(starts) > 1:
            raise ConfigError(f"recipes.{name} has {' and '.join(starts)}; allowed is one of them")


def _check_graphs(config: Config) -> None:
    for name, recipe in config["recipes"].items():
        graph = recipe.get("graph") or {}
        build_options(SignlOptions, graph, f"recipes.{name}.graph")
        for corpus, overrides in (recipe.get("per_corpus") or {}).items():
            of_corpus = graph | ((overrides or {}).get("graph") or {})
            build_options(SignlOptions, of_corpus, f"recipes.{name}.per_corpus.{corpus}.graph")


def _check_published(config: Config) -> None:
    systems_of({name: recipe.get("published_as") for name, recipe in config["recipes"].items()})


def _check_shared_encoders(config: Config) -> None:
    """Refuse a recipe that could not have pre-trained the encoder that it takes of another."""
    recipes = config["recipes"]
    pretraining = [
        name for name, recipe in recipes.items() if recipe.get("pretraining") is not None
    ]
    for name, recipe in recipes.items():
        if not (other := recipe.get("encoder_of")):
            continue
        if other not in pretraining:
            raise ConfigError(
                f"recipes.{name}.encoder_of is {other!r}; allowed are recipes with pretraining, "
                f"{sorted(pretraining)}"
            )
        for key, own, others in _network_options(recipe, recipes[other]):
            if own != others:
                raise ConfigError(
                    f"recipes.{name}.{key} is {own}, that of {other}, whose encoder it takes, is "
                    f"{others}; allowed is the same"
                )


def _network_options(one: Config, other: Config) -> Iterator[tuple[str, Any, Any]]:
    """Yield what decides the network of two recipes: a key, and its value in each."""
    for key in ("frontend", "trainable_frontend", "crop_s", "graph"):
        yield key, one.get(key) or None, other.get(key) or None
    overrides = one.get("per_corpus") or {}, other.get("per_corpus") or {}
    for corpus in sorted({*overrides[0], *overrides[1]}):
        own, others = ((each.get(corpus) or {}).get("graph") for each in overrides)
        yield f"per_corpus.{corpus}.graph", own, others


def _check_crops(config: Config) -> None:
    for name, recipe in config["recipes"].items():
        if recipe.get("classifier"):
            continue
        clip_s = config["frontends"][recipe["frontend"]].get("clip_s", CLIP_S)
        if recipe["crop_s"] > clip_s:
            raise ConfigError(
                f"recipes.{name}.crop_s is {recipe['crop_s']}; allowed is at most the "
                f"front-end's clip_s, {clip_s}"
            )


def _check_percents(config: Config) -> None:
    for name, axes in config["experiments"].items():
        for percent in axes["label_percents"]:
            if not re.fullmatch(r"\d+(\.\d+)?", f"{percent:g}") or float(f"{percent:g}") != percent:
                raise ConfigError(
                    f"experiments.{name}.label_percents: {percent} cannot stand in a file "
                    "name; allowed are up to six digits, as in 0.25"
                )


def _check_pairs(config: Config) -> None:
    """Refuse evaluation on what another cut of the same audio was trained or selected on."""
    for name, axes in config["experiments"].items():
        for trained, evaluated in product(axes["train_corpora"], axes["evaluate_on"]):
            if trained != evaluated and _packed_by(trained) == _packed_by(evaluated):
                raise ConfigError(
                    f"experiments.{name} trains on {trained} and evaluates on {evaluated}, "
                    "which share audio; allowed is one of them, or each in an experiment of "
                    "its own"
                )


def _check_given_classifiers(config: Config) -> None:
    """Refuse axes that a given classifier has not: it would be scored again for each value."""
    for name, axes in config["experiments"].items():
        given = [each for each in axes["recipes"] if config["recipes"][each].get("classifier")]
        for axis in ("train_corpora", "label_percents", "seeds"):
            if given and len(axes[axis]) > 1:
                raise ConfigError(
                    f"experiments.{name} has the given classifier {given[0]} and {axis} "
                    f"{axes[axis]}; allowed is one value, that of the classifier, in an experiment "
                    "of its own"
                )


def _check_models(config: Config) -> None:
    for name, frontend in config["frontends"].items():
        options = frontend.get("options", {})
        model = options.get("model")
        is_folder = model is not None and (
            Path(model) == Path(DEMO_FRONTEND) or Path(model).is_dir()
        )
        if model is not None and not is_folder and options.get("revision") is None:
            raise ConfigError(
                f"frontends.{name}.options.model is {model!r}, which is no folder here; a "
                "model id needs a revision, a commit of its repository"
            )


def _check_shards(config: Config) -> None:
    for corpus, options in config["corpora"].items():
        for archive in (options or {}).get("shards", {}):
            forms = (form for of_set in corpus_named(corpus).sets for form in of_set.forms)
            known = {each.name for form in forms for each in form.archives}
            if archive not in known:
                raise ConfigError(
                    f"corpora.{corpus}.shards: archive is {archive!r}; allowed are {sorted(known)}"
                )


def _check_names(config: Config) -> None:
    for where, name, known in _used_names(config):
        if name not in known:
            raise ConfigError(f"{where} is {name!r}; allowed are {sorted(known)}")


def _used_names(config: Config) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield where a name is used, the name, and the names that are allowed there."""
    trainable = [name for name, corpus in CORPORA.items() if TRAIN in corpus.partitions]
    evaluable = [name for name, corpus in CORPORA.items() if EVAL in corpus.partitions]
    for corpus in config["corpora"]:
        yield f"corpora.{corpus}: corpus", corpus, list(CORPORA)
    for name, recipe in config["recipes"].items():
        known = list(config["frontends"])
        # A given classifier may have a front-end of its own.
        yield f"recipes.{name}.frontend", recipe.get("frontend", known[0]), known
        for corpus in recipe.get("per_corpus") or {}:
            yield f"recipes.{name}.per_corpus: corpus", corpus, trainable
    for name, axes in config["experiments"].items():
        where = f"experiments.{name}"
        for recipe in axes["recipes"]:
            yield f"{where}.recipes: recipe", recipe, list(config["recipes"])
        for corpus in axes["train_corpora"]:
            yield (
                f"{where}.train_corpora: corpus with a train partition",
                corpus,
                [name for name in trainable if name in config["corpora"]],
            )
        for corpus in axes["evaluate_on"]:
            yield (
                f"{where}.evaluate_on: corpus",
                corpus,
                [name for name in evaluable if name in config["corpora"]],
            )


def _packed_by(corpus: str) -> str:
    return corpus_named(corpus).packed_by

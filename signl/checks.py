"""The checks of a configuration that take the values of two places."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any, Final

from signl.augmentation.augmentation_options import AugmentationOptions
from signl.configuration import Axes, Configuration
from signl.copies_checks import check_copied_pools
from signl.corpora.pools import members_of
from signl.corpora.registry import CORPORA
from signl.errors import ConfigError
from signl.evaluation.published import systems_of
from signl.evaluation.score_folders import find_score_file
from signl.labels import EVAL, TRAIN
from signl.recipe_checks import check_recipe
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
    _check_logger(config)
    for name, recipe in config.recipes.items():
        if not recipe.is_given:
            check_recipe(config, name, recipe)
    _check_shared_encoders(config)
    check_copied_pools(config)
    _check_percents(config)
    _check_pairs(config)
    _check_given_classifiers(config)
    _check_given_scores(config)
    _check_means(config)
    _check_streamed(config)
    _check_perturbations(config)
    _check_names_of_pairs(config)
    _check_models(config)
    systems_of(config.published_as)
    _check_shards(config)
    _check_tables(config)


def _check_logger(config: Configuration) -> None:
    if config.logger == "tensorboard" and find_spec("tensorboard") is None:
        raise ConfigError(
            "logger is 'tensorboard', and the package tensorboard is not installed: "
            "pip install tensorboard, or say logger: csv"
        )


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
        for corpora in _read_together(config, axes):
            trained = [(each, "trains on") for each in corpora]
            others = [(each, "evaluates on") for each in axes.evaluate_on]
            for (one, _), (other, does) in product(trained, [*trained, *others]):
                same = config.corpus(one).packed_by == config.corpus(other).packed_by
                if one != other and same:
                    raise ConfigError(
                        f"experiments.{name} trains on {one} and {does} {other}, which share "
                        "audio; allowed is one of them, or each in an experiment of its own"
                    )


def _read_together(config: Configuration, axes: Axes) -> Iterator[tuple[str, ...]]:
    """Yield the corpora that one training of an experiment reads, or that of its encoder."""
    for trained in axes.train_corpora:
        yield members_of(trained)
    for name in axes.recipes:
        recipe = config.recipes[name]
        pretrained_by = config.recipes[recipe.encoder_of] if recipe.encoder_of else recipe
        if pretrained_by.pretraining and pretrained_by.pretraining.corpora:
            yield pretrained_by.pretraining.corpora


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
            if axes.perturbations:
                raise ConfigError(
                    f"experiments.{name} has perturbations, and recipes.{recipe} is given by its "
                    "scores; allowed is an experiment of its own for the latter, without them"
                )
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


def _check_means(config: Configuration) -> None:
    """Refuse the mean of recipes that have no scores of the same cells, or none of dev."""
    for name, axes in config.experiments.items():
        trained = sorted(each for each in axes.recipes if not config.recipes[each].is_given)
        for recipe in axes.recipes:
            members = config.recipes[recipe].mean_of or ()
            others = sorted(set(members).difference(trained))
            if others or len(set(members)) < len(members):
                raise ConfigError(
                    f"recipes.{recipe}.mean_of is {list(members)}; allowed are recipes of "
                    f"experiments.{name}, where it stands, that are trained, each once: {trained}"
                )


def _check_perturbations(config: Configuration) -> None:
    """Refuse one name for two perturbations, whose results would lie in one place."""
    known: dict[str, AugmentationOptions] = {}
    for name, axes in config.experiments.items():
        for each, options in axes.perturbations.items():
            where = f"experiments.{name}.perturbations.{each}"
            if known.setdefault(each, options) != options:
                raise ConfigError(
                    f"{where} is {options.dump_given()}, in another experiment "
                    f"{known[each].dump_given()}; allowed is another name"
                )
            try:
                options.check_files()
            except ConfigError as error:
                raise ConfigError(f"{where}: {error}") from None


def _check_streamed(config: Configuration) -> None:
    """Refuse to stream what nothing reads: a slip, of which no run would say a word."""
    read: dict[str, set[str]] = {}
    for axes in config.experiments.values():
        for name in axes.recipes:
            recipe = config.recipes[name]
            if recipe.frontend is not None and not recipe.trainable_frontend:
                read.setdefault(recipe.frontend, set()).update(axes.evaluate_on)
    for frontend, corpora in config.streamed.items():
        if unread := sorted(set(corpora) - read.get(frontend, set())):
            raise ConfigError(
                f"streamed.{frontend} names {unread[0]}, on which no recipe is evaluated that "
                f"reads features of {frontend}; allowed are {sorted(read.get(frontend, ()))}"
            )


def _check_names_of_pairs(config: Configuration) -> None:
    """Refuse two pairs of corpora whose figures would have one name, and hold both."""
    known: dict[str, tuple[str, str]] = {}
    for axes in config.experiments.values():
        for pair in product(axes.train_corpora, axes.evaluate_on):
            other = known.setdefault("-".join(pair), pair)
            if other != pair:
                raise ConfigError(
                    f"figures of {pair[0]} on {pair[1]} and of {other[0]} on {other[1]} would both "
                    f"be called {'-'.join(pair)}; give one of these corpora a name without a hyphen"
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
    trained = [each for each in trainable if each in config.corpora]
    evaluated = [each for each in evaluable if each in config.corpora]
    for name, recipe in config.recipes.items():
        where = f"recipes.{name}"
        if recipe.frontend is not None:
            yield f"{where}.frontend", recipe.frontend, list(config.frontends)
        for corpus in recipe.per_corpus:
            yield f"{where}.per_corpus: corpus", corpus, trainable
        pretrained = (recipe.pretraining and recipe.pretraining.corpora) or ()
        yield from ((f"{where}.pretraining.corpora: corpus", each, trained) for each in pretrained)
    of_attacks: dict[str, Mapping[str, object]] = {
        "without_attacks": config.without_attacks,
        "attack_families": config.attack_families,
    }
    for key, corpora in of_attacks.items():
        yield from ((f"{key}: corpus", each, evaluated) for each in corpora)
    for name, streamed in config.streamed.items():
        yield "streamed: front-end", name, list(config.frontends)
        yield from ((f"streamed.{name}: corpus", each, evaluated) for each in streamed)
    for name, axes in config.experiments.items():
        where = f"experiments.{name}"
        pools = (each for pool in axes.train_corpora for each in members_of(pool))
        for axis, names, allowed in (
            ("recipes: recipe", axes.recipes, list(config.recipes)),
            ("train_corpora: corpus with a train partition", pools, trained),
            ("evaluate_on: corpus", axes.evaluate_on, evaluated),
        ):
            yield from ((f"{where}.{axis}", each, allowed) for each in names)

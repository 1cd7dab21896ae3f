"""The checks of copies that trainings take: of resynthesis, and augmented ones."""

from collections.abc import Mapping

from signl.configuration import Configuration
from signl.corpora.pools import is_pool
from signl.errors import ConfigError
from signl.recipes import Recipe
from signl.resynthesis.copies_options import AugmentedCopiesOptions, CopyOptions
from signl.training.options import PretrainingOptions


def check_copies(config: Configuration, recipe: Recipe, where: str) -> None:
    """Check that copies which a recipe's trainings take are defined, and that these read features.

    Raises
    ------
    ConfigError
        Says which value does not fit, and what is allowed.
    """
    pretraining, tuning = recipe.pretraining, recipe.finetuning
    objective = pretraining.objective if pretraining else None
    augmented = [getattr(each, "augmented_copies", None) for each in (tuning, pretraining)]
    of_both: tuple[tuple[str, str | None, Mapping[str, CopyOptions]], ...] = (
        ("finetuning.resynthesis", getattr(tuning, "resynthesis", None), config.resynthesis),
        (
            "pretraining.objective.copies",
            objective.resynthesised if objective else None,
            config.resynthesis,
        ),
        ("finetuning.augmented_copies", augmented[0], config.augmented_copies),
        ("pretraining.augmented_copies", augmented[1], config.augmented_copies),
    )
    for key, name, known in of_both:
        if name is None:
            continue
        if name not in known:
            raise ConfigError(f"{where}.{key} is {name!r}; allowed are {sorted(known)}")
        _check_copies_are_features(recipe, f"{where}.{key} is {name!r}")
        if name in config.augmented_copies:
            _check_chain(config.augmented_copies[name], f"augmented_copies.{name}")
    if pretraining is not None:
        _check_copies_of_pretraining(config, pretraining, f"{where}.pretraining")


def _check_copies_are_features(recipe: Recipe, what: str) -> None:
    if recipe.frontend is None or recipe.trainable_frontend:
        raise ConfigError(
            f"{what}, of whose copies there are features alone; allowed is that with a frontend, "
            "without trainable_frontend; and where the network or its front-end is trained on "
            "audio, waveform_augmentation, anew in each epoch"
        )


def _check_chain(options: AugmentedCopiesOptions, where: str) -> None:
    for number, each in enumerate(options.chain):
        try:
            each.check_files()
        except ConfigError as error:
            raise ConfigError(f"{where}.chain.{number}: {error}") from None


def _check_copies_of_pretraining(
    config: Configuration, pretraining: PretrainingOptions, where: str
) -> None:
    """Check that there are the copies that an objective needs, and of one corpus."""
    objective = pretraining.objective
    if len(pretraining.corpora or ()) > 1 and (
        objective.resynthesised or pretraining.augmented_copies
    ):
        kind = "an objective that learns from resynthesis"
        raise ConfigError(
            f"{where}.corpora is {list(pretraining.corpora or ())} with "
            f"{kind if objective.resynthesised else 'augmented_copies'}; allowed is one corpus at "
            "a time"
        )
    if (name := objective.resynthesised) is None:
        return
    made = config.resynthesis[name]
    if not made.pseudo_spoofs:
        raise ConfigError(
            f"{where}.objective.copies is {name!r}, of which pseudo_spoofs is 0; allowed is 1 or "
            "more"
        )
    if getattr(objective, "channel_views", False) and not made.channel_copies:
        raise ConfigError(
            f"{where}.objective.channel_views is true, and channel_copies of {name!r} is 0; "
            "allowed is 1 or more"
        )


def check_copied_pools(config: Configuration) -> None:
    """Refuse pools of corpora for what learns from copies: these are of one corpus.

    Raises
    ------
    ConfigError
        Names the recipe and the pool.
    """
    for name, axes in config.experiments.items():
        pools = [each for each in axes.train_corpora if is_pool(each)]
        learning = ((each, _copies_learnt_from(config, each)) for each in axes.recipes)
        recipe, kind = next((pair for pair in learning if pair[1]), ("", ""))
        if kind and pools:
            raise ConfigError(
                f"experiments.{name} trains {recipe}, which learns from {kind}, on "
                f"several corpora, {pools[0]}; allowed is one at a time"
            )


def _copies_learnt_from(config: Configuration, name: str) -> str:
    """Return the kind of copies of what it is trained on that a recipe or its encoder takes."""
    recipe = config.recipes[name]
    pretraining = config.recipes[recipe.encoder_of or name].pretraining
    if pretraining is not None and pretraining.corpora is not None:
        pretraining = None
    objective = pretraining.objective if pretraining else None
    if getattr(recipe.finetuning, "resynthesis", None) or (objective and objective.resynthesised):
        return "resynthesis"
    trainings = (recipe.finetuning, pretraining)
    is_augmented = any(getattr(each, "augmented_copies", None) for each in trainings)
    return "augmented_copies" if is_augmented else ""

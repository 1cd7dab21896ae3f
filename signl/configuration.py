"""The configuration: all options of all parts put together, and the checks that take two values.

Imported whenever a workflow is parsed, in every job: nothing heavy stands behind it.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from signl.augmentation.augmentation_options import AugmentationOptions
from signl.augmentation.augmentations import AUGMENTATIONS
from signl.augmentation.perturbed_names import split_perturbed
from signl.corpora.corpus import Corpus
from signl.corpora.pools import pooled
from signl.corpora.registry import CORPORA, corpus_named, options_of
from signl.demo.options import Demo
from signl.evaluation.comparison_options import ComparisonOptions
from signl.features.frontend import FrontendOptions
from signl.features.frontends import FRONTENDS, with_parts
from signl.labels import DEV
from signl.recipes import Recipe, expanded
from signl.resynthesis.copies_options import AugmentedCopiesOptions, CopyOptions, ResynthesisOptions
from signl.typed import MAX_NAME_LENGTH, NAME, FromList, Name, Options, retold

#: What stands in paths where a network reads audio instead of a front-end's features.
AUDIO: Final = "audio"
#: In place of a folder of archives: they were taken away after packing.
PACKED: Final = "packed"

Share = Annotated[float, Field(ge=0, lt=1)]


class Limits(Options):
    """What a run may do without."""

    missing_audio: Share = Field(
        default=0.0, description="share of a partition's trials that may have no audio"
    )
    undecodable: Share = Field(
        default=0.001, description="share of a partition's trials that may be in quarantine"
    )


def _unique(values: object) -> object:
    """Refuse a list that holds something twice."""
    if isinstance(values, list) and len(values) != len(set(map(repr, values))):
        raise ValueError("allowed is each value once")
    return values


def _pools(values: object) -> object:
    """Return the name of each pool in place of a list of its corpora."""
    if not isinstance(values, list):
        return values
    for each in values:
        if isinstance(each, list) and not (len(each) > 1 and len(set(map(str, each))) == len(each)):
            raise ValueError(
                f"{each} stands for corpora that are trained on together; allowed are two or more, "
                "each once"
            )
    return [pooled(map(str, each)) if isinstance(each, list) else each for each in values]


Names = Annotated[tuple[str, ...], FromList, BeforeValidator(_unique), Field(min_length=1)]
Percent = Annotated[float, Field(gt=0, le=100)]


class Axes(Options):
    """An experiment: the product of its axes."""

    recipes: Names = Field(description="names of recipes")
    train_corpora: Annotated[Names, BeforeValidator(_pools)] = Field(
        description="corpora that are trained on; a list among them, `[cfad, asvspoof5]`, is "
        "trained on as one corpus"
    )
    label_percents: Annotated[
        tuple[Percent, ...], FromList, BeforeValidator(_unique), Field(min_length=1)
    ] = Field(description="shares of the training labels, above 0 and at most 100")
    seeds: Annotated[
        tuple[Annotated[int, Field(ge=0)], ...],
        FromList,
        BeforeValidator(_unique),
        Field(min_length=1),
    ] = Field(description="root seeds of the trainings")
    evaluate_on: Names = Field(description="corpora that are evaluated on")
    perturbations: dict[Name, Annotated[AugmentationOptions, AUGMENTATIONS]] = Field(
        default={},
        description="name -> what is done to all that is evaluated on, beside the evaluation of it "
        "as it is",
    )


def _corpora(values: object) -> object:
    """Build the options of each corpus, which are of its own kind."""
    if not isinstance(values, Mapping):
        return values
    built, errors = {}, []
    for name, options in values.items():
        kind = options_of(name, options)
        if text := _refused_name(name, is_known=kind is not None):
            error_kind = PydanticCustomError("unknown_key", "{text}", {"text": text})
            errors.append(InitErrorDetails(type=error_kind, loc=(str(name),), input=options))
            continue
        assert kind is not None
        try:
            built[name] = kind.model_validate({} if options is None else options)
        except ValidationError as error:
            errors += [retold(each, (name,)) for each in error.errors(include_url=False)]
    if errors:
        raise ValidationError.from_exception_data("corpora", errors)
    return built


def _refused_name(name: object, *, is_known: bool) -> str:
    """Say why a corpus cannot have its name; nothing, if it can."""
    if not is_known:
        return f"is no corpus; known are {sorted(CORPORA)}, and any with kind: table"
    if not re.fullmatch(NAME, str(name)) or len(str(name)) > MAX_NAME_LENGTH:
        return (
            "is no name for a corpus; allowed are letters and digits, and after the first "
            "character also _ . and -"
        )
    return ""


class Configuration(Options):
    """A configuration file."""

    archives: Annotated[str, Field(min_length=1), expanded("archives")] = Field(
        description="folder of the downloaded archives; packed, where they were taken away since",
    )
    demo: Demo = Field(
        default=Demo(), description="the embedded experiment's corpora and front-end"
    )
    limits: Limits = Field(default=Limits(), description="what a run may do without")
    comparisons: ComparisonOptions = Field(
        default=ComparisonOptions(), description="how recipes are compared"
    )
    gpus_per_job: int = Field(
        default=1,
        ge=0,
        le=16,
        description="GPUs that a training job asks for; other GPU jobs ask for one",
    )
    loader_workers: int = Field(
        default=0, ge=0, description="processes that load batches for a training or scoring job"
    )
    streamed: dict[Name, Names] = Field(
        default={},
        description="front-end -> evaluation corpora whose features are computed as they are "
        "scored, by each recipe and training corpus anew, and not kept",
    )
    score_together: bool = Field(
        default=False,
        description="one job scores and measures all classifiers of a recipe and a training corpus "
        "on an evaluation corpus, whose features it then reads once; another seed or share of the "
        "labels scores all of them anew",
    )
    logger: Literal["tensorboard", "csv"] | None = Field(
        default=None,
        description="figures of each epoch of a training, in a folder beside its log; tensorboard "
        "is a package of its own",
    )
    corpora: Annotated[dict[str, Any], BeforeValidator(_corpora), Field(min_length=1)] = Field(
        description="those in use, each with its options"
    )
    frontends: Annotated[
        dict[Name, Annotated[FrontendOptions, FRONTENDS]], BeforeValidator(with_parts)
    ] = Field(
        default={}, description="name -> kind and options; none, where no recipe reads features"
    )
    resynthesis: dict[Name, ResynthesisOptions] = Field(
        default={},
        description="name -> what copies are made of the training partitions, for recipes that "
        "learn from them; for a pre-training of dev too",
    )
    augmented_copies: dict[Name, AugmentedCopiesOptions] = Field(
        default={},
        description="name -> what augmented copies are made of the training partitions, for "
        "recipes whose trainings draw of them",
    )
    without_attacks: dict[str, Names] = Field(
        default={},
        description="evaluation corpus -> attacks without which it is measured besides, such as "
        "those that a resynthesis makes too",
    )
    attack_families: dict[str, dict[Name, Names]] = Field(
        default={},
        description="evaluation corpus -> family -> attacks of it; breakdown.csv then has a row of "
        "each family too",
    )
    recipes: Annotated[dict[Name, Recipe], Field(min_length=1)] = Field(
        description="name -> front-end, network, trainings"
    )
    experiments: Annotated[dict[Name, Axes], Field(min_length=1)] = Field(
        description="name -> axes"
    )

    @model_validator(mode="after")
    def _check_frontends(self) -> Self:
        if AUDIO in self.frontends:
            raise ValueError(f"frontends: {AUDIO!r} is the name of audio without a front-end")
        if DEV in self.resynthesis:
            raise ValueError(f"resynthesis: {DEV!r} is the name of a partition; allowed are others")
        if DEV in self.augmented_copies or self.resynthesis.keys() & self.augmented_copies.keys():
            raise ValueError(
                f"augmented_copies are named {sorted(self.augmented_copies)}; allowed are names "
                f"besides {sorted([DEV, *self.resynthesis])}, which stand in the same paths"
            )
        return self

    @property
    def copies(self) -> dict[str, CopyOptions]:
        """Name -> what copies are made, of all kinds."""
        return {**self.resynthesis, **self.augmented_copies}

    @property
    def published_as(self) -> dict[str, Any]:
        """Recipe -> the published system beside which its results stand."""
        return {
            name: recipe.published_as.dump()
            for name, recipe in self.recipes.items()
            if recipe.published_as is not None
        }

    def corpus(self, name: str) -> Corpus:
        """Return a corpus: a published one, or one that is configured.

        Raises
        ------
        ConfigError
            If there is no such corpus.
        """
        return corpus_named(name, self.corpora.get(name))

    def families_of(self, corpus: str) -> dict[str, Any]:
        """Return the option of ``measure`` that is of an evaluation corpus, perturbed or not."""
        name, _ = split_perturbed(corpus)
        families = self.attack_families.get(name, {})
        return (
            {"families": {key: list(names) for key, names in families.items()}} if families else {}
        )

    @property
    def known_corpora(self) -> dict[str, Corpus]:
        """Name -> corpus, of all that can be named: the published ones, and those configured."""
        return {name: self.corpus(name) for name in [*CORPORA, *self.corpora]}

"""A recipe: a named network with what it reads, how it is pre-trained, and how it is fine-tuned."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from signl.augmentation.augmentation_options import stretch_of
from signl.errors import ConfigError
from signl.evaluation.published import PublishedSystem
from signl.evaluation.score_file_options import ScoreFileOptions
from signl.features.frontend import FrontendOptions
from signl.features.speech_model.lora_options import FrontendTraining, LoraOptions
from signl.models.base import NetworkOptions
from signl.models.networks import NETWORKS
from signl.models.own_code import is_own
from signl.paths import expand_path
from signl.training.options import (
    FINETUNINGS,
    FinetuningOptions,
    FinetuningRecipe,
    PretrainingOptions,
    PretrainingRecipe,
    augmentations_of,
)
from signl.typed import FromList, Name, Options, Positive, retold


def expanded(key: str) -> AfterValidator:
    """Return a validator of a path, in which ~ and $NAME stand for what they do in a shell."""
    return AfterValidator(lambda text: expand_path(text, key))


#: What a corpus may have of its own.
PER_CORPUS: Final = ("model", "pretraining", "finetuning")
_OF_CLASSIFIER: Final = frozenset({"classifier", "frontend", "model_code", "published_as"})
_OF_SCORES: Final = frozenset({"scores", "score_files", "published_as"})
_OF_MEAN: Final = frozenset({"mean_of", "published_as"})
_NEEDED: Final = ("crop_s", "model", "finetuning")


class Recipe(Options):
    """A recipe of the configuration.

    Or a classifier, or a system's scores, that are there; or the mean of other recipes' scores.
    """

    frontend: str | None = Field(
        default=None, description="name of its front-end; none, where its network reads audio"
    )
    trainable_frontend: FrontendTraining = Field(
        default=False,
        description="train the front-end too, from audio, as the paper does; or by adapters: "
        "`{kind: lora, rank: 16}`",
    )
    encoder: Annotated[str, expanded("encoder")] | None = Field(
        default=None, description="folder of an encoder, to fine-tune from"
    )
    encoder_of: str | None = Field(
        default=None, description="recipe whose pre-trained encoder to fine-tune from"
    )
    classifier: Annotated[str, expanded("classifier")] | None = Field(
        default=None, description="folder of a classifier, to evaluate as it is"
    )
    model_code: str | None = Field(
        default=None,
        description="with `classifier`: `package.module:Class` of its network, if that is code of "
        "your own",
    )
    scores: Annotated[str, expanded("scores")] | None = Field(
        default=None, description="folder of a system's score files, to measure as they are"
    )
    score_files: ScoreFileOptions = Field(
        default=ScoreFileOptions(), description="how these files are to be read"
    )
    mean_of: Annotated[tuple[str, ...], FromList, Field(min_length=2)] | None = Field(
        default=None,
        description="other recipes, the mean of whose scores it is; each is first standardised by "
        "its scores of the labelled dev utterances, without their labels",
    )
    crop_s: Positive | None = Field(default=None, description="seconds of a crop")
    model: Annotated[NetworkOptions, NETWORKS] | None = Field(
        default=None, description="the network"
    )
    pretraining: PretrainingOptions | None = Field(
        default=None, description="without it the network starts from random weights"
    )
    finetuning: Annotated[FinetuningOptions, FINETUNINGS] | None = Field(
        default=None, description="how the classifier is trained"
    )
    published_as: PublishedSystem | None = Field(
        default=None, description="the published system beside which the results stand"
    )
    per_corpus: dict[Name, dict[str, Any]] = Field(
        default={}, description="training corpus -> its own model, pretraining and finetuning"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_keys()
        for corpus in self.per_corpus:
            try:
                self.for_corpus(corpus)
            except ValidationError as error:
                raise _inside(error, ("per_corpus", corpus)) from None
        return self

    @property
    def is_given(self) -> bool:
        """Whether it trains nothing: a classifier is there, or its scores are, or are others'."""
        return any(each is not None for each in (self.classifier, self.scores, self.mean_of))

    @property
    def why_no_embeddings(self) -> str:
        """Why no network of its own makes embeddings; empty, where one does."""
        if self.scores is not None:
            return "it is given by its scores"
        return f"it is the mean of the scores of {', '.join(self.mean_of)}" if self.mean_of else ""

    def _check_keys(self) -> None:
        for key, own in (
            ("classifier", _OF_CLASSIFIER),
            ("scores", _OF_SCORES),
            ("mean_of", _OF_MEAN),
        ):
            if getattr(self, key) is None:
                continue
            if others := sorted(self.model_fields_set - own):
                raise ValueError(f"it has {others} beside {key}; allowed are {sorted(own)}")
            return
        if missing := [key for key in _NEEDED if getattr(self, key) is None]:
            raise ValueError(
                f"its keys {missing} are missing; or name a classifier, a folder of scores, or "
                "recipes that it is the mean of"
            )
        for key, needed in (("score_files", "scores"), ("model_code", "classifier")):
            if key in self.model_fields_set:
                raise ValueError(f"it has {key} without {needed}; allowed are both, or neither")
        keys = ("pretraining", "encoder", "encoder_of")
        starts = [key for key in keys if getattr(self, key) is not None]
        if len(starts) > 1:
            raise ValueError(f"it has {' and '.join(starts)}; allowed is one of them")

    def for_corpus(self, corpus: str) -> Self:
        """Return the recipe with what a training corpus has of its own put in.

        A mapping that names another kind takes the place of the recipe's own.
        """
        if corpus not in self.per_corpus:
            return self
        overrides = self.per_corpus[corpus]
        if unknown := sorted(set(overrides).difference(PER_CORPUS)):
            raise ValidationError.from_exception_data(
                "Recipe",
                [
                    InitErrorDetails(
                        type=PydanticCustomError(
                            "unknown_key",
                            "is no key; known are {known}",
                            {"known": str(list(PER_CORPUS))},
                        ),
                        loc=(key,),
                        input=overrides[key],
                    )
                    for key in unknown
                ],
            )
        own = self.model_dump(mode="json", exclude={"per_corpus"}, exclude_unset=True)
        return type(self).model_validate(merged(own, overrides))

    @property
    def own_kind(self) -> str | None:
        """The kind of its network, where that is code outside this package; else nothing."""
        kind = self.model_code if self.model is None else self.model.kind
        return kind if is_own(kind) else None

    @property
    def stretch(self) -> float:
        """Seconds of a recording that its trainings read for one of a clip, at most."""
        trainings = (self.pretraining, self.finetuning)
        return max(stretch_of(augmentations_of(each)) for each in trainings)

    def pretraining_recipe(self, frontend: FrontendOptions | None) -> PretrainingRecipe:
        """Return what pre-training takes; with a front-end, that is trained too."""
        return PretrainingRecipe.model_validate(self._part("pretraining", frontend))

    def finetuning_recipe(self, frontend: FrontendOptions | None) -> FinetuningRecipe:
        """Return what fine-tuning takes; with a front-end, that is trained too."""
        return FinetuningRecipe.model_validate(self._part("finetuning", frontend))

    def _part(self, stage: str, frontend: FrontendOptions | None) -> dict[str, Any]:
        keys = ("crop_s", "model", stage)
        training = self.trainable_frontend
        lora = training if frontend is not None and isinstance(training, LoraOptions) else None
        return {key: getattr(self, key) for key in keys} | {"frontend": frontend, "lora": lora}


def pretraining_pairs(recipes: Mapping[str, Recipe]) -> list[tuple[str, str]]:
    """Return the recipes with pre-training, each with one that differs from it in this alone."""
    from_random = {
        name: _without_start(recipe)
        for name, recipe in recipes.items()
        if not (recipe.pretraining or recipe.encoder_of or recipe.encoder or recipe.is_given)
    }
    return sorted(
        (name, other)
        for name, recipe in recipes.items()
        if recipe.pretraining or recipe.encoder_of
        for other, options in from_random.items()
        if _without_start(recipe) == options
    )


def _without_start(recipe: Recipe) -> dict[str, Any]:
    """Return the options of a recipe but for what its network starts from."""
    options = recipe.model_dump(exclude={"pretraining", "encoder_of", "published_as"})
    own = options["per_corpus"].items()
    options["per_corpus"] = {
        corpus: kept
        for corpus, each in own
        if (kept := {key: value for key, value in each.items() if key != "pretraining"})
    }
    return options


def merged(options: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with those of ``overrides`` put in, mapping by mapping."""
    result = dict(options)
    for key, value in overrides.items():
        old = result.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping) and _is_same(old, value):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def _is_same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Tell whether a mapping changes options of a kind rather than naming another."""
    return bool(new.get("kind", old.get("kind")) == old.get("kind"))


def _inside(error: ValidationError, place: tuple[str, ...]) -> ValidationError:
    """Return an error with its place put before all of its lines."""
    lines = [retold(each, place) for each in error.errors(include_url=False)]
    return ValidationError.from_exception_data("Recipe", lines)


def check_embeds(name: str, recipes: Mapping[str, Recipe]) -> None:
    """Check that a recipe has a network, of whose embeddings a map can be drawn.

    Raises
    ------
    ConfigError
        If it has none; says why, and which recipes have one.
    """
    if why := recipes[name].why_no_embeddings:
        others = sorted(other for other, each in recipes.items() if not each.why_no_embeddings)
        raise ConfigError(
            f"there is no map of embeddings of the recipe {name}: {why}, and has no network of its "
            f"own; those with one are {others}"
        )

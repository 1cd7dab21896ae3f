"""The experiment that a configuration asks for: its cells, and what each is made of.

This module is what the Snakefile knows of the library. It is imported whenever the workflow is
parsed, in every job, and so imports nothing heavy, and looks at no file's content.
"""

from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import Any, Final

from signl import stages
from signl.augmentation.augmentation_options import AugmentationOptions, sealed
from signl.augmentation.perturbed_names import perturbed, split_perturbed
from signl.checks import check
from signl.configuration import AUDIO, Configuration
from signl.corpora.corpus import CorpusOptions
from signl.corpora.pools import is_pool, members_of
from signl.demo.demo_files import DEMO_FRONTEND, frontend_files
from signl.evaluation.excluded_attacks import protocols_with
from signl.evaluation.score_folders import find_score_file
from signl.experiment_cells import Evaluated, EvaluatedPool, Pretrained, Trained, evaluated_pools
from signl.features.frontend import FrontendOptions
from signl.features.speech_model.lora_options import LoraOptions
from signl.holdings import Holdings
from signl.labels import DEV, EVAL, TRAIN
from signl.models.base import AudioOptions
from signl.recipes import Recipe
from signl.training.options import FinetuningRecipe, PretrainingRecipe
from signl.typed import build

__all__ = ["AUDIO", "Evaluated", "Experiment", "Pretrained", "Trained"]

#: Seconds that a classifier with a front-end of its own reads, of the published length.
GIVEN_CLIP_S: Final = 9.0


class Experiment:
    """A checked configuration.

    Parameters
    ----------
    config : Mapping
        The configuration, as YAML gives it.

    Raises
    ------
    ConfigError
        If a key is unknown, a value is not allowed, or a name is used that is not defined;
        says which, and what is allowed.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = build(Configuration, config, "")
        check(self.config)
        # Asked for by every job of a recipe, and built from its options each time.
        self.pretraining_options = cache(self._pretraining_options)
        self.finetuning_options = cache(self._finetuning_options)

    # What is asked for.

    @cached_property
    def evaluated(self) -> list[Evaluated]:
        """All classifiers on all corpora that they are evaluated on, sorted."""
        cells = {
            Evaluated(Trained(recipe, corpus, percent, seed), eval_corpus, perturbation)
            for axes in self.config.experiments.values()
            for recipe, corpus, percent, seed, eval_corpus, perturbation in product(
                axes.recipes,
                axes.train_corpora,
                axes.label_percents,
                axes.seeds,
                axes.evaluate_on,
                ("", *axes.perturbations),
            )
        }
        return sorted(cells)

    @cached_property
    def evaluated_pools(self) -> list[EvaluatedPool]:
        """All classifiers on several evaluation corpora as one, sorted."""
        return evaluated_pools(self.config.experiments.values())

    @cached_property
    def classifiers(self) -> list[Trained]:
        """All classifiers, trained or given, sorted."""
        return sorted({cell.classifier for cell in self.evaluated})

    @cached_property
    def trained(self) -> list[Trained]:
        """The classifiers that are trained, sorted; the others are given as folders."""
        return [each for each in self.classifiers if not self.recipe(each.recipe).is_given]

    @cached_property
    def pretrained(self) -> list[Pretrained]:
        """All encoders that the classifiers start from, sorted."""
        encoders = {
            Pretrained(pretrained_by, corpus, classifier.seed)
            for classifier in self.classifiers
            if (pretrained_by := self.pretrained_by(classifier.recipe))
            for corpus in [self.pretrained_on(classifier.recipe, classifier.corpus)]
        }
        return sorted(encoders)

    @cached_property
    def partitions_in_use(self) -> dict[str, set[str]]:
        """Corpus -> the partitions of it whose audio the experiments use.

        Of one that scores are given for alone there are none: its manifest is all that is needed.
        """
        given = (cell for cell in self.evaluated if self.recipe(cell.classifier.recipe).scores)
        used: dict[str, set[str]] = {cell.eval_corpus: set() for cell in given}
        for _, corpus, partition in self.usable_in_use:
            used.setdefault(corpus, set()).add(partition)
        return used

    @cached_property
    def usable_in_use(self) -> list[tuple[str, str, str]]:
        """Source (:meth:`source_of`), corpus and partition of all utterances in use."""
        used = set()
        for cell in self.evaluated:
            if self.recipe(cell.classifier.recipe).scores:
                continue
            source = self.source_of(cell.classifier.recipe, cell.wildcards["eval_corpus"])
            used.add((source, cell.eval_corpus, EVAL))
        for source, corpus, partition in self._read_by_trainings:
            used |= {(source, member, partition) for member in members_of(corpus)}
        return sorted(used)

    @cached_property
    def pooled_in_use(self) -> list[tuple[str, str, str]]:
        """Source, pool and partition of all that is trained on of several corpora as one."""
        return sorted(each for each in self._read_by_trainings if is_pool(each[1]))

    @property
    def pools(self) -> list[str]:
        """Names of all pools of corpora that are trained on, sorted."""
        return sorted({corpus for _, corpus, _ in self.pooled_in_use})

    @property
    def _read_by_trainings(self) -> set[tuple[str, str, str]]:
        trainings = {(each.recipe, each.corpus) for each in self.trained}
        trainings |= {(each.recipe, each.corpus) for each in self.pretrained}
        return {
            (self.source_of(recipe), corpus, partition)
            for recipe, corpus in trainings
            for partition in (TRAIN, DEV)
        }

    @cached_property
    def holdings(self) -> Holdings:
        """The archives of the corpora in use, and their shards."""
        return Holdings(self.config, self.partitions_in_use)

    # Front-ends and recipes.

    def recipe(self, name: str) -> Recipe:
        """Return a recipe."""
        return self.config.recipes[name]

    def frontend(self, recipe: str) -> FrontendOptions | None:
        """Return a recipe's front-end; nothing, where its network reads audio itself."""
        name = self.recipe(recipe).frontend
        return None if name is None else self.config.frontends[name]

    def trained_frontend(self, recipe: str) -> FrontendOptions | None:
        """Return the front-end that a recipe trains too, if it does.

        The precision of extraction is none of its options: trainings have one of their own.
        """
        frontend = self.frontend(recipe)
        if frontend is None or not self.recipe(recipe).trainable_frontend:
            return None
        return frontend.for_training()

    def keeps_adapters(self, recipe: str) -> bool:
        """Tell whether a recipe's models hold adapters without the front-end that they are to."""
        training = self.recipe(recipe).trainable_frontend
        return isinstance(training, LoraOptions) and not training.merge

    def source_of(self, recipe: str, evaluated: str = "") -> str:
        """Return what the network of a recipe reads: features, by front-end, or :data:`AUDIO`.

        Trainings do, and, where ``evaluated`` names an evaluation corpus, the scoring of that: its
        features may be computed as it is scored, and of a perturbed corpus they are others. Of the
        mean of others it is what the first of them reads: all have scores of the same trials.
        """
        options = self.recipe(recipe)
        if options.mean_of:
            return self.source_of(options.mean_of[0], evaluated)
        if options.frontend is None or options.trainable_frontend:
            return AUDIO
        corpus, perturbation = split_perturbed(evaluated)
        if corpus in self.config.streamed.get(options.frontend, ()):
            return AUDIO
        return perturbed(options.frontend, perturbation)

    def streamed_frontend(self, recipe: str, evaluated: str) -> FrontendOptions | None:
        """Return the front-end whose features are computed as an evaluation corpus is scored."""
        is_streamed = self.source_of(recipe, evaluated) == AUDIO != self.source_of(recipe)
        return self.frontend(recipe) if is_streamed else None

    def scoring_besides(self, recipe: str, evaluated: str) -> dict[str, Any]:
        """Return ``perturbation`` and ``streamed``, what scores of a corpus say of their making."""
        besides = self.perturbing(evaluated)
        if frontend := self.streamed_frontend(recipe, evaluated):
            besides |= {"streamed": frontend.dump_given(), "features": stages.FEATURES.revision}
        return besides

    # What is perturbed.

    @cached_property
    def perturbations(self) -> dict[str, AugmentationOptions]:
        """Name -> options of all perturbations."""
        return {
            name: options
            for axes in self.config.experiments.values()
            for name, options in axes.perturbations.items()
        }

    def named_perturbed(self, names: Iterable[str]) -> list[str]:
        """Return names of corpora or front-ends, as they are and with each perturbation."""
        return [perturbed(name, each) for name in names for each in ("", *self.perturbations)]

    def frontend_named(self, name: str) -> FrontendOptions:
        """Return the front-end of features, perturbed or not."""
        return self.config.frontends[split_perturbed(name)[0]]

    def perturbing(self, name: str) -> dict[str, Any]:
        """Return ``perturbation``, of a perturbed corpus or front-end's name.

        Its options, and a seal of the sounds that it takes: others make its results anew.
        """
        _, perturbation = split_perturbed(name)
        return {"perturbation": sealed(self.perturbations[perturbation])} if perturbation else {}

    def frontend_label(self, recipe: str) -> str:
        """Return what tables call the front-end of a recipe."""
        options = self.recipe(recipe)
        if options.mean_of:
            return " + ".join(dict.fromkeys(map(self.frontend_label, options.mean_of)))
        if options.frontend is None:
            return "its own" if options.is_given else "none"
        if not options.trainable_frontend:
            return options.frontend
        is_whole = options.trainable_frontend is True
        return options.frontend + (" (trained)" if is_whole else " (LoRA)")

    @cached_property
    def inspected_s(self) -> float:
        """Seconds of an utterance that must be decoded: the most that is read of audio."""
        seconds = [GIVEN_CLIP_S, *(self.config.frontends[e].clip_s for e in self.config.streamed)]
        for name, options in self.config.recipes.items():
            frontend = self.trained_frontend(name)
            for corpus in ("", *options.per_corpus):
                own = options.for_corpus(corpus)
                reader = frontend or own.model
                if isinstance(reader, FrontendOptions | AudioOptions):
                    seconds.append(reader.clip_s * own.stretch)
        # A perturbation may read more of each, whatever reads it.
        return max(seconds) * max([1.0, *(each.stretch for each in self.perturbations.values())])

    def score_file(self, cell: Mapping[str, str]) -> str:
        """Return the score file of a system that is given by its scores.

        Parameters
        ----------
        cell : Mapping
            Wildcards: ``recipe``, ``corpus``, ``percent``, ``seed``, ``eval_corpus``.
        """
        folder = self.recipe(cell["recipe"]).scores
        assert folder is not None
        place = {name: cell[name] for name in ("percent", "seed", "eval_corpus")}
        return str(find_score_file(folder, train_corpus=cell["corpus"], **place))

    def pretrained_by(self, recipe: str) -> str | None:
        """Return the recipe whose pre-training a recipe starts from, often itself; or nothing."""
        options = self.recipe(recipe)
        return recipe if options.pretraining is not None else options.encoder_of

    def pretrained_on(self, recipe: str, corpus: str) -> str:
        """Return the corpora, as one name, of the pre-training that a classifier starts from.

        Parameters
        ----------
        recipe, corpus : str
            Of the classifier.
        """
        pretrained_by = self.pretrained_by(recipe)
        pretraining = self.recipe(pretrained_by).pretraining if pretrained_by else None
        return (pretraining.corpus if pretraining else None) or corpus

    def _pretraining_options(self, recipe: str, corpus: str) -> PretrainingRecipe:
        """Return what pre-training on a corpus takes of a recipe."""
        own = self.recipe(recipe).for_corpus(corpus)
        return own.pretraining_recipe(self.trained_frontend(recipe))

    def _finetuning_options(self, recipe: str, corpus: str) -> FinetuningRecipe:
        """Return what fine-tuning on a corpus takes of a recipe."""
        own = self.recipe(recipe).for_corpus(corpus)
        return own.finetuning_recipe(self.trained_frontend(recipe))

    def own_network(self, recipe: str, corpus: str) -> dict[str, str]:
        """Return ``model_code``, the kind of a recipe's network, where that is one's own."""
        kind = self.recipe(recipe).for_corpus(corpus).own_kind
        return {} if kind is None else {"model_code": kind}

    @property
    def figures_of_pairs(self) -> list[str]:
        """Names of the figures of a training and an evaluation corpus, sorted."""
        return sorted({f"{e.classifier.corpus}-{e.eval_corpus}" for e in self.evaluated})

    @property
    def figures_of_trainings(self) -> list[str]:
        """Names of the figures of trainings: all encoders, and classifiers by corpus, sorted."""
        classifiers = {f"classifiers-{each.corpus}" for each in self.trained}
        return sorted(classifiers | {"pretraining"})

    def manifest_options(self, corpus: str) -> CorpusOptions:
        """Return the options of ``build_manifest`` for a corpus."""
        given = self.holdings.corpus_options(corpus)
        return build(self.config.corpus(corpus).options, given, f"corpora.{corpus}")

    def locate_options(self, partition: str) -> dict[str, Any]:
        """Return the options of ``locate_trials`` for a partition."""
        return {"max_missing": self.config.limits.missing_audio, "partitions": [partition]}

    @property
    def uses_demo_frontend(self) -> bool:
        """Whether a front-end in use is the embedded speech model, which the workflow makes."""
        read = {source for source, _, _ in self.usable_in_use} - {AUDIO} | {*self.config.streamed}
        used = {each.recipe for each in self.trained if self.trained_frontend(each.recipe)}
        read |= {str(self.recipe(recipe).frontend) for recipe in used}
        made = set(frontend_files(DEMO_FRONTEND))
        return any(made.intersection(self.frontend_files(name)) for name in read)

    def frontend_files(self, frontend: str) -> list[str]:
        """Return the files of a front-end's model, where that is a folder."""
        files: list[str] = []
        for each in self.frontend_named(frontend).each():
            is_made = Path(getattr(each, "model", "")) == Path(DEMO_FRONTEND)
            files += map(str, frontend_files(DEMO_FRONTEND) if is_made else each.model_files())
        return [*dict.fromkeys(files)]

    def protocols_of(self, corpus: str) -> tuple[str, ...]:
        """Return the names of a corpus's sets of evaluation trials, perturbed or not."""
        name, _ = split_perturbed(corpus)
        excluded = self.config.without_attacks.get(name, ())
        return protocols_with(self.config.corpus(name).protocols, excluded)

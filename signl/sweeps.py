"""Sweeps: what one job makes of several classifiers of a recipe and a training corpus.

A plane through the embeddings of a network that is not trained is fitted in less time than a
process takes to start. Where an experiment has several of these, of shares of the labels and of
seeds, one job fits all, one scores all on an evaluation corpus, which it reads once, and one
measures these scores. Those that are trained one by one are scored and measured so where the
configuration says ``score_together``. The files are those that a job for each would write.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Final, NamedTuple

from signl import stages
from signl.experiment import AUDIO, Experiment
from signl.experiment_cells import Trained
from signl.stages import Stage


class Labelling(NamedTuple):
    """Which of the classifiers of a sweep, as paths have it: a percent is 5, 100 or 0.5."""

    percent: str
    seed: str


class Sweep(NamedTuple):
    """Sweeps that differ in recipe and corpora alone; a rule has a job for each of them.

    Attributes
    ----------
    labellings : tuple of Labelling
        What each of its jobs makes: two at the least, sorted.
    recipes, corpora, eval_corpora : tuple of str
        There is a job for each of their combinations. Without scores there are no ``eval_corpora``.
    """

    labellings: tuple[Labelling, ...]
    recipes: tuple[str, ...]
    corpora: tuple[str, ...]
    eval_corpora: tuple[str, ...] = ()

    def paths(self, template: str) -> list[str]:
        """Return the files of a job, of a template whose other wildcards stay."""
        return [
            template.replace("{percent}", each.percent).replace("{seed}", each.seed)
            for each in self.labellings
        ]

    def cells(self, wildcards: Mapping[str, str]) -> list[dict[str, str]]:
        """Return what stands in paths for each classifier of a job, which has these wildcards."""
        return [{**wildcards, **each._asdict()} for each in self.labellings]


#: The stages whose jobs make a sweep together, besides :data:`stages.FINETUNING`.
_SCORED: Final = (
    stages.SCORES,
    stages.DEV_SCORES,
    stages.COMBINED_SCORES,
    stages.COMBINED_DEV_SCORES,
    stages.METRICS,
)
#: Recipe, training corpus, and with scores the evaluation corpus, of a job.
Place = tuple[str, ...]
#: What each job makes.
_Jobs = dict[Place, set[Labelling]]


class Sweeps:
    """All sweeps of an experiment.

    Parameters
    ----------
    experiment : Experiment
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    @cached_property
    def trained(self) -> list[Sweep]:
        """Those that are fitted."""
        return grouped(self._trained)

    @cached_property
    def scored_dev(self) -> list[Sweep]:
        """Those that are scored on their labelled dev utterances."""
        return grouped(self._of_classifiers(self._is_scored_together, combined=False))

    @cached_property
    def combined(self) -> list[Sweep]:
        """Those that are the mean of others."""
        return grouped(self._of_classifiers(self._is_scored_together, combined=True))

    @cached_property
    def scored(self) -> list[Sweep]:
        """Those that are scored on evaluation corpora."""
        return grouped(self._of_cells(combined=False))

    @cached_property
    def scored_combined(self) -> list[Sweep]:
        """Those that are the mean of others, on evaluation corpora."""
        return grouped(self._of_cells(combined=True))

    def has(self, stage: Stage, wildcards: Mapping[str, str]) -> bool:
        """Tell whether a job of a stage that is named by these wildcards is part of a sweep's."""
        if stage == stages.FINETUNING:
            return len(self._trained.get(_place(wildcards), ())) > 1
        return stage in _SCORED and _place(wildcards) in self._scored_places

    @cached_property
    def _trained(self) -> _Jobs:
        return self._of_classifiers(self._is_fit, combined=False)

    @cached_property
    def _scored_places(self) -> set[Place]:
        return {
            place
            for combined in (False, True)
            for jobs in (
                self._of_classifiers(self._is_scored_together, combined=combined),
                self._of_cells(combined=combined),
            )
            for place, labellings in jobs.items()
            if len(labellings) > 1
        }

    def _of_classifiers(self, is_swept: Callable[[str, str], bool], *, combined: bool) -> _Jobs:
        named = ((each, each.wildcards) for each in self.experiment.classifiers)
        return self._collected(named, is_swept, combined=combined)

    def _of_cells(self, *, combined: bool) -> _Jobs:
        named = ((each.classifier, each.wildcards) for each in self.experiment.evaluated)
        return self._collected(named, self._is_scored_together, combined=combined)

    def _collected(
        self,
        named: Iterable[tuple[Trained, Mapping[str, str]]],
        is_swept: Callable[[str, str], bool],
        *,
        combined: bool,
    ) -> _Jobs:
        found: _Jobs = {}
        for classifier, wildcards in named:
            is_combined = bool(self.experiment.recipe(classifier.recipe).mean_of)
            if is_combined == combined and is_swept(classifier.recipe, classifier.corpus):
                labelling = Labelling(wildcards["percent"], wildcards["seed"])
                found.setdefault(_place(wildcards), set()).add(labelling)
        return found

    def _is_scored_together(self, recipe: str, corpus: str) -> bool:
        """Tell whether one job scores the classifiers of a recipe and a training corpus."""
        options = self.experiment.recipe(recipe)
        if options.mean_of:
            return all(self._is_scored_together(member, corpus) for member in options.mean_of)
        return self._is_fit(recipe, corpus) or (
            self.experiment.config.score_together and self._trains_on_features(recipe)
        )

    def _is_fit(self, recipe: str, corpus: str) -> bool:
        """Tell whether classifiers are fits of seconds."""
        if not self._trains_on_features(recipe):
            return False
        # An encoder that was pre-trained is another one for each seed.
        if self.experiment.pretrained_by(recipe) or self.experiment.recipe(recipe).encoder:
            return False
        return self.experiment.finetuning_options(recipe, corpus).finetuning.fits_embeddings

    def _trains_on_features(self, recipe: str) -> bool:
        """Tell whether the classifiers of a recipe are trained here, on cached features.

        Models that read audio may have a front-end of gigabytes each: too large side by side. One
        that is given is the same for all shares and seeds.
        """
        is_given = self.experiment.recipe(recipe).is_given
        return not is_given and self.experiment.source_of(recipe) != AUDIO


def _place(wildcards: Mapping[str, str]) -> Place:
    names = ("recipe", "corpus", "eval_corpus")
    return tuple(wildcards[name] for name in names if name in wildcards)


def grouped(jobs: Mapping[Place, set[Labelling]]) -> list[Sweep]:
    """Return sweeps as products of recipes and corpora, sorted.

    Parameters
    ----------
    jobs : Mapping
        What each job is of -> what it makes. One that makes a single classifier is no sweep.
    """
    products: list[_Product] = [
        (tuple(sorted(labellings)), tuple((name,) for name in place))
        for place, labellings in jobs.items()
        if len(labellings) > 1
    ]
    n_axes = max((len(place) for place in jobs), default=0)
    for axis in reversed(range(n_axes)):
        products = _merged(products, axis)
    return sorted(Sweep(labellings, *names) for labellings, names in products)


#: What jobs make, and the names on each axis, whose combinations they are.
_Product = tuple[tuple[Labelling, ...], tuple[tuple[str, ...], ...]]


def _merged(products: Iterable[_Product], axis: int) -> list[_Product]:
    """Make one product of those that differ on an axis alone."""
    merged: dict[_Product, set[str]] = {}
    for labellings, names in products:
        others = (labellings, (*names[:axis], (), *names[axis + 1 :]))
        merged.setdefault(others, set()).update(names[axis])
    return [
        (labellings, tuple(each or tuple(sorted(found)) for each in names))
        for (labellings, names), found in merged.items()
    ]

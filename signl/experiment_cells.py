"""What an experiment is made of: encoders, classifiers, and classifiers on evaluation corpora."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from signl.augmentation.perturbed_names import perturbed
from signl.configuration import Axes
from signl.corpora.pools import members_of, pooled


@dataclass(frozen=True, order=True)
class Trained:
    """A classifier: recipe, training corpus, per cent of the labels, seed."""

    recipe: str
    corpus: str
    percent: float
    seed: int

    @property
    def wildcards(self) -> dict[str, str]:
        """What stands for it in paths; a percent as 5, 100 or 0.5."""
        return {
            "recipe": self.recipe,
            "corpus": self.corpus,
            "percent": f"{self.percent:g}",
            "seed": str(self.seed),
        }


@dataclass(frozen=True, order=True)
class Pretrained:
    """A pre-trained encoder: recipe, corpus, seed."""

    recipe: str
    corpus: str
    seed: int

    @property
    def wildcards(self) -> dict[str, str]:
        """What stands for it in paths."""
        return {"recipe": self.recipe, "corpus": self.corpus, "seed": str(self.seed)}


@dataclass(frozen=True, order=True)
class Evaluated:
    """A classifier on an evaluation corpus, perturbed or not, under all protocols of that."""

    classifier: Trained
    eval_corpus: str
    perturbation: str = ""

    @property
    def wildcards(self) -> dict[str, str]:
        """What stands for it in paths."""
        evaluated = perturbed(self.eval_corpus, self.perturbation)
        return self.classifier.wildcards | {"eval_corpus": evaluated}


@dataclass(frozen=True, order=True)
class EvaluatedPool:
    """A classifier on several evaluation corpora as one."""

    classifier: Trained
    pool: str

    @property
    def wildcards(self) -> dict[str, str]:
        """What stands for it in paths."""
        return self.classifier.wildcards | {"pool": self.pool}


def pooled_protocol(protocols: Sequence[str]) -> str:
    """Return the protocol of a corpus whose trials are pooled with those of others.

    It is ``eval``, where the corpus has an official set of that name, else ``all``, else the first.
    """
    return next((name for name in ("eval", "all") if name in protocols), protocols[0])


def evaluated_pools(experiments: Iterable[Axes]) -> list[EvaluatedPool]:
    """Return the classifiers that are evaluated on several corpora beyond those of training.

    All classifiers of an experiment with the same training corpus have the same pool, so that
    their figures compare.

    Parameters
    ----------
    experiments : iterable of Axes
        What is trained, and evaluated on what.

    Returns
    -------
    list of EvaluatedPool
        Sorted.
    """
    found = set()
    for axes in experiments:
        for corpus in axes.train_corpora:
            others = set(axes.evaluate_on) - set(members_of(corpus))
            if len(others) < 2:
                continue
            for recipe, percent, seed in product(axes.recipes, axes.label_percents, axes.seeds):
                found.add(EvaluatedPool(Trained(recipe, corpus, percent, seed), pooled(others)))
    return sorted(found)

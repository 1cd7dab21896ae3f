"""What an experiment is made of: encoders, classifiers, and classifiers on evaluation corpora."""

from dataclasses import dataclass

from signl.augmentation.perturbed_names import perturbed


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

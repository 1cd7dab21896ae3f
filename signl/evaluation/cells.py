"""A cell of a results table: what was trained on what, and evaluated on what."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from signl.augmentation.perturbed_names import split_perturbed
from signl.typed import Options, build


class Cell(Options):
    """One trained classifier on one evaluation corpus."""

    recipe: str = Field(description="its name in the configuration")
    frontend: str = Field(description="what tables call the front-end of the recipe")
    train_corpus: str = Field(description="the corpus of its training")
    eval_corpus: str = Field(description="the corpus that it is evaluated on")
    label_percent: float = Field(gt=0, le=100, description="share of the training labels")
    seed: int = Field(description="root seed of the training")
    perturbation: str = Field(
        default="", description="what was done to the evaluation corpus; empty, if nothing"
    )
    resynthesis: str = Field(
        default="", description="methods whose pseudo-spoofs it was trained on; empty, if none"
    )

    @classmethod
    def of_job(cls, wildcards: Mapping[str, str], **told: str) -> dict[str, Any]:
        """Return plain values of a cell, as the wildcards of its job name it.

        Parameters
        ----------
        wildcards : Mapping
            ``recipe``, ``corpus``, ``percent``, ``seed``, and ``eval_corpus`` or a ``pool`` of
            several.
        **told : str
            The values that no wildcard has: ``frontend``, ``resynthesis``.
        """
        return {
            "recipe": wildcards["recipe"],
            "train_corpus": wildcards["corpus"],
            "eval_corpus": wildcards.get("eval_corpus") or wildcards["pool"],
            "label_percent": float(wildcards["percent"]),
            "seed": int(wildcards["seed"]),
            **told,
        }

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], where: str) -> Self:
        """Build a cell from plain values; a perturbed corpus has both names in ``eval_corpus``.

        Raises
        ------
        ConfigError
            If a key is missing or unknown, or a value is not allowed; names ``where``.
        """
        values = dict(values)
        if isinstance(given := values.get("eval_corpus"), str):
            values["eval_corpus"], perturbation = split_perturbed(given)
            if perturbation:
                values["perturbation"] = perturbation
        return build(cls, values, where)

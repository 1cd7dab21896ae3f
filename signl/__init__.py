"""SIGNL: spectral-temporal vision graphs against speech deepfakes, pre-trained without labels."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from signl.interruption import quiet_interruption
from signl.surroundings import complete_environment

if TYPE_CHECKING:
    from signl.evaluation.scorer import Scorer

__version__ = "0.1.0"

# Before any library that this package works with is imported, for some look at once.
complete_environment()
quiet_interruption()


def load(model: Any, **options: Any) -> "Scorer":  # noqa: ANN401
    """Load a classifier to score audio with; see :func:`signl.evaluation.scorer.load`.

    What it takes is imported when it is called, so that importing the package takes no time.
    """
    scorer: Scorer = import_module("signl.evaluation.scorer").load(model, **options)
    return scorer

"""A cell of a results table: what was trained on what, and evaluated on what."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from signl.options import build_options


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One trained classifier on one evaluation corpus.

    Attributes
    ----------
    recipe, frontend : str
        Names as in the configuration.
    train_corpus, eval_corpus : str
        Corpora.
    label_percent : float
        Share of the training labels, above 0 and at most 100.
    seed : int
        Root seed of the training.
    """

    recipe: str
    frontend: str
    train_corpus: str
    eval_corpus: str
    label_percent: float
    seed: int

    def __post_init__(self) -> None:
        """Refuse what is no percentage and what is no seed, text that looks like one included."""
        percent: object = self.label_percent
        if not isinstance(percent, int | float) or not 0 < percent <= 100:
            raise ValueError(
                f"label_percent must be a number above 0 and at most 100, got {percent!r}"
            )
        seed: object = self.seed
        if not isinstance(seed, int):
            raise ValueError(f"seed must be an integer, got {seed!r}")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], where: str) -> Self:
        """Build a cell from plain values.

        Raises
        ------
        ConfigError
            If a key is missing or unknown, or a value is not allowed; names ``where``.
        """
        return build_options(cls, values, where)

    def to_mapping(self) -> dict[str, Any]:
        """Return the plain values."""
        return asdict(self)

"""Names of several corpora that are trained on as one."""

from collections.abc import Iterable
from typing import Final

#: Between the names of the corpora of a pool; no name has it.
_BETWEEN: Final = "+"


def pooled(corpora: Iterable[str]) -> str:
    """Return what stands in paths and tables for some corpora together, in whatever order."""
    return _BETWEEN.join(sorted(corpora))


def members_of(corpus: str) -> tuple[str, ...]:
    """Return the corpora of a pool; of a corpus, that alone."""
    return tuple(corpus.split(_BETWEEN))


def is_pool(corpus: str) -> bool:
    """Tell whether a name stands for several corpora."""
    return len(members_of(corpus)) > 1

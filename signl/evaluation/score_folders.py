"""Where the score files of a system that is given as such lie in its folder."""

from pathlib import Path
from typing import Final

from signl.errors import ConfigError

#: Below the folder, without ending; the first that is there is taken.
PATTERNS: Final = (
    "{train_corpus}/labels-{percent}/seed-{seed}/{eval_corpus}",
    "{train_corpus}/seed-{seed}/{eval_corpus}",
    "{train_corpus}/{eval_corpus}",
    "seed-{seed}/{eval_corpus}",
    "{eval_corpus}",
)
ENDINGS: Final = (".txt", ".tsv", ".csv", ".parquet")


def find_score_file(
    folder: str | Path, *, train_corpus: str, percent: str, seed: str, eval_corpus: str
) -> Path:
    """Return the score file of a system for one cell of a table; looks at file existence alone.

    Parameters
    ----------
    folder : path
        The folder of the system.
    train_corpus, percent, seed, eval_corpus : str
        The cell, as in paths of results.

    Raises
    ------
    ConfigError
        If there is none, or are two with different endings; says where files may lie.
    """
    cell = {"train_corpus": train_corpus, "percent": percent, "seed": seed}
    for pattern in PATTERNS:
        stem = Path(folder, pattern.format(**cell, eval_corpus=eval_corpus))
        found = [path for ending in ENDINGS if (path := Path(f"{stem}{ending}")).is_file()]
        if len(found) > 1:
            raise ConfigError(f"{stem} has the endings {[path.suffix for path in found]}; keep one")
        if found:
            return found[0]
    places = ", ".join(pattern.format(**cell, eval_corpus=eval_corpus) for pattern in PATTERNS)
    raise ConfigError(
        f"{folder} holds no scores of {eval_corpus}; allowed are {places}, with one of the "
        f"endings {', '.join(ENDINGS)}"
    )

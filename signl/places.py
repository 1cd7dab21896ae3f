"""Where the workflow's files lie, and in which words it is said how one is made anew."""

import shlex
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Final

from signl.stages import BY_FOLDER, OPERATING_POINT, RESULTS

__all__ = ["FOLDERS", "RESULTS", "place_of", "remedy"]

#: Folders of results that hold artefacts with a header.
FOLDERS: Final = tuple(BY_FOLDER)
_TABLES: Final = (".csv", ".parquet")
#: Endings of what is made in a folder, and of tables; where it is not Parquet alone.
_MODEL: Final = ("model.safetensors", "config.json", "history.jsonl", "README.md")
_ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "features": (".parquet", ".safetensors"),
    "usable": (".parquet", ".quarantine.csv"),
    "encoders": _MODEL,
    "classifiers": (*_MODEL, OPERATING_POINT),
    "metrics": (".json",),
    "pooled_metrics": (".json",),
}
#: Folders between ``results`` and a model at the least: its kind, recipe, corpus and seed.
_MODEL_DEPTH: Final = 5


def place_of(path: str | Path) -> str:
    """Return the path of an artefact as the workflow knows it: ``results/...``.

    Where the results folder itself lies makes no difference: local copies of files in an object
    store have the same place. Empty, for a file that lies in no results folder.
    """
    parts = Path(path).parts
    for index in range(len(parts) - 2, -1, -1):
        is_table = index == len(parts) - 2 and parts[-1].endswith(_TABLES)
        if parts[index] == RESULTS and (parts[index + 1] in FOLDERS or is_table):
            return "/".join(parts[index:])
    return ""


def remedy(path: str | Path) -> str:
    """Return the words that say how an artefact is made anew, or that the workflow makes none."""
    place = place_of(path)
    if not _is_made(PurePath(place).parts):
        return (
            "it is no file of the workflow's results: see whether it is the one that you mean, or "
            "make it anew as it was made"
        )
    return (
        "make it anew, with the options of your run: snakemake --cores 1 --force "
        f"{shlex.quote(place)}"
    )


def _is_made(parts: tuple[str, ...]) -> bool:
    """Tell whether the workflow makes a file at a place, as its folder and its name say."""
    if len(parts) <= 2:
        return len(parts) == 2 and parts[1].endswith(_TABLES)
    if parts[1] in ("encoders", "classifiers"):
        return parts[-1] in _ENDINGS[parts[1]] and len(parts) > _MODEL_DEPTH
    return parts[-1].endswith(_ENDINGS.get(parts[1], (".parquet",)))

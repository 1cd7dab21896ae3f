"""``signl show``: tables of results, readable on a terminal."""

from pathlib import Path
from typing import Annotated, Final

import typer

#: Where a bare name is looked up, and how the files of tables end.
_FOLDER: Final = Path("results")
_SUFFIXES: Final = (".csv", ".parquet")


def show(
    tables: Annotated[
        list[str],
        typer.Argument(
            metavar="TABLE...",
            help="A path, such as results/breakdown.csv, or a name of a table in results/: "
            "indomain, crossdomain, breakdown, pretraining, quarantine, metrics.",
            show_default=False,
        ),
    ],
) -> None:
    """Print tables of results in aligned columns; of the wide ones, the first figures."""
    from signl.evaluation.formatting import format_table

    texts = [f"{path}\n{format_table(path)}" for path in map(_locate, tables)]
    typer.echo("\n".join(texts), nl=False)


def _locate(table: str) -> Path:
    """Return the file that a table's path or name is of."""
    from signl.errors import ArtefactError

    path = Path(table)
    is_name = path.name == table
    named = [_FOLDER / f"{table}{suffix}" for suffix in ("", *_SUFFIXES)] if is_name else []
    for candidate in (path, *named):
        if candidate.is_file() and candidate.suffix in _SUFFIXES:
            return candidate
    if path.is_file():
        raise ArtefactError(
            f"{table} is no table; allowed are files that end in {' or '.join(_SUFFIXES)}"
        )
    found = sorted(each.name for each in _FOLDER.glob("*") if each.suffix in _SUFFIXES)
    allowed = ", ".join(found) or "none yet"
    raise ArtefactError(
        f"there is no table {table!r}; allowed are a path, or a name of those in {_FOLDER}/: "
        f"{allowed}"
    )

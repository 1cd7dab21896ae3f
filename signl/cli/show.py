"""``signl show``: tables of results, readable on a terminal."""

from pathlib import Path
from typing import Annotated, Final, Literal

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
    form: Annotated[
        Literal["text", "markdown", "latex", "csv"],
        typer.Option(
            "--format",
            help="text for the terminal; in Markdown and LaTeX (which wants booktabs) the best "
            "EER of the recipes that compare is bold.",
        ),
    ] = "text",
    columns: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME...",
            help="The columns, in this order, as the file names them.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Print tables of results; of the wide ones, unless columns are named, the first figures."""
    from signl.evaluation.formatting import format_table

    names = [name.strip() for name in columns.split(",") if name.strip()]
    paths = [_locate(table) for table in tables]
    texts = [format_table(path, form, columns=names) for path in paths]
    if form == "text" or len(paths) > 1:
        mark = {"latex": "% ", "text": ""}.get(form, "# " if form == "csv" else "")
        ends = "\n" if form == "text" else "\n\n"
        texts = [f"{mark}{path}{ends}{text}" for path, text in zip(paths, texts, strict=True)]
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

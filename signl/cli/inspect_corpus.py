"""``signl corpus``: tables of public corpora, and what would be used of any table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

corpus_commands = typer.Typer(
    help="Corpora that a table describes.", no_args_is_help=True, pretty_exceptions_enable=False
)


@corpus_commands.callback()
def _of_corpora() -> None:
    """Keep subcommands subcommands, also while there is one alone."""


@corpus_commands.command("inspect")
def inspect_corpus(
    table: Annotated[
        str,
        typer.Argument(
            help="A table (CSV, TSV, Parquet); with --config, the name of a corpus of kind table.",
            show_default=False,
        ),
    ],
    audio: Annotated[
        str | None,
        typer.Option(
            help="Folder, tar or zip of the recordings; by default the folder of the table."
        ),
    ] = None,
    column: Annotated[
        list[str],
        typer.Option(metavar="WHAT=COLUMN", help="A column of another name, as in path=file."),
    ] = [],  # noqa: B006
    label: Annotated[
        list[str],
        typer.Option(metavar="WORD=LABEL", help="A word for a label, as in real=bonafide."),
    ] = [],  # noqa: B006
    partition: Annotated[
        list[str],
        typer.Option(metavar="WORD=PARTITION", help="A word for a partition, as in test=eval."),
    ] = [],  # noqa: B006
    config: Annotated[
        list[Path], typer.Option(help="A configuration, in which the corpus has its options.")
    ] = [],  # noqa: B006
    limit: Annotated[int, typer.Option(min=0, help="Recordings that are decoded, at most.")] = 200,
    problems: Annotated[int, typer.Option(min=1, help="Problems that are told, at most.")] = 100,
) -> None:
    """Tell counts, durations, and row by row what is wrong; exit 1 if something is."""
    from signl.corpora.table.options import TableOptions
    from signl.logs import printable
    from signl.typed import build

    if config:
        options = _configured(table, config)
    else:
        given: dict[str, Any] = {
            "columns": _pairs(column, "--column"),
            "labels": _pairs(label, "--label"),
            "partitions": _pairs(partition, "--partition"),
        }
        where = {"table": table} if audio is None else {"table": table, "audio": audio}
        options = build(TableOptions, where | given, "")
    # Heavy: what is said wrong is told without waiting for it.
    from signl.corpora.table.inspecting import format_inspection, inspect_table

    found = inspect_table(options, limit=limit)
    for line in format_inspection(found, n_problems=problems).split("\n"):
        typer.echo(printable(line))
    if not found.is_sound:
        raise typer.Exit(1)


@corpus_commands.command("table")
def make_corpus_table(
    layout: Annotated[
        str,
        typer.Argument(
            help="fakeorreal, wavefake, librisevoc, mlaad, add2023 or codecfake.",
            show_default=False,
        ),
    ],
    audio: Annotated[
        Path,
        typer.Argument(help="Folder, tar or zip of the corpus, as published.", show_default=False),
    ],
    output: Annotated[Path, typer.Argument(help="The table to write: CSV.", show_default=False)],
) -> None:
    """Make the table of a public corpus of how its files lie, and count its recordings."""
    from signl.corpora.table.table_making import make_table
    from signl.errors import ConfigError

    if output.exists():
        raise ConfigError(f"{output} is there already; take it away, or name another")
    for (partition, label), number in sorted(make_table(layout, audio, output).items()):
        typer.echo(f"{partition or 'no partition':12} {label:10} {number:,}")
    typer.echo(f"wrote {output}; look at it: signl corpus inspect {output} --audio {audio}")


def _configured(name: str, configs: list[Path]) -> Any:  # noqa: ANN401
    """Return the options of a corpus of a configuration."""
    from signl.cli.plan import read_configs
    from signl.corpora.registry import CORPORA
    from signl.errors import ConfigError
    from signl.experiment import Experiment

    corpora = Experiment(read_configs(configs)).config.corpora
    tables = sorted(set(corpora).difference(CORPORA))
    if name not in tables:
        raise ConfigError(f"corpus {name!r} is no corpus of kind table; known are {tables}")
    return corpora[name]


def _pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Return what is written as WORD=MEANING."""
    from signl.errors import ConfigError

    pairs = {}
    for text in texts:
        word, equals, meaning = text.partition("=")
        if not equals or not word or not meaning or word in pairs:
            raise ConfigError(f"{option} is {text!r}; allowed is WORD=MEANING, each word once")
        pairs[word] = meaning
    return pairs

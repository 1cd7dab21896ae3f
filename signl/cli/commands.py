"""The subcommands of ``signl``.

A module of this package holds one subcommand as a function, which imports what it works with when
it is called: ``signl --help`` need not wait for PyTorch.
"""

from typing import Annotated

import typer

from signl.cli.export_scores import export_scores
from signl.cli.import_checkpoint import import_checkpoint
from signl.cli.inspect_corpus import corpus_commands
from signl.cli.measure_scores import measure_scores
from signl.cli.plan import plan
from signl.cli.push import push
from signl.cli.score import score
from signl.cli.show import show
from signl.cli.status import status

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    """Print the version and end, where it is asked for."""
    if wanted:
        from signl import __version__

        typer.echo(f"signl {__version__}")
        raise typer.Exit


@app.callback()
def _companions(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
) -> None:
    """Score audio, look at tables, plan and measure: companions of the SIGNL workflow.

    A command ends with 0 where all went well, with 1 where something could not be done, which is
    told in a line, and with 2 where the command line itself is wrong.
    """


app.command("export-scores")(export_scores)
app.command("measure-scores")(measure_scores)
app.command("import-checkpoint")(import_checkpoint)
app.command("plan")(plan)
app.command("push")(push)
app.command("score")(score)
app.command("show")(show)
app.command("status")(status)
app.add_typer(corpus_commands, name="corpus")

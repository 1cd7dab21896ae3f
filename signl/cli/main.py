"""The command ``signl`` and its subcommands.

A module of this package holds one subcommand as a function, which imports what it works with when
it is called: ``signl --help`` need not wait for PyTorch.
"""

import signal
import sys
from types import FrameType

import typer

from signl.cli.export_scores import export_scores
from signl.cli.import_checkpoint import import_checkpoint
from signl.cli.measure_scores import measure_scores
from signl.cli.plan import plan
from signl.cli.score import score
from signl.cli.show import show
from signl.errors import SignlError
from signl.logs import printable

#: As shells count a program that Ctrl-C has ended.
_INTERRUPTED = 128 + signal.SIGINT

app = typer.Typer(
    help="Companions of the SIGNL workflow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _companions() -> None:
    """Keep subcommands subcommands, also while there is one alone."""


app.command("export-scores")(export_scores)
app.command("measure-scores")(measure_scores)
app.command("import-checkpoint")(import_checkpoint)
app.command("plan")(plan)
app.command("score")(score)
app.command("show")(show)


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM; KeyboardInterrupt would be caught by the parser of the command line."""


def main() -> None:
    """Run the command; an error of ours, or of a file, is told in its own words, in one line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        app()
    except (SignlError, OSError) as error:
        sys.stderr.write(printable(f"{type(error).__name__}: {error}") + "\n")
        sys.exit(1)
    except Interrupted:
        sys.stderr.write("interrupted\n")
        sys.exit(_INTERRUPTED)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Interrupted

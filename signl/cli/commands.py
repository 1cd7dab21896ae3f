"""The subcommands of ``signl``.

A module of this package holds one subcommand as a function, which imports what it works with when
it is called: ``signl --help`` need not wait for PyTorch.
"""

import typer

from signl.cli.export_scores import export_scores
from signl.cli.import_checkpoint import import_checkpoint
from signl.cli.inspect_corpus import corpus_commands
from signl.cli.measure_scores import measure_scores
from signl.cli.plan import plan
from signl.cli.score import score
from signl.cli.show import show

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
app.add_typer(corpus_commands, name="corpus")

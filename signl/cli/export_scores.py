"""``signl export-scores``: a score table of the workflow as an official score file."""

from pathlib import Path
from typing import Annotated

import typer

from signl.cli.forms import Form


def export_scores(
    scores: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="results/scores/.../CORPUS.parquet of the workflow."
        ),
    ],
    form: Annotated[Form, typer.Option(help="The form of the score file.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="The file to write.")],
) -> None:
    """Write scores in the form that the official evaluation packages read.

    asvspoof5: a header, filename<TAB>cm-score, then a tab between name and score; asvspoof2021: no
    header, a space between trial and score. A score is higher for bona fide.
    """
    from signl.errors import ConfigError
    from signl.evaluation.scores import read_scores, write_score_text

    if out.exists() and out.samefile(scores):
        raise ConfigError(f"--out {out} is the score table itself: name another file")
    table = read_scores(scores)
    write_score_text(out, table, form=form.value)
    typer.echo(f"wrote {len(table)} scores to {out}")

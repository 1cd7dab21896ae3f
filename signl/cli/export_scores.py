"""``signl export-scores``: a score table of the workflow as an official score file."""

from pathlib import Path
from typing import Annotated

import typer

from signl.cli.forms import ExportForm

_ARENA = "Of the form arena: "


def export_scores(
    scores: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="results/scores/.../CORPUS.parquet of the workflow."
        ),
    ],
    form: Annotated[ExportForm, typer.Option(help="The form of the score file.")],
    out: Annotated[Path, typer.Option(help="The file to write; of the form arena the folder.")],
    name: Annotated[str | None, typer.Option(help=f"{_ARENA}the system, for people.")] = None,
    slug: Annotated[str | None, typer.Option(help=f"{_ARENA}the system, in paths.")] = None,
    dataset: Annotated[
        str | None, typer.Option(help=f"{_ARENA}the corpus there, as owner/name.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help=f"{_ARENA}the classes, to state the EER; any key of measure-scores.",
        ),
    ] = None,
) -> None:
    """Write scores in the form that evaluation packages, or a public leaderboard, read.

    asvspoof5: a header, filename<TAB>cm-score, then a tab between name and score; asvspoof2021: no
    header, a space between trial and score. A score is higher for bona fide. arena: a submission
    to the Speech Anti-Spoofing Arena, a folder with scores.txt, its SHA-256 and SLUG.yaml, in which
    null is what the submitter has to fill in.
    """
    from signl.errors import ConfigError
    from signl.evaluation.scores import read_scores, write_score_text

    options = {"--name": name, "--slug": slug, "--dataset": dataset, "--keys": keys}
    given = [option for option, value in options.items() if value is not None]
    if form is ExportForm.ARENA:
        _export_submission(scores, out, name=name, slug=slug, dataset=dataset, keys=keys)
        return
    if given:
        raise ConfigError(f"{', '.join(given)} are for --form arena alone; leave them out")
    if out.is_dir():
        raise typer.BadParameter(f"{str(out)!r} is a directory", param_hint="--out")
    if out.exists() and out.samefile(scores):
        raise ConfigError(f"--out {out} is the score table itself: name another file")
    table = read_scores(scores)
    write_score_text(out, table, form=form.value)
    typer.echo(f"wrote {len(table)} scores to {out}")


def _export_submission(
    scores: Path,
    out: Path,
    *,
    name: str | None,
    slug: str | None,
    dataset: str | None,
    keys: Path | None,
) -> None:
    """Write a submission to a leaderboard."""
    from signl.errors import ConfigError
    from signl.evaluation.arena import Submission, write_submission
    from signl.evaluation.foreign import matched_names, read_foreign_key
    from signl.evaluation.score_file_options import KeyFileOptions
    from signl.evaluation.scores import read_scores

    if name is None or slug is None or dataset is None:
        raise ConfigError("--form arena takes --name, --slug and --dataset; give all three")
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is a file; of the form arena it is a folder")
    table = read_scores(scores)
    key = None
    if keys is not None:
        key = read_foreign_key(keys, KeyFileOptions()).trials
        table, _ = matched_names(key, table)
    for path in write_submission(out, table, Submission(name, slug, dataset), key=key):
        typer.echo(f"wrote {path}")

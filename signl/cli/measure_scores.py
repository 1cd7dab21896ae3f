"""``signl measure-scores``: the error measures of the tables, of any system's score file."""

from pathlib import Path
from typing import Annotated

import typer

from signl.cli.forms import Form


def measure_scores(
    scores: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="The score file; higher is more bona fide."
        ),
    ],
    form: Annotated[Form, typer.Option(help="The form of the score file.")],
    keys: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The classes of the same trials.")
    ],
    seed: Annotated[int, typer.Option(help="Seed of the EER's bootstrap interval.")] = 0,
) -> None:
    """Print EER with its interval, minDCF, actDCF and Cllr by the ASVspoof 5 definition.

    Score files are asvspoof5 (a header, filename<TAB>cm-score) or asvspoof2021 (no header, a space
    between trial and score). A key file has the header filename<TAB>cm-label, or none and a space
    between trial and label; labels are bonafide, bona-fide and spoof. The trials of both files
    must be the same. Ties between the classes count against the system, as in the official
    package: of equal scores the bona fide are rejected first. Where all are equal there is no EER.
    """
    from signl.evaluation.measure import MeasureOptions, measure_score_text

    options = MeasureOptions()
    found = measure_score_text(scores, keys, form=form.value, seed=seed, options=options)
    typer.echo(f"trials  {found['n_bonafide']} bona fide, {found['n_spoof']} spoof")
    if found["eer"] is None:
        typer.echo(f"EER     not defined: {found['remarks'][0].partition(':')[0]}")
    else:
        low, high = (100 * end for end in found["eer_interval"])
        typer.echo(
            f"EER     {100 * found['eer']:.6f} % ({100 * options.confidence:g} % interval "
            f"{low:.4f} to {high:.4f}, {options.n_resamples} resamples, seed {seed})"
        )
    typer.echo(f"minDCF  {found['min_dcf']:.6f}")
    typer.echo(f"actDCF  {found['act_dcf']:.6f}")
    typer.echo(f"Cllr    {found['cllr']:.6f} bits")
    for remark in found["remarks"]:
        typer.echo(remark, err=True)
    if (found["eer"] or 0) > 0.5:
        typer.echo("the EER is above 50 %: do these scores rise with belief in spoof?", err=True)

"""``signl measure-scores``: the error measures of the tables, of any systems' score files."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signl.cli.forms import Delimiter, Form, Higher

if TYPE_CHECKING:
    import pyarrow as pa

_WORDS = "Another word for {} in the key; may be repeated."


def measure_scores(
    scores: Annotated[
        list[Path],
        typer.Argument(
            exists=True, dir_okay=False, help="Score files, of a system each; or Parquet of ours."
        ),
    ],
    keys: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The classes of the same trials.")
    ],
    form: Annotated[
        Form | None, typer.Option(help="Read the scores in this official form and no other.")
    ] = None,
    trial: Annotated[
        str | None, typer.Option(help="Column of the trials in score files: name, or number from 1")
    ] = None,
    score: Annotated[str | None, typer.Option(help="Column of the scores.")] = None,
    delimiter: Annotated[Delimiter | None, typer.Option(help="Between columns of scores.")] = None,
    higher: Annotated[
        Higher, typer.Option(help="The class that higher scores speak for.")
    ] = Higher.BONAFIDE,
    key_trial: Annotated[str | None, typer.Option(help="Column of the trials in the key.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the labels in the key.")] = None,
    key_delimiter: Annotated[
        Delimiter | None, typer.Option(help="Between columns of the key.")
    ] = None,
    bonafide: Annotated[list[str], typer.Option(help=_WORDS.format("bona fide"))] = [],  # noqa: B006
    spoof: Annotated[list[str], typer.Option(help=_WORDS.format("a spoof"))] = [],  # noqa: B006
    subset: Annotated[
        list[str],
        typer.Option(metavar="COLUMN=VALUE", help="Trials of the key with this alone: phase=eval"),
    ] = [],  # noqa: B006
    by: Annotated[
        list[str], typer.Option(metavar="COLUMN", help="Also by value of a column: attack, codec")
    ] = [],  # noqa: B006
    resamples: Annotated[
        int, typer.Option(min=1, help="Bootstrap resamples of intervals and tests.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstraps.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
) -> None:
    """Print EER with its interval, minDCF, actDCF and Cllr by the ASVspoof 5 definition.

    Files may have any delimiter, and a header or none. Columns are found by usual names, or are
    named here. Keys without a header are read as published: of ASVspoof 2019 LA, 2021 LA and DF
    and ASVspoof 5, with columns trial, label, attack, codec, phase, ...; or trial and label. Every
    trial of the key, or of its subset, must have one score. Of several systems every two are
    compared: a bootstrap of the EERs' difference over common draws of the trials, with its
    interval and p. Ties between the classes count against a system, as in the official package:
    of equal scores the bona fide are rejected first. Where all are equal there is no EER.
    """
    from signl.evaluation.foreign import read_foreign_key
    from signl.evaluation.measure import MeasureOptions
    from signl.evaluation.score_file_options import KeyFileOptions
    from signl.evaluation.score_reports import report_scores

    read = _reader(form, trial=trial, score=score, delimiter=delimiter, higher=higher)
    of_key = KeyFileOptions(
        trial=key_trial,
        label=label,
        delimiter=key_delimiter and key_delimiter.value,
        bonafide=tuple(bonafide),
        spoof=tuple(spoof),
    )
    wanted = [_subset(text) for text in subset]
    options = MeasureOptions(n_resamples=resamples)
    key = read_foreign_key(keys, of_key, subset=wanted, by=list(dict.fromkeys(by)))
    report = {
        "keys": str(keys),
        "subset": wanted,
        "options": options.dump(),
        "seed": seed,
        **report_scores(scores, key, read, seed=seed, options=options),
    }
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        _print(report)
    _remark(report)


def _reader(
    form: Form | None,
    *,
    trial: str | None,
    score: str | None,
    delimiter: Delimiter | None,
    higher: Higher,
) -> "Callable[[Path], pa.Table]":
    """Return what reads a score file."""
    from signl.errors import ConfigError
    from signl.evaluation.foreign import read_foreign_scores, turned
    from signl.evaluation.score_file_options import ScoreFileOptions
    from signl.evaluation.scores import read_score_text

    if form is None:
        options = ScoreFileOptions(
            trial=trial,
            score=score,
            delimiter=delimiter and delimiter.value,
            higher=higher.value,
        )
        return lambda path: read_foreign_scores(path, options)
    if trial or score or delimiter:
        raise ConfigError(
            f"--form {form.value} says which columns there are; allowed beside it is none of "
            "--trial, --score and --delimiter"
        )
    return lambda path: turned(read_score_text(path, form=form.value), higher.value)


def _subset(text: str) -> tuple[str, str]:
    """Return column and value of an option."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise typer.BadParameter(f"{text!r} is no COLUMN=VALUE", param_hint="--subset")
    return name, value


def _print(report: Mapping[str, Any]) -> None:
    """Print the measures of each system, and what every two differ by."""
    systems, options = report["systems"], report["options"]
    typer.echo(f"trials  {report['n_bonafide']} bona fide, {report['n_spoof']} spoof")
    for name, found in systems.items():
        if len(systems) > 1:
            typer.echo(f"\n{name}")
        typer.echo(_told_eer(found, options, report["seed"]))
        typer.echo(f"minDCF  {found['min_dcf']:.6f}")
        typer.echo(f"actDCF  {found['act_dcf']:.6f}")
        typer.echo(f"Cllr    {found['cllr']:.6f} bits")
        for column, parts in found["parts"].items():
            for value, part in parts.items():
                typer.echo(_told_part(f"{column} {value}", part))
    for pair in report["pairs"]:
        low, high = (100 * end for end in pair["interval"])
        typer.echo(
            f"\n{pair['first']} - {pair['second']}: EER {100 * pair['difference']:+.4f} points "
            f"({100 * options['confidence']:g} % interval {low:+.4f} to {high:+.4f}, "
            f"p {pair['p']:.4f}; paired bootstrap, {options['n_resamples']} resamples)"
        )


def _told_eer(found: Mapping[str, Any], options: Mapping[str, Any], seed: int) -> str:
    """Return the line on the EER."""
    if found["eer"] is None:
        return f"EER     not defined: {found['remarks'][0].partition(':')[0]}"
    low, high = (100 * end for end in found["eer_interval"])
    return (
        f"EER     {100 * found['eer']:.6f} % ({100 * options['confidence']:g} % interval "
        f"{low:.4f} to {high:.4f}, {options['n_resamples']} resamples, seed {seed})"
    )


def _told_part(name: str, part: Mapping[str, Any]) -> str:
    """Return the line on a part."""
    eer = "no EER"
    if part["eer"] is not None:
        low, high = (100 * end for end in part["eer_interval"])
        eer = f"EER {100 * part['eer']:.6f} %, {low:.4f} to {high:.4f}"
    against = ", all bona fide" if part["against"] == "all" else " bona fide"
    return f"{name}: {eer} ({part['n_spoof']} spoof, {part['n_bonafide']}{against})"


def _remark(report: Mapping[str, Any]) -> None:
    """Say what there is to know of the figures."""
    systems = report["systems"]
    for name, found in systems.items():
        before = f"{name}: " if len(systems) > 1 else ""
        remarks = list(found["remarks"])
        if found["n_renamed"]:
            remarks.insert(
                0, f"{found['n_renamed']} names were matched without folder and ending of files"
            )
        if (found["eer"] or 0) > 0.5:
            remarks.append("the EER is above 50 %: do these scores rise with belief in spoof?")
        for remark in remarks:
            typer.echo(before + remark, err=True)

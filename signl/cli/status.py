"""``signl status``: what of an experiment is done, what runs now, and what is left."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signl.cli.plan import CONFIGS, read_configs

if TYPE_CHECKING:
    from signl.standing import Begun, Standing


def status(
    results: Annotated[
        Path, typer.Argument(metavar="[RESULTS]", help="The results folder.", show_default=True)
    ] = Path("results"),
    configs: Annotated[list[Path], CONFIGS] = [Path("config.yaml")],  # noqa: B006
    in_json: Annotated[
        bool, typer.Option("--json", help="Print all that is known as one JSON object.")
    ] = False,
) -> None:
    """Say what of an experiment is done, what runs now, and what is left, as its files tell.

    Nothing is run, locked or written. A job counts as done where its files are there.
    """
    from signl.errors import ArtefactError
    from signl.experiment import Experiment
    from signl.jobs import jobs_of
    from signl.planning import plan_experiment
    from signl.rates import RATES, read_rates
    from signl.speeds import Speeds
    from signl.standing import as_json, stage_rows, standing_of

    if not results.is_dir():
        raise ArtefactError(f"{results} is no folder; give the results folder of the experiment")
    experiment = Experiment(read_configs(configs))
    standing = standing_of(results, jobs_of(experiment))
    speeds = Speeds(measured=read_rates(results / RATES.name))
    rows = stage_rows(standing, plan_experiment(experiment, speeds, jobs=standing.left))
    if in_json:
        typer.echo(json.dumps({"results": str(results), **as_json(standing, rows)}, indent=1))
    else:
        _print(standing, rows)


def _print(standing: "Standing", rows: Sequence[dict[str, Any]]) -> None:
    """Print the stages, and the jobs that run or have failed."""
    from signl.plan_tables import estimate_text

    total: dict[str, Any] = {"rule": "total"}
    total |= {name: sum(row[name] for row in rows) for name in rows[0] if name != "rule"}
    typer.echo(f"run     {standing.run or 'none is under way'}\n")
    counts = ("jobs", "done", "running", "failed", "left")
    heads = "".join(f"{name:>9}" for name in counts)
    typer.echo(f"{'stage':22}{heads}{'GPU h left':>12}{'CPU h left':>12}")
    for row in [*rows, total]:
        numbers = "".join(f"{row[name] or '-':>9}" for name in counts)
        hours = "".join(f"{estimate_text(row[name]):>12}" for name in ("gpu_h", "cpu_h"))
        typer.echo(f"{row['rule']:22}{numbers}{hours}")
    for title, begun in (("Running now", standing.running), ("Ended by an error", standing.failed)):
        if begun:
            typer.echo(f"\n{title}")
        for each in begun:
            _print_job(each)


def _print_job(begun: "Begun") -> None:
    """Print what a job has said, and where it says more."""
    name = " ".join([begun.rule, *(f"{key}={value}" for key, value in begun.wildcards.items())])
    typer.echo(f"  {name}{f' ({begun.by})' if begun.by else ''}")
    if begun.epoch:
        figures = ", ".join(f"{key} {value:g}" for key, value in begun.epoch.figures.items())
        best = ", the best so far" if begun.epoch.is_best else ""
        pace = f"; {begun.epoch.pace}" if begun.epoch.pace else ""
        typer.echo(f"    epoch {begun.epoch.epoch}: {figures}{best}{pace}")
    typer.echo(f"    {begun.written:%Y-%m-%d %H:%M:%S}: {begun.told or 'nothing said yet'}")
    typer.echo(f"    {begun.log}")

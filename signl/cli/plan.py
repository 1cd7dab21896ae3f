"""``signl plan``: what an experiment takes, before anything is downloaded or run."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from signl.experiment import Experiment

CONFIGS = typer.Option(
    "--config", help="A configuration; keys of a later one go before those of an earlier one."
)


def plan(
    configs: Annotated[list[Path], CONFIGS] = [Path("config.yaml")],  # noqa: B006
    measure: Annotated[
        bool,
        typer.Option(
            "--measure",
            help="First run a batch of each front-end and steps of each network, with random "
            "weights, on this machine, and keep its rates in the file of --rates.",
        ),
    ] = False,
    rates: Annotated[
        Path, typer.Option(help="Rates that were measured; they go before what is assumed.")
    ] = Path("results/rates.json"),
    frontend_flop_per_gpu_s: Annotated[
        float, typer.Option(help="Of a speech model on one GPU; assumed where not measured.")
    ] = 1e14,
    network_flop_per_gpu_s: Annotated[
        float, typer.Option(help="Of networks on frames, trained on one GPU; the same.")
    ] = 3e12,
    frontend_flop_per_cpu_s: Annotated[
        float, typer.Option(help="Of a front-end on one core; the same.")
    ] = 5e10,
    network_flop_per_cpu_s: Annotated[
        float, typer.Option(help="Of networks, trained on one core; the same.")
    ] = 2e10,
    max_epochs: Annotated[
        int | None, typer.Option(help="Epochs after which training is taken to have stopped.")
    ] = None,
) -> None:
    """Estimate jobs, audio hours, disk and computing time of each stage of an experiment."""
    from signl.costs import Costs
    from signl.experiment import Experiment
    from signl.plan_tables import format_costs, format_plan, format_speeds
    from signl.planning import plan_experiment
    from signl.rates import read_rates
    from signl.speeds import Speeds

    experiment = Experiment(read_configs(configs))
    if measure:
        _measure(experiment, rates)
    speeds = Speeds(
        frontend_flop_per_gpu_s=frontend_flop_per_gpu_s,
        network_flop_per_gpu_s=network_flop_per_gpu_s,
        frontend_flop_per_cpu_s=frontend_flop_per_cpu_s,
        network_flop_per_cpu_s=network_flop_per_cpu_s,
        max_epochs=max_epochs,
        measured=read_rates(rates),
    )
    costs = Costs(experiment)
    typer.echo(format_plan(plan_experiment(experiment, speeds, costs)))
    typer.echo(f"\n{format_costs(costs)}")
    typer.echo(f"\n{format_speeds(speeds)}")


def _measure(experiment: "Experiment", path: Path) -> None:
    """Measure the rates of this machine, and put them into the file of them."""
    from signl.measuring import measure_rates
    from signl.rates import Rates, read_rates, write_rates

    path.parent.mkdir(parents=True, exist_ok=True)
    write_rates(path, (read_rates(path) or Rates()).joined(measure_rates(experiment)))


def read_configs(paths: list[Path]) -> dict[str, Any]:
    """Read configurations, and merge them as Snakemake merges those of ``--configfile``."""
    import yaml

    from signl.errors import ConfigError
    from signl.models.own_code import look_in
    from signl.yaml_files import check_keys

    look_in(path.parent for path in paths)
    merged: dict[str, Any] = {}
    for path in paths:
        try:
            check_keys(path)
            config = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise ConfigError(f"{path} cannot be read as a configuration: {error}") from error
        _update(merged, config or {})
    return merged


def _update(merged: dict[str, Any], config: Mapping[str, Any]) -> None:
    """Put the keys of a configuration over those that are there, mapping by mapping."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            inner = merged.get(key)
            merged[key] = inner if isinstance(inner, dict) else {}
            _update(merged[key], value)
        else:
            merged[key] = value

"""``signl plan``: what an experiment takes, before anything is downloaded or run."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

CONFIGS = typer.Option(
    "--config", help="A configuration; keys of a later one go before those of an earlier one."
)


def plan(
    configs: Annotated[list[Path], CONFIGS] = [Path("config.yaml")],  # noqa: B006
    audio_hours_per_gpu_hour: Annotated[
        float, typer.Option(help="Audio that a speech model encodes on one GPU.")
    ] = 500.0,
    audio_hours_per_cpu_hour: Annotated[
        float, typer.Option(help="Audio that a front-end encodes on one core, without a GPU.")
    ] = 100.0,
    trained_audio_hours_per_gpu_hour: Annotated[
        float, typer.Option(help="Audio that an end-to-end recipe trains on, on one GPU.")
    ] = 100.0,
    crops_per_gpu_s: Annotated[
        float, typer.Option(help="Crops that training takes through one GPU in a second.")
    ] = 1000.0,
    max_epochs: Annotated[
        int | None, typer.Option(help="Epochs after which training is taken to have stopped.")
    ] = None,
) -> None:
    """Estimate jobs, audio hours, disk and computing time of each stage of an experiment."""
    from signl.experiment import Experiment
    from signl.planning import Speeds, format_plan, plan_experiment

    speeds = Speeds(
        audio_hours_per_gpu_hour=audio_hours_per_gpu_hour,
        audio_hours_per_cpu_hour=audio_hours_per_cpu_hour,
        trained_audio_hours_per_gpu_hour=trained_audio_hours_per_gpu_hour,
        crops_per_gpu_s=crops_per_gpu_s,
        max_epochs=max_epochs,
    )
    stages = plan_experiment(Experiment(read_configs(configs)), speeds)
    typer.echo(format_plan(stages))
    typer.echo("\nThe jobs are counted, as from nothing; the rest is estimated, from\n")
    for field in fields(speeds):
        value = getattr(speeds, field.name)
        typer.echo(f"  {field.name:34} {'as configured' if value is None else value}")
    typer.echo("\nwhich are assumptions (signl/planning.py says of what): give your machine's own.")


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

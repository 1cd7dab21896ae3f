"""Plans as tables for people."""

from collections.abc import Iterable

from signl.costs import Costs
from signl.experiment import AUDIO
from signl.planning import Stage
from signl.rates import DeviceRates
from signl.speeds import Speeds, assumptions


def format_plan(stages: Iterable[Stage]) -> str:
    """Return a plan as a table for people, with its totals."""
    stages = list(stages)
    total = Stage(
        "total",
        sum(stage.jobs for stage in stages),
        n_bytes=sum(stage.n_bytes for stage in stages),
        gpu_h=sum(stage.gpu_h for stage in stages),
        cpu_h=sum(stage.cpu_h for stage in stages),
    )
    head = f"{'stage':22}{'jobs':>8}{'audio h':>12}{'disk GB':>10}{'GPU h':>10}{'CPU h':>10}"
    return "\n".join([head, *(_row(stage) for stage in [*stages, total])])


def _row(stage: Stage) -> str:
    columns = (
        (stage.audio_h, 12),
        (stage.n_bytes / 1e9, 10),
        (stage.gpu_h, 10),
        (stage.cpu_h, 10),
    )
    return f"{stage.rule:22}{stage.jobs:>8,}" + "".join(
        estimate_text(value).rjust(width) for value, width in columns
    )


def estimate_text(value: float) -> str:
    """Return a number with as many digits as an estimate has, a dash for nothing."""
    if not value:
        return "-"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.05 else "<0.1"


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"


def format_costs(costs: Costs) -> str:
    """Return what each recipe in use takes: parameters, and millions of multiply-adds.

    Those of a network for a crop, those of a front-end for a second of audio.
    """
    experiment = costs.experiment
    head = (
        f"{'recipe':26}{'network':>16}{'parameters':>12}{'M a crop':>10}"
        f"{'front-end':>26}{'parameters':>13}{'M a second':>12}"
    )
    rows = [head]
    for recipe in sorted({classifier.recipe for classifier in experiment.trained}):
        network, model = costs.of_network(recipe), experiment.recipe(recipe).model
        row = f"{recipe:26}{model.kind if model else '':>16}{_count(network.parameters):>12}"
        row += f"{estimate_text(network.multiply_adds / 1e6):>10}"
        frontend = experiment.frontend(recipe)
        if frontend is None:
            row += f"{AUDIO:>26}{'-':>13}{'-':>12}"
        else:
            trained = experiment.trained_frontend(recipe)
            cost = costs.of_frontend(trained.whole() if trained else frontend)
            row += f"{experiment.frontend_label(recipe):>26}{_count(cost.parameters):>13}"
            row += f"{estimate_text(cost.multiply_adds / 1e6):>12}"
        rows.append(row)
    return "\n".join(rows)


def format_speeds(speeds: Speeds) -> str:
    """Return on what the times of a plan rest: what was measured, and what is assumed."""
    rows = ["The jobs are counted, as from nothing, and the multiply-adds (two FLOP each) too."]
    if speeds.measured is not None:
        rows += ["Measured on this machine (signl plan --measure):", ""]
        rows += [f"  decoded_audio_hours_per_cpu_hour   {speeds.decoding_h_per_h:,.0f}"]
        for device, rates in (("cpu", speeds.measured.cpu), ("gpu", speeds.measured.gpu)):
            rows += [] if rates is None else _measured(device, rates)
        rows += ["", "The rest is assumed (signl/speeds.py says of what):", ""]
    else:
        rows += [
            "Time is estimated, from what is assumed (signl/speeds.py says of what); give your"
        ]
        rows += ["machine's own, or measure them with signl plan --measure:", ""]
    for name in assumptions():
        value = getattr(speeds, name)
        rows.append(f"  {name:34} {'as configured' if value is None else f'{value:g}'}")
    return "\n".join(rows)


def _measured(device: str, rates: DeviceRates) -> list[str]:
    """Return the rates of a device, in GFLOP/s."""
    kinds = (("front-end", rates.frontend_flop_per_s), ("network", rates.network_flop_per_s))
    return [
        f"  {device} ({rates.machine}), GFLOP/s",
        *(
            f"    {what} {kind:24} {rate / 1e9:,.1f}"
            for what, measured in kinds
            for kind, rate in sorted(measured.items())
        ),
    ]

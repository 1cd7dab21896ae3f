"""Tables of plans: what they say of stages, recipes and rates."""

import pytest
import yaml

from signl.costs import Costs
from signl.experiment import Experiment
from signl.plan_tables import format_costs, format_plan, format_speeds
from signl.planning import Stage
from signl.rates import DeviceRates, Rates
from signl.speeds import Speeds


def test_a_plan_is_a_table_with_totals():
    text = format_plan(
        [
            Stage("pack_audio", 2, audio_h=30, n_bytes=4e9, cpu_h=0.2),
            Stage("score", 1500, gpu_h=7, cpu_h=0.01),
        ]
    )
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["pack_audio", "2", "30", "4.0", "-", "0.2"],
        ["score", "1,500", "-", "-", "7.0", "<0.1"],
        ["total", "1,502", "-", "4.0", "7.0", "0.2"],
    ]


def test_recipes_stand_with_parameters_and_multiply_adds(repository):
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    costs = Costs(Experiment(config))
    rows = {line.split()[0]: line.split()[1:] for line in format_costs(costs).splitlines()}
    network = costs.of_network("lcnn-lfcc")
    assert rows["lcnn-lfcc"][:2] == ["lcnn", f"{network.parameters:,}"]
    assert float(rows["lcnn-lfcc"][2]) == pytest.approx(network.multiply_adds / 1e6, rel=0.01)
    assert rows["mean-logmel"] == ["mean_pool", "-", "-", "logmel", "-", "2.4"]


def test_what_was_measured_is_told_from_what_is_assumed():
    rates = DeviceRates(machine="a card", network_flop_per_s={"signl": 2.5e12})
    measured = format_speeds(Speeds(measured=Rates(gpu=rates)))
    assert "gpu (a card), GFLOP/s" in measured
    assert measured.index("network signl") < measured.index("is assumed")
    assert "Measured" not in format_speeds(Speeds())

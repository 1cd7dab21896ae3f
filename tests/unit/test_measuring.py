"""Rates of this machine, measured on small models."""

import pytest
import torch
import yaml

from signl.experiment import Experiment
from signl.measuring import machine_name, measure_rates, seconds_of, training_step
from signl.models.xvector.options import XVectorOptions
from signl.rates import Rates


@pytest.fixture(scope="module")
def measured(repository):
    config = yaml.safe_load((repository / "config.yaml").read_text("utf-8"))
    return measure_rates(Experiment(config | {"gpus_per_job": 0}))


def test_the_kinds_in_use_have_rates(measured):
    assert set(measured.cpu.frontend_flop_per_s) == {"logmel", "lfcc", "wav2vec2"}
    # The mean frame has no weights, and nothing to multiply.
    assert set(measured.cpu.network_flop_per_s) == {"signl", "lcnn", "audio_ntt"}
    assert measured.gpu is None
    assert isinstance(measured, Rates)


def test_rates_are_those_of_one_core(measured):
    rates = {**measured.cpu.frontend_flop_per_s, **measured.cpu.network_flop_per_s}
    # No core of today does more than a few hundred GFLOP in a second.
    assert all(1e7 < rate < 1e12 for rate in rates.values())
    assert measured.decoded_audio_hours_per_cpu_hour > 10


def test_the_machine_is_named_with_its_cores():
    assert machine_name(torch.device("cpu")).endswith(" cores")


def test_a_training_step_moves_the_weights():
    torch.manual_seed(0)
    step = training_step(XVectorOptions(), 2, 40, 64, torch.device("cpu"))
    (network,) = [
        each.cell_contents for each in step.__closure__ if hasattr(each.cell_contents, "embed")
    ]
    before = [weights.detach().clone() for weights in network.parameters()]
    step()
    after = list(network.parameters())
    assert any(not torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_the_shortest_time_but_the_first_counts(monkeypatch):
    clock = iter([0.0, 0.1, 1.0, 6.0, 10.0, 12.0, 20.0, 23.0])
    monkeypatch.setattr("signl.measuring.time.perf_counter", lambda: next(clock))
    calls = []
    assert seconds_of(lambda: calls.append(1), "cpu") == 2.0
    assert len(calls) == 4

"""Speeds: what is measured goes before what is assumed, and both are positive."""

import pytest

from signl.errors import ConfigError
from signl.rates import DeviceRates, Rates
from signl.speeds import Speeds, assumptions


@pytest.mark.parametrize("name", assumptions())
def test_speeds_are_positive(name):
    with pytest.raises(ConfigError, match=f"{name} is 0; allowed"):
        Speeds(**{name: 0})


def test_a_multiply_add_is_two_flop():
    assert Speeds(frontend_flop_per_gpu_s=4.0).frontend_s("wav2vec2", 6.0, "gpu") == 3.0
    assert Speeds(network_flop_per_cpu_s=4.0).network_s("signl", 6.0, "cpu") == 3.0


def test_only_kinds_that_were_measured_have_measured_rates():
    rates = DeviceRates(machine="a", frontend_flop_per_s={"whisper": 2.0})
    speeds = Speeds(frontend_flop_per_cpu_s=1.0, measured=Rates(cpu=rates))
    assert speeds.frontend_s("whisper", 1.0, "cpu") == 1.0
    assert speeds.frontend_s("wav2vec2", 1.0, "cpu") == 2.0


def test_decoding_is_as_measured_where_it_was():
    assert Speeds(decoded_audio_hours_per_cpu_hour=100.0).decoding_s(1.0) == 36.0
    measured = Rates(decoded_audio_hours_per_cpu_hour=3600.0)
    assert Speeds(measured=measured).decoding_s(1.0) == 1.0

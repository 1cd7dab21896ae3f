"""Rates of a machine: written, read, joined."""

import pytest

from signl.errors import ConfigError
from signl.rates import DeviceRates, Rates, read_rates, write_rates

OLD = Rates(
    decoded_audio_hours_per_cpu_hour=1.0,
    cpu=DeviceRates(machine="a", network_flop_per_s={"signl": 1.0, "lcnn": 2.0}),
    gpu=DeviceRates(machine="card", frontend_flop_per_s={"wav2vec2": 3.0}),
)


def test_rates_are_read_as_they_were_written(tmp_path):
    write_rates(tmp_path / "rates.json", OLD)
    assert read_rates(tmp_path / "rates.json") == OLD


def test_without_a_file_there_are_none(tmp_path):
    assert read_rates(tmp_path / "rates.json") is None


@pytest.mark.parametrize("content", ["{", "[]", '{"cpu": {"machine": "a", "speed": 1}}'])
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "rates.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=rf"(?s){path} holds no rates.*--measure"):
        read_rates(path)


def test_newer_rates_of_a_machine_go_before_older_ones_kind_by_kind():
    cpu = DeviceRates(machine="a", network_flop_per_s={"signl": 5.0})
    joined = OLD.joined(Rates(decoded_audio_hours_per_cpu_hour=7.0, cpu=cpu))
    assert joined.decoded_audio_hours_per_cpu_hour == 7.0
    assert joined.cpu.network_flop_per_s == {"signl": 5.0, "lcnn": 2.0}
    assert joined.gpu == OLD.gpu


def test_rates_of_another_machine_take_the_place_of_the_older_ones():
    cpu = DeviceRates(machine="b", network_flop_per_s={"signl": 5.0})
    assert OLD.joined(Rates(cpu=cpu)).cpu == cpu

"""Networks of one's own, tried on a batch: a sound one passes, and each fault is named."""

import sys

import pytest
import torch
from own_networks import FAULTS, write_module
from table_corpora import config_of

from signl.errors import ConfigError
from signl.experiment import Experiment
from signl.models.own_code import FOLDERS
from signl.own_network_checks import check_own_networks


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """Return a function that gives an experiment with the network of a module."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv(FOLDERS, str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def of(name, **options):
        monkeypatch.delitem(sys.modules, name, raising=False)
        (tmp_path / "mine.csv").write_text("path,label\na.wav,bonafide\n")
        (tmp_path / "recordings").mkdir(exist_ok=True)
        config = config_of({"kind": "table", "table": "mine.csv", "audio": "recordings"})
        config["recipes"]["pool"] |= {
            "model": {"kind": f"{name}:Options", **options},
            "finetuning": {"epochs": 1, "batch_size": 4, "learning_rate": 0.1},
        }
        return Experiment(config)

    return of


def test_a_sound_network_passes_and_draws_nothing(experiment, tmp_path):
    write_module(tmp_path, "sound_network")
    state = torch.get_rng_state()
    check_own_networks(experiment("sound_network", channels=3))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_recipe(experiment, tmp_path, fault):
    name = f"network_{fault}"
    write_module(tmp_path, name, fault=fault)
    wanted = experiment(name)
    with pytest.raises(ConfigError, match=FAULTS[fault][2]) as refused:
        check_own_networks(wanted)
    assert "recipes.pool.model" in str(refused.value)


def test_its_options_are_typed(experiment, tmp_path):
    write_module(tmp_path, "typed_network")
    with pytest.raises(ConfigError, match=r"recipes.pool.model.channels is 0; allowed is at least"):
        experiment("typed_network", channels=0)
    with pytest.raises(ConfigError, match=r"is no key; known are .*'channels'"):
        experiment("typed_network", chans=3)


def test_a_module_that_is_not_there_is_refused(experiment, tmp_path):
    with pytest.raises(ConfigError, match=rf"absent_network cannot be imported.*{tmp_path}"):
        experiment("absent_network")

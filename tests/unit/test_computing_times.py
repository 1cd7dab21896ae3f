"""Times of crops and clips: passes counted by hand, reading beside computing."""

import pytest
import yaml

from signl.computing_times import FORWARDS, ComputingTimes, Passes
from signl.costs import Costs
from signl.experiment import Experiment
from signl.speeds import FLOP, Speeds

SPEEDS = Speeds()


@pytest.fixture(scope="module")
def paper(repository):
    config = yaml.safe_load((repository / "config.paper.yaml").read_text("utf-8"))
    recipes = config["recipes"]
    recipes["signl-lora"] = recipes["signl-xlsr"] | {"trainable_frontend": {"kind": "lora"}}
    recipes["given"] = {"frontend": "xls-r-300m", "classifier": "somewhere"}
    experiment = Experiment(config)
    return ComputingTimes(experiment, SPEEDS, Costs(experiment))


@pytest.mark.parametrize(
    ("recipe", "passes"),
    [
        ("signl-xlsr-frozen", Passes(3, 3)),
        ("signl-xlsr", Passes(4, 3)),
        ("signl-lora", Passes(3, 3)),
        ("signl-xlsr-frozen-encoder", FORWARDS),
        ("mean-xlsr", FORWARDS),
    ],
)
def test_passes_of_a_training(paper, recipe, passes):
    options = paper.experiment.finetuning_options(recipe, "cfad").finetuning
    assert paper.passes_of(recipe, options) == passes


def test_crops_of_features_take_the_network_alone(paper):
    crop = paper.costs.of_network("signl-xlsr-frozen").multiply_adds
    times = paper.of_crops("signl-xlsr-frozen", "", 1e6, Passes(3, 3))
    assert times.gpu_h == pytest.approx(3e6 * FLOP * crop / SPEEDS.network_flop_per_gpu_s / 3600)
    assert times.cpu_h == pytest.approx(8 * times.gpu_h)


def test_a_trained_front_end_computes_all_layers_whatever_state_is_read(paper):
    frontend = paper.experiment.config.frontends["xls-r-300m"]
    lower = frontend.model_copy(update={"layer": 5})
    costs = [paper.costs.of_frontend(each) for each in (frontend, lower, lower.whole())]
    # Of a frozen one, six of 24 layers.
    assert costs[1].multiply_adds < 0.5 * costs[0].multiply_adds
    assert costs[2] == costs[0]


def test_reading_bounds_what_a_gpu_does(paper):
    # The mean frame computes nothing; seven processes read.
    times = paper.of_crops("mean-xlsr", "", 7e6, FORWARDS)
    assert times.gpu_h == pytest.approx(1e6 / SPEEDS.crops_per_s / 3600)


def test_what_is_given_is_read(paper):
    times = paper.of_crops("given", "", 7e6, FORWARDS)
    assert times.gpu_h == pytest.approx(1e6 / SPEEDS.crops_per_s / 3600)


def test_a_spectral_front_end_takes_no_gpu(paper):
    times = paper.of_extraction(paper.experiment.config.frontends["lfcc"], 1.0)
    assert times.gpu_h == 0.0
    assert times.cpu_h > SPEEDS.decoding_s(1.0) / 3600

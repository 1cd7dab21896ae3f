"""Multiply-adds against counts by hand, and against passes with content."""

import math

import pytest
import torch
import yaml
from torch import nn
from torch.nn import functional as F

from signl.costs import (
    Costs,
    count_multiply_adds,
    frontend_arithmetic,
    network_arithmetic,
    parameters_of,
)
from signl.experiment import Experiment
from signl.features.frontends import frontend_options
from signl.features.speech_model.embedded import DEMO_FRONTEND, DemoFrontendOptions
from signl.models.networks import NETWORKS
from signl.models.xvector.options import XVectorOptions


def test_a_small_network_counted_by_hand():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False),  # 8 x 6 x 5 outputs of 3 x 3 x 3 products
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8 * 6 * 5, 7),
    )
    by_hand = 8 * 6 * 5 * 3 * 3 * 3 + 8 * 6 * 5 * 7
    assert count_multiply_adds(network, torch.zeros(1, 3, 6, 5)) == by_hand
    assert parameters_of(network) == 8 * 3 * 3 * 3 + 8 * 6 * 5 * 7 + 7


def test_attention_counted_by_hand():
    # Four heads of five queries and seven keys of width three, and the values.
    def attend(query):
        keys = torch.zeros(1, 4, 7, 3)
        return F.scaled_dot_product_attention(query, keys, keys)

    assert count_multiply_adds(attend, torch.zeros(1, 4, 5, 3)) == 4 * 5 * 7 * 3 * 2


def test_a_real_transform_takes_half_the_products_of_a_complex_one():
    counted = count_multiply_adds(torch.fft.rfft, torch.zeros(10, 512))
    assert counted == pytest.approx(10 * 1.25 * 512 * math.log2(512))


@pytest.mark.parametrize(
    ("model", "parameters"),
    [("facebook/wav2vec2-xls-r-300m", 315_438_720), ("microsoft/wavlm-base", 94_371_712)],
)
def test_published_models_have_the_parameters_that_they_have(model, parameters):
    options = frontend_options({"kind": "wav2vec2", "model": model, "revision": "0" * 40})
    assert frontend_arithmetic(options).parameters == pytest.approx(parameters, rel=0.003)


def test_the_encoder_of_a_published_whisper():
    revision = {"revision": "0" * 40}
    options = frontend_options({"kind": "whisper", "model": "openai/whisper-tiny", **revision})
    cost = frontend_arithmetic(options)
    # Four layers: 4 products of the width for attention, 8 within; and the two convolutions.
    width, mels = 384, 80
    layers = 4 * 12 * width**2
    assert cost.parameters == pytest.approx(layers + 3 * width * (mels + width), rel=0.1)
    frames, second = 50, cost.multiply_adds
    convolutions = 2 * frames * 3 * mels * width + frames * 3 * width**2
    attention = 4 * frames * 2 * frames * options.clip_s * width
    assert second == pytest.approx(frames * layers + convolutions + attention, rel=0.03)


def test_a_front_end_costs_what_its_passes_cost():
    options = frontend_options({"kind": "wav2vec2", "model": DEMO_FRONTEND, "clip_s": 2.0})
    real = options.untrained(torch.device("cpu"))
    counted = count_multiply_adds(real, torch.zeros(1, 32_000))
    assert frontend_arithmetic(options) == (counted / 2.0, parameters_of(real))
    assert DemoFrontendOptions().described().num_hidden_layers == 2


def test_the_published_w2v_bert_is_counted():
    values = {"kind": "w2v_bert", "model": "facebook/w2v-bert-2.0", "revision": "0" * 40}
    cost = frontend_arithmetic(frontend_options(values))
    assert cost.parameters == pytest.approx(580.5e6, rel=0.01)


def test_a_network_costs_what_a_pass_with_content_costs():
    options = XVectorOptions()
    cost = network_arithmetic(options, 40, 100)
    network = options.build(40, 100).eval()
    crops = torch.zeros(1, 1, 40, 100)
    assert cost == (count_multiply_adds(network.embed, crops), parameters_of(network))


class _LooksAtContent(XVectorOptions):
    """A network whose way depends on what it reads."""

    def build(self, width, n_frames):
        network = super().build(width, n_frames)
        network.register_forward_pre_hook(_look)
        return network


def _look(_, given):
    float(given[0].sum())


def test_a_network_that_looks_at_its_content_is_counted_with_content():
    assert network_arithmetic(_LooksAtContent(), 40, 100) == network_arithmetic(
        XVectorOptions(), 40, 100
    )


def test_all_kinds_of_networks_are_counted_without_content(repository):
    counted = {}
    for name in ("config.paper.yaml", "config.strong.yaml"):
        experiment = Experiment(yaml.safe_load((repository / name).read_text("utf-8")))
        costs = Costs(experiment)
        for recipe, options in experiment.config.recipes.items():
            counted[options.model.kind] = costs.of_network(recipe)
    assert set(counted) == set(NETWORKS.names)
    assert all(cost.multiply_adds for cost in counted.values())


def test_a_recipe_that_is_given_has_no_network(repository):
    config = yaml.safe_load((repository / "config.yaml").read_text("utf-8"))
    config["recipes"]["given"] = {"frontend": "logmel", "classifier": "somewhere"}
    costs = Costs(Experiment(config))
    with pytest.raises(ValueError, match="given has no network"):
        costs.of_network("given")

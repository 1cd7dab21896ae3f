"""Recordings against their resynthesis: the loss, and what may be said of it."""

import math

import pytest
import torch

from signl.errors import ConfigError
from signl.objectives.objectives import OBJECTIVES, PROJECTION_OBJECTIVES, make_objective
from signl.objectives.resynthesis.options import ResynthesisObjectiveOptions
from signl.typed import build

FIRST = torch.tensor([[1.0, -5.0], [0.0, 2.0]])
SECOND = torch.tensor([[2.0, 0.0], [-1.0, 3.0]])
#: A recording, and a pseudo-spoof by the second of two methods.
CLASSES = torch.tensor([0, 2])


def make(**options):
    """Return the objective with weights that can be reckoned with."""
    objective = make_objective("resynthesis", 2, {"copies": "made", **options}, n_classes=3)
    layers = objective.objective
    with torch.no_grad():
        layers.is_recording.weight.copy_(torch.tensor([[1.0, -1.0]]))
        layers.method.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]))
        for layer in (layers.is_recording, layers.method):
            layer.bias.zero_()
    return objective


# The logits: behind the ReLU (1, 0), (0, 2) and (2, 0), (0, 3), of which the recordings' channel
# counts for a recording and the other against it.
DETECTION = sum(math.log1p(math.exp(-x)) for x in (1, 2, 2, 3)) / 4
METHODS = sum(math.log(math.exp(x) + 2) - x for x in (1, 2, 2, 3)) / 4


def test_the_loss_by_hand():
    found = make()(FIRST, SECOND, classes=CLASSES)
    terms = {name: term.item() for name, term in found.terms.items()}
    assert terms == pytest.approx({"detection": DETECTION, "methods": METHODS})
    assert found.loss.item() == pytest.approx(DETECTION + 0.5 * METHODS)


def test_the_weights_of_the_terms():
    found = make(detection=0.0, methods=2.0)(FIRST, SECOND, classes=CLASSES)
    assert found.loss.item() == pytest.approx(2 * METHODS)


@pytest.mark.parametrize("kind", ["alignment", "vicreg"])
def test_another_objective_is_added(kind):
    beside = make(beside={"kind": kind}, beside_weight=0.1)(FIRST, SECOND, classes=CLASSES)
    alone = make_objective(kind, 2, {})(FIRST, SECOND).loss.item()
    assert beside.terms["beside"].item() == pytest.approx(alone)
    assert beside.loss.item() == pytest.approx(DETECTION + 0.5 * METHODS + 0.1 * alone)


def test_what_stands_beside_sees_projections_alone():
    seen = {name: OBJECTIVES.options_of(name) for name in OBJECTIVES.names}
    allowed = [
        name
        for name, options in seen.items()
        if options.sees == "projections" and name != "resynthesis"
    ]
    assert PROJECTION_OBJECTIVES.names == allowed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"copies": "made", "detection": 0, "methods": 0}, "nothing would be learnt"),
        ({"copies": "made", "beside_weight": 2.0}, "allowed are both, or neither"),
        ({"copies": "made", "channel_views": True}, "nothing compares two views"),
        ({"copies": "made", "beside": {"kind": "moco"}}, "beside: .*moco.*known are .*vicreg"),
        ({}, "copies is missing"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        build(ResynthesisObjectiveOptions, options, "objective")


def test_it_needs_two_classes():
    with pytest.raises(ValueError, match="1 classes cannot be told apart"):
        make_objective("resynthesis", 2, {"copies": "made"}, n_classes=1)

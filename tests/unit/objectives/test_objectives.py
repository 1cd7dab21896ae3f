import math
from functools import partial

import pytest
import torch

from signl.errors import ConfigError
from signl.objectives.objectives import OBJECTIVES, make_objective

FIRST = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
SECOND = torch.tensor([[2.0, 2.0], [4.0, 3.0]])


def make(name, **options):
    torch.manual_seed(0)
    return make_objective(name, 2, options)


def random_views(batch=64, width=8):
    generator = torch.Generator().manual_seed(0)
    return (torch.randn(batch, width, generator=generator).requires_grad_() for _ in range(2))


#: Those in which the two views have parts of their own: one looks for the other.
ONE_WAY = {"cola", "moco"}


def seen(name):
    """What an objective sees besides the projections, by name."""
    sees = OBJECTIVES.options_of(name).sees
    if sees not in ("embeddings", "targets"):
        return {}
    generator = torch.Generator().manual_seed(1)
    return {
        sees: tuple(
            torch.randn(64, 12 if sees == "embeddings" else 8, generator=generator).relu()
            for _ in range(2)
        )
    }


def built(name, *, training=True):
    """Return an objective of width 8, which knows what it needs to know of a batch of 64."""
    if name != "resynthesis":
        return make_objective(name, 8, {}).train(training)
    options = {"copies": "made", "beside": {"kind": "vicreg"}}
    objective = make_objective(name, 8, options, n_classes=3).train(training)
    return partial(objective, classes=torch.arange(64) % 3)


def swapped(others):
    return {name: pair[::-1] for name, pair in others.items()}


def test_alignment_by_hand():
    # cosines: (1, 2)(2, 2) = 6 / sqrt(5 * 8); (3, 6)(4, 3) = 30 / sqrt(45 * 25)
    cosine = (6 / math.sqrt(40) + 30 / math.sqrt(1125)) / 2
    objective = make("alignment")(FIRST, SECOND)
    assert objective.loss.item() == pytest.approx(-cosine)
    assert objective.terms["cosine"].item() == pytest.approx(cosine)


def test_vicreg_by_hand():
    # differences are (-1, 0) and (-1, 3): mean square (1 + 0 + 1 + 9) / 4
    invariance = 11 / 4
    # variances over n - 1: (2, 8) and (2, 0.5); only the last deviation is below 1
    hinge = 1 - math.sqrt(0.5 + 1e-4)
    variance = (0 + hinge / 2) / 2
    # covariances over n - 1: 4 and 1; each stands twice off the diagonal, over width 2
    covariance = (2 * 4**2) / 2 + (2 * 1**2) / 2
    objective = make("vicreg")(FIRST, SECOND)
    terms = {name: term.item() for name, term in objective.terms.items()}
    assert terms == pytest.approx(
        {"invariance": invariance, "variance": variance, "covariance": covariance}
    )
    assert objective.loss.item() == pytest.approx(25 * invariance + 25 * variance + covariance)


def test_barlow_by_hand():
    first = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
    second = torch.tensor([[3.0, 1.0], [-3.0, 1.0], [3.0, 1.0], [-3.0, -3.0]])
    # Standardised: second's columns are (1, -1, 1, -1) and (1, 1, 1, -3) / sqrt(3).
    # C_11 = 1, C_12 = (1 - 1 + 1 + 3) / (4 sqrt 3), C_21 = 0, C_22 = (1 + 1 - 1 + 3) / (4 sqrt 3)
    invariance = (1 - 1 / math.sqrt(3)) ** 2
    redundancy = 1 / 3
    objective = make("barlow", epsilon=1e-12)(first, second)
    assert objective.terms["invariance"].item() == pytest.approx(invariance, rel=1e-5)
    assert objective.terms["redundancy"].item() == pytest.approx(redundancy, rel=1e-5)
    assert objective.loss.item() == pytest.approx(invariance + 5e-3 * redundancy, rel=1e-5)


def test_simsiam_by_hand():
    simsiam = make("simsiam")
    # A predictor that swaps the two channels.
    simsiam.objective.predictor = torch.nn.Linear(2, 2, bias=False)
    torch.nn.init.zeros_(simsiam.objective.predictor.weight)
    simsiam.objective.predictor.weight.data.copy_(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    # (2, 1)(2, 2) = 6 and (6, 3)(4, 3) = 33; the way back has the same products
    cosine = (6 / math.sqrt(40) + 33 / math.sqrt(1125)) / 2
    assert simsiam(FIRST, SECOND).loss.item() == pytest.approx(-cosine)


def test_simsiam_stops_the_gradient_of_its_targets():
    first, second = random_views()
    simsiam = make_objective("simsiam", 8, {})
    gradients = torch.autograd.grad(simsiam(first, second).loss, (first, second))
    predictor = simsiam.objective.predictor
    forth = torch.cosine_similarity(predictor(first), second.detach()).mean()
    back = torch.cosine_similarity(predictor(second), first.detach()).mean()
    expected = torch.autograd.grad(-(forth + back) / 2, (first, second))
    torch.testing.assert_close(gradients, expected)


@pytest.mark.parametrize(("options", "hidden"), [({}, 2), ({"hidden": 5}, 5)])
def test_the_predictor_is_trained_and_has_the_given_width(options, hidden):
    first, second = random_views()
    simsiam = make_objective("simsiam", 8, options)
    simsiam(first, second).loss.backward()
    shapes = [tuple(weight.shape) for weight in simsiam.parameters()]
    assert shapes == [(hidden, 8), (hidden,), (hidden,), (8, hidden), (8,)]
    assert all(weight.grad is not None for weight in simsiam.parameters())


@pytest.mark.parametrize("name", OBJECTIVES.names)
def test_gradients_flow_through_the_projections_of_the_network(name):
    first, second = random_views()
    built(name)(first, second, **seen(name)).loss.backward()
    assert first.grad.any()
    if OBJECTIVES.options_of(name).sees == "keys":
        assert second.grad is None
    else:
        assert second.grad.any()


@pytest.mark.parametrize("name", sorted(set(OBJECTIVES.names) - ONE_WAY))
def test_the_order_of_the_views_does_not_matter(name):
    first, second = random_views()
    objective = built(name, training=False)
    there = objective(first, second, **seen(name))
    back = objective(second, first, **swapped(seen(name)))
    assert there.loss.item() == pytest.approx(back.loss.item(), rel=1e-5)


@pytest.mark.parametrize("name", ["vicreg", "barlow"])
def test_a_constant_output_costs_more_than_a_spread_one(name):
    spread, _ = random_views(batch=512)
    constant = torch.ones_like(spread)
    objective = make_objective(name, 8, {})
    assert objective(constant, constant).loss > 2 * objective(spread, spread).loss


def test_a_constant_output_is_optimal_for_alignment():
    constant = torch.ones(4, 8)
    assert make("alignment")(constant, constant).loss.item() == pytest.approx(-1)


@pytest.mark.parametrize("name", OBJECTIVES.names)
def test_half_precision_is_computed_in_full(name):
    first, second = (view.detach().bfloat16() for view in random_views())
    others = {key: (one.bfloat16(), two.bfloat16()) for key, (one, two) in seen(name).items()}
    precise = {key: (one.float(), two.float()) for key, (one, two) in others.items()}
    objective = built(name, training=False)
    full = objective(first.float(), second.float(), **precise).loss
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = objective(first, second, **others).loss
    assert torch.equal(half, full)


@pytest.mark.parametrize("name", OBJECTIVES.names)
def test_terms_are_detached(name):
    first, second = random_views()
    terms = built(name)(first, second, **seen(name)).terms
    assert terms
    assert not any(term.requires_grad for term in terms.values())


def test_options_weigh_the_terms():
    objective = make("vicreg", invariance=0.0, variance=0.0, covariance=2.0)(FIRST, SECOND)
    assert objective.loss.item() == pytest.approx(2 * 17)


def test_unknown_objectives_and_options_are_refused():
    with pytest.raises(ConfigError, match="objective of kind 'swav'; known are"):
        make("swav")
    with pytest.raises(ConfigError, match=r"objective vicreg\.spread is no key; known are"):
        make("vicreg", spread=1.0)
    with pytest.raises(ConfigError, match=r"objective alignment\.epsilon is no key"):
        make("alignment", epsilon=1.0)


@pytest.mark.parametrize(
    ("first", "second"), [((1, 2), (1, 2)), ((4, 2), (4, 3)), ((4, 2), (3, 2)), ((4,), (4,))]
)
def test_unequal_or_single_projections_are_refused(first, second):
    with pytest.raises(ValueError, match="batch of 2 or more, got"):
        make("alignment")(torch.ones(first), torch.ones(second))

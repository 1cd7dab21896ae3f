import math

import pytest
import torch
from torch.nn import functional as F

from signl.objectives.acl.acl_loss import DIVISOR, angular_margin
from signl.objectives.objectives import make_objective


def at(*angles):
    """Vectors of several lengths at angles in a plane."""
    return torch.tensor([[k * math.cos(a), k * math.sin(a)] for k, a in enumerate(angles, 1)])


def test_the_angular_part_by_hand():
    # Two utterances at 0 and 0.9, their other views 0.1 and 0.2 further. Pairs of the two are
    # 0.9, 1.1, 0.8 and 1.0 apart, two of which lie beyond the margin.
    found = angular_margin(at(0.0, 0.9), at(0.1, 1.1), 0.95).item()
    lacking = (0.95 - 0.9) ** 2 + (0.95 - 0.8) ** 2
    assert found == pytest.approx(2 * (0.1**2 + 0.2**2) + 2 * lacking, rel=1e-4)


def test_equal_and_opposite_embeddings_have_finite_gradients():
    embeddings = torch.tensor([[1.0, 2.0], [-1.0, -2.0], [1.0, 2.0]]).requires_grad_()
    angular_margin(embeddings, embeddings, 0.5).backward()
    assert embeddings.grad.isfinite().all()


@pytest.fixture
def case(reference):
    """The fixture, and the embeddings of its two views."""
    fixture = reference("acl")
    drawn = fixture.normal("embeddings", 12, 16)
    drawn = torch.cat([drawn[:6], 0.8 * drawn[:6] + 0.3 * drawn[6:]])
    embeddings = (0.4 * drawn + 1).relu()
    fixture.assert_close(embeddings, "embeddings")
    return fixture, embeddings.requires_grad_()


def test_the_parts_and_a_gradient_are_those_of_the_published_code(case):
    fixture, embeddings = case
    first, second = embeddings[:6], embeddings[6:]
    angular = angular_margin(first, second, 0.5) / DIVISOR
    fixture.assert_close(angular, "angular")
    (gradient,) = torch.autograd.grad(angular, embeddings)
    fixture.assert_close(gradient, "grad_angular")
    acl = make_objective("acl", 16, {})
    projections = F.normalize(first), F.normalize(second)
    objective = acl(*projections, embeddings=(first, second))
    fixture.assert_close(objective.terms["contrastive"], "contrastive")
    # The published divisor is 25 at any batch; ours is so at a batch of 128.
    angular = objective.terms["angular"] * (6 / 128)
    fixture.assert_close(angular, "angular")
    fixture.assert_close(0.3 * objective.terms["contrastive"] + 0.7 * angular, "combined")


def test_the_loss_is_the_weighted_sum_of_its_parts():
    torch.manual_seed(0)
    projections, embeddings = torch.randn(2, 4, 6), torch.randn(2, 4, 9)
    objective = make_objective("acl", 6, {"alpha": 0.8})(*projections, embeddings=(*embeddings,))
    expected = 0.8 * objective.terms["contrastive"] + 0.2 * objective.terms["angular"]
    torch.testing.assert_close(objective.loss, expected)


def test_at_the_batch_of_the_authors_the_divisor_is_theirs():
    torch.manual_seed(0)
    first, second = torch.randn(2, 128, 6)
    acl = make_objective("acl", 6, {})
    found = acl(first, second, embeddings=(first, second)).terms["angular"]
    torch.testing.assert_close(found, angular_margin(first, second, 0.5) / DIVISOR)

import pytest
import torch
from torch import nn

from signl.objectives.momentum import MomentumTarget


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def trained(moves, steps):
    """A network after some steps, its target, and the weights before each step and at the end."""
    online = network()
    target = MomentumTarget(online, 0.75, moves=moves)
    optimiser = torch.optim.SGD(online.parameters(), lr=0.1)
    target.follow(online, optimiser)
    weights = [online[0].weight.detach().clone()]
    for _ in range(steps):
        optimiser.zero_grad()
        online(torch.randn(5, 3)).square()[:, 0].sum().backward()
        optimiser.step()
        weights.append(online[0].weight.detach().clone())
    return online, target, weights


@pytest.mark.parametrize(("moves", "followed"), [("before_step", [0, 1]), ("after_step", [1, 2])])
def test_it_follows_the_weights_before_or_after_each_step(moves, followed):
    _, target, weights = trained(moves, 2)
    expected = weights[0]
    for number in followed:
        expected = 0.75 * expected + 0.25 * weights[number]
    torch.testing.assert_close(target.copied[0].weight, expected)


def test_buffers_are_its_own():
    online, target, _ = trained("after_step", 3)
    assert online[1].running_mean.any()
    assert not target.copied[1].running_mean.any()
    target.copied(torch.randn(5, 3))
    assert target.copied[1].num_batches_tracked == 1
    assert online[1].num_batches_tracked == 3


def test_it_is_a_copy_and_asks_for_no_gradient():
    online = network()
    target = MomentumTarget(online, 0.5, moves="after_step")
    assert not any(weight.requires_grad for weight in target.parameters())
    assert all(weight.requires_grad for weight in online.parameters())
    before = target.copied[0].weight.clone()
    with torch.no_grad():
        online[0].weight.add_(1)
    assert torch.equal(target.copied[0].weight, before)


def test_a_copy_of_what_did_not_move_stays_as_it_is():
    online = network()
    target = MomentumTarget(online, 0.999, moves="after_step")
    target.move(online)
    assert torch.equal(target.copied[0].weight, online[0].weight)

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from signl.objectives.moco.options import MoCoOptions
from signl.objectives.objectives import make_objective


def moco(queue, **options):
    torch.manual_seed(0)
    return make_objective("moco", 2, {"queue": queue, **options}).objective


EAST, NORTH, WEST = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])


def test_the_loss_by_hand():
    objective = moco(2, temperature=0.5).eval()
    objective.queue.copy_(torch.stack([NORTH, WEST], dim=1))
    queries, keys = torch.stack([3 * EAST, NORTH]), torch.stack([2 * EAST, EAST])
    # Cosines with key and queue: 1, (0, -1); and 0, (1, 0).
    rows = [(1, [1, 0, -1]), (0, [0, 1, 0])]
    expected = [
        -math.log(math.exp(2 * own) / sum(math.exp(2 * each) for each in every))
        for own, every in rows
    ]
    result = objective(queries, keys)
    assert result.loss.item() == pytest.approx(sum(expected) / 2)
    assert result.terms["accuracy"].item() == 0.5


def test_keys_take_the_places_of_the_oldest_around_the_end():
    objective = moco(5).train()
    views = torch.randn(4, 3, 2)
    for keys in views:
        objective(keys, keys)
    unit = F.normalize(views.flatten(0, 1))
    # Twelve keys in five places: the last five, of which the twelfth lies in the second place.
    expected = torch.stack([unit[10], unit[11], unit[7], unit[8], unit[9]], dim=1)
    torch.testing.assert_close(objective.queue, expected)
    assert objective.queue_ptr.tolist() == [2]


def test_evaluation_leaves_the_queue_as_it_is():
    objective = moco(8).eval()
    before = objective.queue.clone()
    objective(*torch.randn(2, 3, 2))
    assert torch.equal(objective.queue, before)
    assert objective.queue_ptr.tolist() == [0]


def test_the_queue_starts_with_random_unit_vectors():
    queue = moco(100).queue
    torch.testing.assert_close(queue.norm(dim=0), torch.ones(100))
    assert queue.mean(dim=1).abs().max() < 0.2


def test_a_batch_that_the_queue_does_not_hold_is_refused():
    with pytest.raises(ValueError, match="queue of 2 keys does not hold a batch of 3"):
        moco(2).train()(*torch.randn(2, 3, 2))


class Encoder(nn.Module):
    """The toy encoder of the fixture."""

    def __init__(self):
        super().__init__()
        self.body, self.bn = nn.Linear(24, 16), nn.BatchNorm1d(16)
        self.fc = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 12))

    def forward(self, inputs):
        return self.fc(F.relu(self.bn(self.body(inputs))))


def test_a_step_is_that_of_the_published_code(reference):
    fixture = reference("moco")
    queries = fixture.normal("query", 8, 24)
    inputs = 0.5 * fixture.normal("key", 8, 24) + 0.5 * queries
    online = Encoder()
    options = MoCoOptions(queue=32, momentum=0.9)
    target = options.target(online)
    online.load_state_dict(fixture.state("encoder_q."))
    target.copied.load_state_dict(fixture.state("encoder_k."))
    objective = options.build(12).train()
    objective.objective.queue.copy_(F.normalize(fixture.normal("queue", 12, 32), dim=0))
    objective.objective.queue_ptr.fill_(24)
    fixture.assert_close(objective.objective.queue, "queue_before")
    # The end of the step before: in the published code the beginning of this one.
    target.move(online)
    fixture.assert_close(target.copied.fc[2].weight, "key_fc_after")
    keys, found = target.copied(inputs), online(queries)
    fixture.assert_close(F.normalize(keys), "keys")
    unit = F.normalize(found), F.normalize(keys)
    fixture.assert_close(objective.objective.logits(*unit), "logits")
    loss = objective(found, keys).loss
    fixture.assert_close(loss, "loss")
    loss.backward()
    fixture.assert_close(online.fc[2].weight.grad, "grad_fc")
    fixture.assert_close(objective.objective.queue, "queue_after")
    assert objective.objective.queue_ptr.tolist() == fixture.expected["queue_ptr_after"].tolist()

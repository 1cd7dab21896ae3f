"""P2SGrad against outputs and gradients of the published code."""

import torch
from baseline_fixtures import assert_all_close, read_fixture

from signl.models.published_heads import CosineHead
from signl.models.strict_loading import load_strictly


def test_cosines_loss_and_gradients_agree(shared):
    fixture = read_fixture(shared, "p2sgrad")
    head = CosineHead(64)
    load_strictly(head, fixture.state(), source="p2sgrad")
    embedding = fixture.normal("embedding", 8, 64).requires_grad_()
    cosines = head(embedding)
    labels = torch.tensor([0, 1, 0, 0, 1, 0, 1, 0])
    loss = head.loss(cosines, labels, torch.tensor([0.1, 0.9]))
    loss.backward()
    found = {
        "cosine": cosines,
        "loss": loss,
        "grad_embedding": embedding.grad,
        "grad_weight": head.weight.grad,
    }
    assert_all_close(found, fixture.expected)
    assert torch.equal(head.score(cosines), cosines[:, 1])

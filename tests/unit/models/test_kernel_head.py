import numpy as np
import pytest
import torch
from sklearn.svm import SVC

from signl.models.head_kinds import build_head
from signl.models.kernel_head import KernelHead


@pytest.fixture
def machine():
    """A machine of scikit-learn, the head of it, and embeddings that it has not seen."""
    rng = np.random.default_rng(0)
    embeddings, classes = 1e3 + 50 * rng.standard_normal((80, 7)), rng.random(80) < 0.3
    mean, scale = embeddings.mean(axis=0), 1 / embeddings.std(axis=0)
    machine = SVC(C=2, gamma=0.3, class_weight="balanced")
    machine.fit((embeddings - mean) * scale, classes)
    head = KernelHead.of(
        mean=mean,
        scale=scale,
        vectors=machine.support_vectors_,
        weights=machine.dual_coef_[0],
        offset=machine.intercept_[0],
        gamma=0.3,
    )
    others = 1e3 + 50 * rng.standard_normal((30, 7))
    return machine, head, others, machine.decision_function((others - mean) * scale)


def test_scores_are_the_decision_function(machine):
    _, head, others, expected = machine
    np.testing.assert_allclose(head.decide(others), expected, rtol=0, atol=1e-9)
    # As a network gives embeddings.
    outputs = head(torch.tensor(others, dtype=torch.float32))
    assert outputs.dtype == torch.float64
    np.testing.assert_allclose(head.score(outputs), expected, rtol=0, atol=1e-5)
    assert torch.equal(outputs[:, 0], -outputs[:, 1])


def test_half_precision_around_it_changes_nothing(machine):
    _, head, others, _ = machine
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = head(torch.tensor(others))
    assert torch.equal(outputs, head(torch.tensor(others)))


def test_it_is_built_again_without_memory_as_it_describes_itself(machine):
    fitted, head, others, _ = machine
    assert head.describe() == {"kind": "kernel", "vectors": len(fitted.support_vectors_)}
    with torch.device("meta"):
        again = build_head(7, **head.describe())
    again.load_state_dict(head.state_dict(), assign=True)
    np.testing.assert_array_equal(again.decide(others), head.decide(others))
    assert not list(head.parameters())

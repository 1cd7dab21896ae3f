import pytest
import torch
from torch import nn

from signl.errors import ArtefactError
from signl.models.strict_loading import load_strictly


def make_state(seed=1):
    torch.manual_seed(seed)
    return nn.BatchNorm1d(3).state_dict() | {"weight": torch.randn(3)}


def test_a_fitting_state_is_loaded():
    module, state = nn.BatchNorm1d(3), make_state()
    load_strictly(module, state, source="here")
    assert torch.equal(module.weight, state["weight"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": torch.ones(4)}, r"weight is float32 \[4\], expected float32 \[3\]"),
        ({"extra": torch.ones(1)}, "extra is unknown"),
        ({"bias": None}, "bias is missing"),
        ({"num_batches_tracked": torch.tensor(1.5)}, r"float32 \[\], expected int64 \[\]"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_nothing_is_loaded(change, message):
    module = nn.BatchNorm1d(3)
    state = {name: t for name, t in (make_state() | change).items() if t is not None}
    with pytest.raises(ArtefactError, match=f"^here does not fit the model: .*{message}"):
        load_strictly(module, state, source="here")
    assert torch.equal(module.weight, torch.ones(3))


def test_many_problems_are_counted():
    with pytest.raises(ArtefactError, match="and 2 more"):
        load_strictly(nn.Linear(1, 1), dict.fromkeys("abcde", torch.ones(1)), source="here")

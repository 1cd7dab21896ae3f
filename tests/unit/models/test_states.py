import pytest
import torch

from signl.models.network import to_picture
from signl.models.state_options import StatesOptions
from signl.models.states import StatesNetwork


def test_states_are_taken_as_they_lie_side_by_side():
    states = torch.randn(3, 2, 5, 4)  # (state, batch, frame, channel)
    crops = to_picture(torch.cat(list(states), dim=-1))
    network = StatesNetwork(12, 5, StatesOptions(kind="of tests", states=3))
    assert torch.equal(network.states_of(crops), states.transpose(0, 1))
    assert network.state_width == 4


def test_a_width_that_is_no_multiple_is_refused():
    options = StatesOptions(kind="of tests", states=5)
    message = "a frame of the front-end has 12 channels, which model.states, 5, does not divide"
    with pytest.raises(ValueError, match=message):
        options.check(width=12, n_frames=5)
    with pytest.raises(ValueError, match=message):
        StatesNetwork(12, 5, options)

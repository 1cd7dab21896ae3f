import pytest
import torch
from torch.nn import functional as F

from signl.models.sls.options import SlsOptions

STATES, WIDTH, N_FRAMES = 3, 21, 10


@pytest.fixture
def network():
    torch.manual_seed(8)
    return SlsOptions(states=STATES, channels=5).build(WIDTH, N_FRAMES).eval()


@pytest.fixture
def crops():
    return torch.randn(2, 1, WIDTH, N_FRAMES, generator=torch.Generator().manual_seed(9))


@torch.no_grad()
def test_a_gate_follows_from_the_mean_frame_of_its_state(network, crops):
    gates = network.gates_of(network.states_of(crops))
    for state in range(STATES):
        mean = crops[:, 0, 7 * state : 7 * (state + 1)].mean(dim=-1)
        expected = (mean @ network.fc0.weight[0] + network.fc0.bias).sigmoid()
        torch.testing.assert_close(gates[:, state], expected)


@torch.no_grad()
def test_open_gates_give_the_sum_of_the_states(network, crops):
    network.fc0.weight.zero_()
    network.fc0.bias.fill_(100.0)
    fused = crops[:, 0].reshape(2, STATES, 7, N_FRAMES).sum(dim=1).mT.unsqueeze(1)
    pooled = F.max_pool2d(F.selu(network.first_bn(fused)), 3)
    assert pooled.shape == (2, 1, 3, 2)
    torch.testing.assert_close(network.embed(crops), F.selu(network.fc1(pooled.flatten(1))))


@pytest.mark.parametrize(("width", "n_frames"), [(6, 10), (21, 2)])
def test_pictures_too_small_to_be_pooled_are_refused(width, n_frames):
    message = f"there are {n_frames} frames of {width // STATES} channels a state; allowed are"
    with pytest.raises(ValueError, match=message):
        SlsOptions(states=STATES).check(width=width, n_frames=n_frames)


def test_a_width_that_is_no_multiple_is_refused():
    with pytest.raises(ValueError, match=r"1024 channels, which model.states, 24, does not divide"):
        SlsOptions().check(width=1024, n_frames=201)

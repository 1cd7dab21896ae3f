import pytest
import torch

from signl.models.mhfa.options import MhfaOptions

STATES, WIDTH, N_FRAMES = 3, 12, 7


@pytest.fixture
def network():
    torch.manual_seed(6)
    return MhfaOptions(states=STATES, heads=2, compression=4, channels=5).build(WIDTH, N_FRAMES)


@pytest.fixture
def crops():
    return torch.randn(2, 1, WIDTH, N_FRAMES, generator=torch.Generator().manual_seed(7))


@torch.no_grad()
def test_what_frames_weigh_is_one_in_every_head(network, crops):
    weights, values = network.attend(crops)
    assert weights.shape == (2, N_FRAMES, 2)
    assert values.shape == (2, N_FRAMES, 4)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2, 2))


@torch.no_grad()
def test_the_order_of_the_frames_does_not_matter(network, crops):
    torch.testing.assert_close(network.embed(crops.flip(-1)), network.embed(crops))


@torch.no_grad()
def test_keys_and_values_have_states_of_their_own(network, crops):
    network.weights_k.copy_(torch.tensor([100.0, 0.0, 0.0]))
    network.weights_v.copy_(torch.tensor([0.0, 100.0, 0.0]))
    before, changed = network.attend(crops), []
    for state in range(STATES):
        other = crops.clone()
        other[:, :, 4 * state : 4 * (state + 1)] += torch.randn(N_FRAMES)
        after = network.attend(other)
        changed.append([not torch.equal(*pair) for pair in zip(before, after, strict=True)])
    assert changed == [[True, False], [False, True], [False, False]]


@torch.no_grad()
def test_frames_that_weigh_the_same_give_the_mean(network, crops):
    network.att_head.weight.zero_()
    mean = network.attend(crops).values.mean(dim=1)
    expected = network.pooling_fc(torch.cat([mean, mean], dim=-1))
    torch.testing.assert_close(network.embed(crops), expected)


def test_the_gradient_of_the_frames_is_scaled_and_nothing_else(network, crops):
    of_frames, of_weights, embeddings = [], [], []
    for scale in (0.1, 1.0, 0.0):
        config = network.config.model_copy(update={"gradient_scale": scale})
        other = config.build(WIDTH, N_FRAMES)
        other.load_state_dict(network.state_dict())
        frames = crops.clone().requires_grad_()
        embeddings.append(other.embed(frames))
        embeddings[-1].square().sum().backward()
        of_frames.append(frames.grad)
        of_weights.append(other.weights_k.grad)
    torch.testing.assert_close(of_frames[0], 0.1 * of_frames[1])
    assert not of_frames[2].any()
    for values in (of_weights, embeddings):
        assert all(torch.equal(values[0], each) for each in values[1:])


def test_the_published_size():
    with torch.device("meta"):
        network = MhfaOptions().build(25 * 1024, 201)
    assert sum(weight.numel() for weight in network.parameters()) == 1_315_410

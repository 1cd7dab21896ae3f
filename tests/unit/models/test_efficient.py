import pytest
import torch
from torchvision.models import efficientnet_b0

from signl.models.efficientnet_b0.options import EfficientNetB0Options


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return EfficientNetB0Options(pooling="mean").build(64, 98).eval()


@torch.no_grad()
def test_it_is_the_published_network_on_three_equal_channels(network):
    published = efficientnet_b0().eval()
    published.classifier = torch.nn.Identity()
    state = network.state_dict()
    state["features.0.0.weight"] = state["features.0.0.weight"].repeat(1, 3, 1, 1) / 3
    published.load_state_dict(state)
    pictures = torch.randn(2, 1, 64, 98)
    torch.testing.assert_close(
        network.embed(pictures), published(pictures.repeat(1, 3, 1, 1)), rtol=1e-4, atol=1e-5
    )


@torch.no_grad()
def test_the_maximum_of_the_maps_is_taken_by_default(network):
    largest = EfficientNetB0Options().build(64, 98).eval()
    largest.load_state_dict(network.state_dict())
    pictures = torch.randn(1, 1, 64, 98)
    maps = network.features(pictures)
    assert torch.equal(largest.embed(pictures), maps.amax(dim=(2, 3)))


def test_its_size_is_that_of_the_definition(network):
    counters = [each for each in network.buffers() if not each.ndim]
    numbers = sum(each.numel() for each in (*network.parameters(), *network.buffers()))
    # Keras counts running statistics too, and mean, variance and counter of its input.
    assert numbers - len(counters) == 4_048_991 - 3


def test_without_stochastic_depth_no_block_is_left_out():
    still = EfficientNetB0Options(stochastic_depth=0.0).build(32, 32).train()
    for module in still.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
    pictures = torch.randn(2, 1, 32, 32)
    assert torch.equal(still.embed(pictures), still.embed(pictures))

import pytest
import torch
from baseline_fixtures import read_fixture
from torchvision.models import efficientnet_b0

from signl.features.frontends import frontend_options
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


def torchvision_name(published):
    """A weight's name in torchvision, of its name in Keras."""
    layer, _, kind = published.rpartition(".")
    whole = {"stem_conv": "0.0", "stem_bn": "0.1", "top_conv": "8.0", "top_bn": "8.1"}
    if layer in whole:
        return f"features.{whole[layer]}.{kind}"
    block, _, part = layer.partition("_")
    stage, number = int(block[5]), "abcd".index(block[6])
    # The blocks of the first stage do not expand.
    parts = ["expand", "dw", "se", "project"][stage == 1 :]
    name = "dw" if part in ("dwconv", "bn") else part.partition("_")[0]
    of_convolution = "1" if part.endswith("bn") else "0"
    inner = {"se_reduce": "fc1", "se_expand": "fc2"}.get(part, of_convolution)
    return f"features.{stage}.{number}.block.{parts.index(name)}.{inner}.{kind}"


@pytest.fixture
def published(shared):
    """The fixture of COLA's encoder, and our network with its weights."""
    fixture = read_fixture(shared, "cola_encoder")
    network = EfficientNetB0Options(form="keras").build(64, 98).eval()
    # Ours is a picture of bands by frames, theirs one of frames by bands.
    state = {
        torchvision_name(key): weight.mT if weight.ndim == 4 else weight
        for key, weight in fixture.state().items()
    }
    counters = {key: each for key, each in network.state_dict().items() if not each.ndim}
    network.load_state_dict(state | counters)
    return fixture, network


@torch.no_grad()
def test_the_encoder_of_cola_agrees_from_the_waveform_on(published):
    fixture, network = published
    options = frontend_options({"kind": "logmel", "variant": "cola", "clip_s": 1.0})
    log_mels = options.build(torch.device("cpu"))(fixture.waveforms())
    assert log_mels.shape == (2, 98, 64)
    fixture.assert_close(log_mels[:, ::4], "logmel")
    maps, found = log_mels.mT[:, None] / 255, {}
    for stage, layer in enumerate(network.features):
        for letter, block in zip("abcd", layer if 1 <= stage <= 7 else [layer], strict=False):
            maps = block(maps)
            found[f"{stage}{letter}"] = maps.mT
    fixture.assert_close(found["0a"][:, ::8, ::6, ::4], "stem")
    fixture.assert_close(found["1a"][:, ::4, ::6, ::4], "block1a")
    fixture.assert_close(found["2b"][:, ::4, ::4, ::2], "block2b")
    fixture.assert_close(found["3a"][:, ::8, ::2, ::2], "block3a")
    fixture.assert_close(found["4c"][:, ::16, ::2], "block4c")
    fixture.assert_close(found["6d"][:, ::32], "block6d")
    fixture.assert_close(found["8a"][:, ::128], "top")
    fixture.assert_close(network.embed(log_mels.mT[:, None]), "pooled")


@torch.no_grad()
def test_sides_are_padded_as_if_they_were_even():
    """Of 49 frames a convolution as of Keras on the true length would leave 25."""
    network = EfficientNetB0Options(form="keras").build(64, 98).eval()
    assert network.features[:2](torch.zeros(1, 1, 64, 98)).shape[-1] == 49
    assert network.features[:3](torch.zeros(1, 1, 64, 98)).shape[-1] == 24

"""SIGNL on frames whose neighbouring channels are not alike."""

import pytest
import torch

from signl.models.signl.frame_projection import FrameProjection
from signl.models.signl.graph_encoder import GraphEncoder
from signl.models.signl.options import SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder
from signl.models.signl.stem import Stem

SIZES = {"nodes": 4, "channels": 8, "neighbours": 2, "layers": 2}


@pytest.fixture
def frames():
    """Channels of unlike sizes about unlike values, (batch, 1, width, frame)."""
    generator = torch.Generator().manual_seed(0)
    sizes = torch.logspace(-1, 2, 12)[:, None]
    return 5 + sizes * torch.randn(6, 1, 12, 20, generator=generator)


def test_it_is_a_linear_layer_of_standardised_channels(frames):
    torch.manual_seed(0)
    projection = FrameProjection(12, 5)
    mean = frames.mean(dim=(0, 1, 3), keepdim=True)
    deviation = frames.std(dim=(0, 1, 3), keepdim=True, correction=0)
    expected = torch.einsum("bocf,pc->bopf", (frames - mean) / deviation, projection.linear.weight)
    expected += projection.linear.bias[:, None]
    torch.testing.assert_close(projection(frames), expected, rtol=1e-3, atol=1e-3)


def test_the_network_reads_the_projection_in_place_of_the_frames(frames):
    torch.manual_seed(0)
    network = SpectralTemporalEncoder(12, 20, SignlOptions(**SIZES, projection=16)).train()
    network(frames)  # moves the running statistics
    network.eval()
    plain = SpectralTemporalEncoder(16, 20, SignlOptions(**SIZES)).eval()
    weights = network.state_dict()
    plain.load_state_dict(
        {name: each for name, each in weights.items() if not name.startswith("projection.")}
    )
    torch.testing.assert_close(network.embed(frames), plain.embed(network.projection(frames)))


def test_without_one_the_weights_are_those_of_its_parts_in_turn():
    torch.manual_seed(0)
    found = SpectralTemporalEncoder(16, 20, SignlOptions(**SIZES)).state_dict()
    torch.manual_seed(0)
    parts = {
        "stem": Stem(16, 20, nodes=4, channels=8),
        "spectral": GraphEncoder(32, layers=2),
        "temporal": GraphEncoder(32, layers=2),
    }
    expected = {
        f"{name}.{key}": value
        for name, part in parts.items()
        for key, value in part.state_dict().items()
    }
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert "projection" not in SignlOptions(**SIZES).dump_given()


def test_how_large_a_channel_is_changes_nothing(frames):
    torch.manual_seed(0)
    projection = FrameProjection(12, 5)
    larger = frames.clone()
    larger[:, :, 3] *= 1000
    torch.testing.assert_close(projection(larger), projection(frames), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("shape", [(2, 1, 13, 20), (2, 2, 12, 20), (2, 12, 20)])
def test_a_picture_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"must have shape \(batch, 1, 12, frame\)"):
        FrameProjection(12, 5)(torch.zeros(shape))

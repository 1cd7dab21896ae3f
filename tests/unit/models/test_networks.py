"""What every network in the registry has in common."""

import pytest
import torch

from signl.models.network import to_picture
from signl.models.networks import NETWORKS

SMALL = {
    "signl": {"nodes": 4, "channels": 8, "neighbours": 2, "layers": 2},
    "lcnn": {"projection": 16},
    "mhfa": {"states": 3, "heads": 2, "compression": 4, "channels": 6},
    "sls": {"states": 3, "channels": 6},
    "nes2net_x": {"groups": 2, "scale": 3},
}
WIDTH, N_FRAMES = 12, 16


@pytest.fixture(params=NETWORKS.names)
def options(request):
    return NETWORKS.build({"kind": request.param, **SMALL.get(request.param, {})})


def test_a_network_embeds_crops_of_the_length_that_it_says(options):
    options.check(width=WIDTH, n_frames=N_FRAMES)
    network = options.build(WIDTH, N_FRAMES).eval()
    assert network.config == options
    assert network.reads == options.reads == "frames"
    crops = to_picture(torch.randn(3, network.crop_length, WIDTH))
    assert network.embed(crops).shape == (3, network.embedding_width)


def test_a_network_is_built_again_as_it_describes_itself(options):
    network = options.build(WIDTH, N_FRAMES)
    described = network.describe()
    again = NETWORKS.build(described["network"]).build(described["width"], described["n_frames"])
    assert again.form() == network.form()
    shapes = {name: weight.shape for name, weight in network.state_dict().items()}
    assert {name: weight.shape for name, weight in again.state_dict().items()} == shapes


def test_weights_and_the_word_of_the_options_agree(options):
    network = options.build(WIDTH, N_FRAMES)
    assert any(True for _ in network.parameters()) == options.has_weights

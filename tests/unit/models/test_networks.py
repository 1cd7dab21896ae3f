"""What every network in the registry has in common."""

import pytest
import torch

from signl import stages
from signl.artefacts import MadeBy
from signl.models.network import to_picture
from signl.models.networks import NETWORKS
from signl.models.saving import load_encoder, save_model

SMALL = {
    "signl": {"nodes": 4, "channels": 8, "neighbours": 2, "layers": 2},
    "audio_ntt": {"embedding": 16},
    "xvector": {"channels": 8, "last_channels": 12, "embedding": 6},
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


def test_a_saved_network_embeds_as_before(options, tmp_path):
    torch.manual_seed(0)
    network = options.build(WIDTH, N_FRAMES).eval()
    stage = stages.PRETRAINING
    made_by = MadeBy(stage=stage.rule, revision=stage.revision, options={})
    paths = tmp_path / "model.safetensors", tmp_path / "config.json"
    save_model(*paths, network, made_by=made_by, card={"corpus": "cfad"})
    pictures = torch.randn(2, 1, WIDTH, N_FRAMES)
    loaded = load_encoder(*paths).module
    assert torch.equal(loaded.embed(pictures), network.embed(pictures))


def test_gradients_reach_all_weights(options):
    torch.manual_seed(0)
    network = options.build(WIDTH, N_FRAMES).train()
    embeddings = network.embed(torch.randn(4, 1, WIDTH, N_FRAMES))
    if options.has_weights:
        # Not the sum, which batch normalisation at the end would make a constant.
        (embeddings * torch.randn_like(embeddings)).sum().backward()
    assert all(weight.grad is not None for weight in network.parameters())

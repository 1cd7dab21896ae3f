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
    "lcnn": {"projection": 16},
    "mhfa": {"states": 3, "heads": 2, "compression": 4, "channels": 6},
    "sls": {"states": 3, "channels": 6},
    "nes2net_x": {"groups": 2, "scale": 3},
    "aasist": {"filters": 9, "channels": [8, 6], "gat_dims": [8, 6]},
    "aasist_frames": {"projected": 12, "channels": [8, 6], "gat_dims": [8, 6]},
    "audio_ntt": {"embedding": 16},
    "xvector": {"channels": 8, "last_channels": 12, "embedding": 6},
}
WIDTH, N_FRAMES, N_SAMPLES = 12, 16, 800


@pytest.fixture(params=NETWORKS.names)
def options(request):
    return NETWORKS.build({"kind": request.param, **SMALL.get(request.param, {})})


@pytest.fixture
def network(options):
    torch.manual_seed(0)
    width, length = (1, N_SAMPLES) if options.reads == "audio" else (WIDTH, N_FRAMES)
    options.check(width=width, n_frames=length)
    return options.build(width, length)


def crops_for(network, n):
    if network.reads == "audio":
        return torch.randn(n, network.crop_length)
    return to_picture(torch.randn(n, network.crop_length, WIDTH))


def test_a_network_embeds_crops_of_the_length_that_it_says(options, network):
    network.eval()
    assert network.config == options
    assert network.reads == options.reads
    assert network.embed(crops_for(network, 3)).shape == (3, network.embedding_width)


def test_crops_of_another_shape_are_refused(network):
    with pytest.raises(ValueError, match=r"must have shape \(batch, .*got \(2, "):
        network.embed(crops_for(network, 2)[..., 1:])


def test_an_embedding_does_not_depend_on_its_batch_mates(network):
    network.train()
    network.embed(crops_for(network, 8))  # moves running statistics
    network.eval()
    crops = crops_for(network, 4)
    with torch.no_grad():
        together, alone = network.embed(crops), network.embed(crops[1:2])
    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-5)


def test_half_precision_gives_finite_embeddings(network):
    network.train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        embedding = network.embed(crops_for(network, 4))
    assert embedding.isfinite().all()


def test_a_network_comes_back_from_its_folder_as_it_was(network, tmp_path):
    made_by = MadeBy(
        stage=stages.PRETRAINING.rule, revision=stages.PRETRAINING.revision, options={}
    )
    paths = tmp_path / "model.safetensors", tmp_path / "config.json"
    save_model(*paths, network, made_by=made_by, card={"corpus": "cfad"})
    again = load_encoder(*paths).module
    assert again.form() == network.form()
    crops = crops_for(network, 2)
    weights, others = again.state_dict(), network.state_dict()
    assert weights.keys() == others.keys()
    assert all(torch.equal(weights[name], others[name]) for name in weights)
    # Where weights come to lie in memory decides the last bits on some processors.
    torch.testing.assert_close(again.embed(crops), network.eval().embed(crops))
    if network.reads == "audio":
        assert "none, it reads waveforms" in (tmp_path / "README.md").read_text()


def test_weights_and_the_word_of_the_options_agree(options, network):
    assert any(True for _ in network.parameters()) == options.has_weights


def test_gradients_reach_all_weights_but_those_that_are_never_computed(network):
    network.train()
    embeddings = network.embed(crops_for(network, 4))
    if network.config.has_weights:
        # Not the sum, which batch normalisation at the end would make a constant.
        (embeddings * torch.randn_like(embeddings)).sum().backward()
    unused = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert all(".bn1." in name for name in unused)

"""What the networks that read frames of other published systems have in common."""

import pytest
import torch

from signl import stages
from signl.artefacts import MadeBy
from signl.models.heads import Classifier, LinearHead, score
from signl.models.networks import NETWORKS
from signl.models.saving import load_classifier, save_model

#: LCNN makes two steps of 32 frames or more: with one, its LSTMs would not look back.
WIDTH, N_FRAMES = 48, 40
OPTIONS = {
    "lcnn": {"dropout": 0.2},
    "lcnn-projected": {"projection": 32, "repeat_time": 2},
    "mean_pool": {"weighting": "softmax", "states": 3, "channels": 8},
    "mhfa": {"states": 3, "heads": 2, "compression": 4, "channels": 6},
    "sls": {"states": 3, "channels": 6},
    "nes2net_x": {"groups": 4, "scale": 3},
}
#: A softmax over time is the same whatever is added to all frames.
WITHOUT_EFFECT = {"att_head.bias"}


@pytest.fixture(params=OPTIONS)
def network(request):
    torch.manual_seed(5)
    options = NETWORKS.build({"kind": request.param.split("-")[0], **OPTIONS[request.param]})
    options.check(width=WIDTH, n_frames=N_FRAMES)
    return options.build(WIDTH, N_FRAMES).eval()


@pytest.fixture
def crops():
    return torch.randn(4, 1, WIDTH, N_FRAMES, generator=torch.Generator().manual_seed(2))


@torch.no_grad()
def test_an_embedding_does_not_depend_on_those_beside_it(network, crops):
    embeddings = network.embed(crops)
    assert embeddings.shape == (4, network.embedding_width)
    for row in range(4):
        torch.testing.assert_close(network.embed(crops[row : row + 1])[0], embeddings[row])
    others = crops.clone()
    others[1:] = 100 * others[1:] + 7
    torch.testing.assert_close(network.embed(others)[0], embeddings[0])
    assert not torch.allclose(embeddings[0], embeddings[1])


def test_gradients_reach_every_weight_and_the_frames(network, crops):
    crops.requires_grad_()
    direction = torch.randn(network.embedding_width, generator=torch.Generator().manual_seed(3))
    (network.embed(crops) @ direction).square().sum().backward()
    assert crops.grad.isfinite().all()
    assert crops.grad.flatten(1).any(dim=1).all()
    still = {name for name, weight in network.named_parameters() if not weight.grad.any()}
    assert still <= WITHOUT_EFFECT


@torch.no_grad()
def test_half_precision_gives_about_the_same(network, crops):
    exact = network.embed(crops)
    with torch.autocast("cpu", torch.bfloat16):
        coarse = network.embed(crops).float()
    assert (coarse - exact).norm() < 0.05 * exact.norm()


def test_a_picture_of_another_shape_is_refused(network, crops):
    message = rf"must have shape \(batch, 1, {WIDTH}, {N_FRAMES}\), got \(4, 1, {WIDTH}, 39\)"
    with pytest.raises(ValueError, match=message):
        network.embed(crops[..., 1:])


@torch.no_grad()
def test_a_classifier_is_saved_and_scores_as_before(network, crops, tmp_path):
    classifier = Classifier(network, LinearHead(network.embedding_width)).eval()
    stage = stages.FINETUNING
    made_by = MadeBy(stage=stage.rule, revision=stage.revision, options={})
    paths = tmp_path / "model.safetensors", tmp_path / "config.json"
    save_model(*paths, classifier, made_by=made_by, card={"corpus": "cfad"})
    loaded = load_classifier(*paths).module
    assert loaded.encoder.config == network.config
    assert torch.equal(score(loaded(crops)), score(classifier(crops)))

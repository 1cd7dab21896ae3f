import pytest
import torch

from signl import stages
from signl.artefacts import MadeBy
from signl.errors import ConfigError
from signl.models.heads import Classifier, LinearHead, score
from signl.models.mean_pool.options import MeanPoolOptions
from signl.models.network import to_picture
from signl.models.saving import load_classifier, save_model
from signl.typed import build

PICTURE = torch.tensor([[[[1.0, 3.0], [2.0, 2.0], [-1.0, 5.0]]]])


def pool(statistics="mean_and_deviation"):
    return MeanPoolOptions(statistics=statistics).build(3, 2)


def test_means_and_deviations_by_hand():
    assert pool().embed(PICTURE).tolist() == [[2.0, 2.0, 2.0, 1.0, 0.0, 3.0]]
    assert pool("mean").embed(PICTURE).tolist() == [[2.0, 2.0, 2.0]]


@pytest.mark.parametrize("statistics", ["mean", "mean_and_deviation"])
def test_the_embedding_has_the_width_that_it_says(statistics):
    network = pool(statistics)
    assert network.embed(PICTURE).shape == (1, network.embedding_width)
    assert not list(network.parameters())
    assert not MeanPoolOptions().has_weights


def test_a_picture_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"must have shape \(batch, 1, 3, 2\), got \(1, 1, 2, 3\)"):
        pool().embed(PICTURE.mT)


def test_a_classifier_is_saved_and_scores_as_before(tmp_path):
    classifier = Classifier(pool(), LinearHead(6)).eval()
    stage = stages.FINETUNING
    made_by = MadeBy(stage=stage.rule, revision=stage.revision, options={})
    paths = tmp_path / "model.safetensors", tmp_path / "config.json"
    save_model(*paths, classifier, made_by=made_by, card={"corpus": "cfad"})
    loaded = load_classifier(*paths).module
    assert loaded.encoder.config == classifier.encoder.config
    pictures = torch.randn(4, 1, 3, 2)
    assert torch.equal(score(loaded(pictures)), score(classifier(pictures)))


def weighted(**options):
    torch.manual_seed(3)
    return MeanPoolOptions(weighting="softmax", **options).build(12, 7)


def of_states(states):
    """Return the picture of states (state, batch, frame, channel) side by side."""
    return to_picture(torch.cat(list(states), dim=-1))


STATES = torch.randn(3, 2, 7, 4, generator=torch.Generator().manual_seed(1))


def test_the_states_weigh_the_same_at_the_start():
    network = weighted(states=3, statistics="mean", channels=5)
    # The mean over frames may come before what is linear.
    expected = network.linear(STATES.mean(dim=(0, 2))).relu()
    torch.testing.assert_close(network.embed(of_states(STATES)), expected)


def test_a_state_of_all_the_weight_is_the_only_one():
    network = weighted(states=3, channels=5)
    with torch.no_grad():
        network.gamma[1] = 100.0
    alone = weighted(channels=5, states=1, statistics="mean_and_deviation").config.build(4, 7)
    alone.linear.load_state_dict(network.linear.state_dict())
    expected = alone.embed(to_picture(STATES[1]))
    torch.testing.assert_close(network.embed(of_states(STATES)), expected)
    assert not hasattr(alone, "gamma")


def test_deviations_stand_after_means():
    network = weighted(states=3, channels=5)
    frames = network.linear(STATES.mean(dim=0))
    expected = torch.cat([frames.mean(dim=1).relu(), frames.std(dim=1, correction=0)], dim=-1)
    torch.testing.assert_close(network.embed(of_states(STATES)), expected)
    assert network.embedding_width == 10


def test_states_that_are_normalised_have_no_scale():
    scaled = STATES * torch.tensor([1.0, 30.0, 0.2])[:, None, None, None] + 4
    plain, normalised = (weighted(states=3, normalise=each, channels=5) for each in (False, True))
    first, second = (normalised.embed(of_states(each)) for each in (STATES, scaled))
    torch.testing.assert_close(first, second, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(plain.embed(of_states(scaled)), second, rtol=0.1)


@pytest.mark.parametrize(("name", "value"), [("states", 3), ("normalise", True), ("channels", 128)])
def test_options_of_the_weighting_are_refused_without_it(name, value):
    message = f"{name} is {value} and weighting none; allowed is"
    with pytest.raises(ConfigError, match=message):
        build(MeanPoolOptions, {name: value}, "model")
    assert build(MeanPoolOptions, {name: value, "weighting": "softmax"}, "model").has_weights


def test_deviations_of_differences_stand_after_those_of_frames():
    network = MeanPoolOptions(statistics="mean_and_deviations").build(3, 6)
    picture = torch.randn(2, 1, 3, 6, generator=torch.Generator().manual_seed(2))
    embedding, frames = network.embed(picture), picture[:, 0]
    first = frames[..., 2:] - frames[..., :-2]
    second = first[..., 1:] - first[..., :-1]
    expected = [frames.mean(-1), *(each.std(-1, correction=0) for each in (frames, first, second))]
    torch.testing.assert_close(embedding, torch.cat(expected, dim=-1))
    assert embedding.shape[1] == network.embedding_width


def test_crops_of_too_few_frames_for_differences_are_refused():
    options = MeanPoolOptions(statistics="mean_and_deviations")
    with pytest.raises(ValueError, match=r"a crop of 4 frames; allowed are at least 5"):
        options.check(width=3, n_frames=4)
    options.check(width=3, n_frames=5)
    MeanPoolOptions().check(width=3, n_frames=2)

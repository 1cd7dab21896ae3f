import pytest
import torch

from signl import stages
from signl.artefacts import MadeBy
from signl.models.heads import Classifier, LinearHead, score
from signl.models.mean_pool.options import MeanPoolOptions
from signl.models.saving import load_classifier, save_model

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
    assert not MeanPoolOptions.has_weights


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

import math

import pytest
import torch
from torch import nn

from signl.labels import BONAFIDE, CLASS_INDEX, SPOOF
from signl.models.heads import Classifier, MlpHead, PretrainingModel, ProjectionHead, score
from signl.models.signl.options import GraphAugmentation, SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder


def make_encoder():
    torch.manual_seed(0)
    return SpectralTemporalEncoder(20, 30, SignlOptions(nodes=8, channels=8, layers=2))


def make_pictures(seed):
    return torch.randn(4, 1, 20, 30, generator=torch.Generator().manual_seed(seed))


def test_the_published_projection_head():
    head = ProjectionHead(2048)
    kinds = [type(layer) for layer in head.layers]
    hidden = [nn.Linear, nn.ReLU, nn.Dropout]
    assert kinds == [*hidden, *hidden, nn.Linear]
    widths = [(layer.in_features, layer.out_features) for layer in head.layers[::3]]
    assert widths == [(2048, 256), (256, 128), (128, 80)]
    assert {layer.p for layer in head.layers[2::3]} == {0.1}


def test_batch_normalisation_stands_before_each_relu():
    head = ProjectionHead(16, widths=(8, 6, 4), norm="batch")
    hidden = [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Dropout]
    assert [type(layer) for layer in head.layers] == [*hidden, *hidden, nn.Linear]
    assert [layer.num_features for layer in head.layers[1::4]] == [8, 6]


@pytest.mark.parametrize(("width", "widths"), [(5, (7,)), (64, (32, 16)), (9, (4, 3, 2, 1))])
def test_heads_take_any_width(width, widths):
    embedding = torch.randn(3, width)
    assert ProjectionHead(width, widths=widths)(embedding).shape == (3, widths[-1])
    assert MlpHead(width, widths=widths)(embedding).shape == (3, 2)


@pytest.mark.parametrize("widths", [(), (0,), (8, -1)])
def test_heads_without_positive_widths_are_refused(widths):
    with pytest.raises(ValueError, match="positive widths"):
        ProjectionHead(4, widths=widths)


def test_an_impossible_dropout_is_refused():
    with pytest.raises(ValueError, match=r"1\.5"):
        ProjectionHead(4, widths=(3, 2), dropout=1.5)


def test_dropout_acts_in_training_only():
    head, embedding = ProjectionHead(16, dropout=0.5), torch.randn(4, 16)
    assert not torch.equal(head(embedding), head(embedding))
    head.eval()
    assert torch.equal(head(embedding), head(embedding))


def test_the_classifier_head_gives_log_probabilities():
    head, embedding = MlpHead(16).eval(), torch.randn(4, 16)
    log_probabilities = head(embedding)
    torch.testing.assert_close(log_probabilities.exp().sum(1), torch.ones(4))
    features = head.features(embedding)
    assert features.min() >= 0
    logits = features @ head.classes.weight.T + head.classes.bias
    torch.testing.assert_close(log_probabilities.diff(), logits.diff())


def test_the_score_is_minus_log_p_spoof():
    probabilities = torch.empty(3, 2, dtype=torch.float64)
    probabilities[:, CLASS_INDEX[SPOOF]] = torch.tensor([0.9, 0.5, 0.2])
    probabilities[:, CLASS_INDEX[BONAFIDE]] = torch.tensor([0.1, 0.5, 0.8])
    expected = [-math.log(0.9), -math.log(0.5), -math.log(0.2)]
    assert score(probabilities.log()).tolist() == pytest.approx(expected)


def test_scores_of_confident_spoofs_do_not_tie():
    logits = torch.zeros(3, 2)
    logits[:, CLASS_INDEX[BONAFIDE]] = torch.tensor([-40.0, -30.0, -20.0])
    scores = score(logits.log_softmax(1)).tolist()
    assert scores == pytest.approx([math.exp(-40), math.exp(-30), math.exp(-20)], rel=1e-4)


def test_scores_rise_with_belief_in_bona_fide():
    logits = torch.zeros(201, 2)
    logits[:, CLASS_INDEX[BONAFIDE]] = torch.linspace(-30, 30, 201)
    assert (score(logits.log_softmax(1)).diff() > 0).all()


def test_classifier_is_head_after_encoder():
    classifier = Classifier.with_mlp(make_encoder(), widths=(16, 8)).eval()
    picture = make_pictures(1)
    expected = classifier.head(classifier.encoder(picture).joint)
    assert torch.equal(classifier(picture), expected)


def test_log_probabilities_are_in_full_precision_under_autocast():
    classifier = Classifier.with_mlp(make_encoder()).eval()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert classifier(make_pictures(1)).dtype == torch.float32


def test_gradients_flow_through_both_views():
    model = PretrainingModel(make_encoder(), widths=(16, 8), dropout=0.0)
    first, second = (make_pictures(seed).requires_grad_() for seed in (1, 2))
    views = model(first, second)
    (views.first.projection * views.second.projection).sum().backward()
    assert first.grad.any()
    assert second.grad.any()


def test_each_view_has_batch_statistics_of_its_own():
    model = PretrainingModel(make_encoder(), dropout=0.0)
    first, second = make_pictures(1), make_pictures(2) * 5 + 3
    assert torch.equal(model(first, second).first.embedding, model(first, first).first.embedding)


def test_each_view_is_augmented_by_draws_of_its_own():
    model = PretrainingModel(make_encoder()).eval()
    picture = make_pictures(1)
    generator = torch.Generator().manual_seed(0)
    views = model(picture, picture, augmentation=GraphAugmentation(), generator=generator)
    assert not torch.allclose(views.first.projection, views.second.projection)
    torch.testing.assert_close(model.projection(views.first.embedding), views.first.projection)

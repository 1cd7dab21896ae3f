import pytest
import torch

from signl.errors import ConfigError
from signl.models.heads import ProjectionHead
from signl.objectives.objectives import make_objective


@pytest.fixture
def case(reference):
    """The fixture, and projections of its anchors and positives by its linear layer."""
    fixture = reference("cola_loss")
    anchor = fixture.normal("anchor", 6, 48)
    positive = 0.6 * anchor + 0.8 * fixture.normal("positive", 6, 48)
    head = ProjectionHead(48, widths=[32])
    head.layers[0].load_state_dict(fixture.state("dense."))
    return fixture, head(anchor), head(positive)


def test_the_bilinear_form_is_that_of_the_published_code(case):
    fixture, anchor, positive = case
    cola = make_objective("cola", 32, {})
    cola.objective.layer_norm.load_state_dict(fixture.state("layer_norm."))
    cola.objective.bilinear.load_state_dict(fixture.state("bilinear."))
    assert cola.objective.layer_norm.eps == pytest.approx(
        float(fixture.expected["layer_norm_epsilon"])
    )
    fixture.assert_close(cola.objective.embed(anchor), "embedding_anchor")
    fixture.assert_close(cola.objective.embed(positive), "embedding_positive")
    fixture.assert_close(cola.objective.similarity(anchor, positive), "similarity_bilinear")
    fixture.assert_close(cola(anchor, positive).loss, "loss_bilinear")


def test_the_cosine_is_that_of_the_published_code(case):
    fixture, anchor, positive = case
    cola = make_objective("cola", 32, {"similarity": "cosine"})
    assert not list(cola.parameters())
    fixture.assert_close(cola.objective.similarity(anchor, positive), "similarity_dot")
    fixture.assert_close(cola(anchor, positive).loss, "loss_dot")


def test_the_temperature_divides_the_cosines():
    anchors, positives = torch.randn(2, 5, 8)
    warm, cold = (
        make_objective("cola", 8, {"similarity": "cosine", "temperature": t}).objective
        for t in (0.5, 0.1)
    )
    torch.testing.assert_close(
        5 * warm.similarity(anchors, positives), cold.similarity(anchors, positives)
    )


def test_a_temperature_of_the_bilinear_form_is_refused():
    with pytest.raises(
        ConfigError, match=r"temperature is 0\.1 with similarity: bilinear; allowed"
    ):
        make_objective("cola", 8, {"temperature": 0.1})


def test_the_matrix_starts_as_the_paper_says():
    torch.manual_seed(0)
    weight = make_objective("cola", 128, {}).objective.bilinear.weight
    assert weight.std().item() == pytest.approx(0.05, rel=0.02)

"""The map of embeddings: places of points, and what is drawn of them."""

import numpy as np
import pytest

from signl.evaluation.figures import embedding_map, write_figure
from signl.evaluation.figures.embedding_points import COLUMNS, LEAST, embedding_points

LABELS = ["bonafide"] * 20 + ["spoof"] * 40
ATTACKS = [None] * 20 + ["A07"] * 25 + ["A08"] * 15


@pytest.fixture
def embeddings():
    """Three groups, far apart, in eight dimensions."""
    draw = np.random.default_rng(0)
    centres = np.repeat(10 * np.eye(3, 8), [20, 25, 15], axis=0)
    return centres + draw.normal(size=(60, 8))


@pytest.fixture
def points(embeddings):
    return embedding_points(embeddings, LABELS, ATTACKS)


def test_principal_components_are_those_of_a_singular_value_decomposition(points, embeddings):
    left, values, _ = np.linalg.svd(embeddings - embeddings.mean(axis=0), full_matrices=False)
    expected = (left * values)[:, :2]
    for column, own in zip(("pca_1", "pca_2"), expected.T, strict=True):
        np.testing.assert_allclose(np.abs(points[column]), np.abs(own), atol=1e-9)


def test_groups_stay_together(points):
    places = points[["tsne_1", "tsne_2"]].to_numpy()
    group = np.repeat([0, 1, 2], [20, 25, 15])
    distance = np.linalg.norm(places[:, None] - places[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    assert (group[distance.argmin(axis=1)] == group).mean() > 0.95


def test_points_are_drawn_where_they_lie_and_alike_twice(points, embeddings, tmp_path):
    figure = embedding_map(points, n_trials=60)
    for axes, kind in zip(figure.axes, ("pca", "tsne"), strict=True):
        spoof, bonafide = axes.lines
        own = points[points["label"] == "bonafide"]
        np.testing.assert_array_equal(bonafide.get_xdata(), own[f"{kind}_1"])
        np.testing.assert_array_equal(bonafide.get_ydata(), own[f"{kind}_2"])
        assert len(spoof.get_xdata()) == 40
        names = {text.get_text(): text.get_position() for text in axes.texts}
        medians = points[points["attack"] == "A08"][[f"{kind}_1", f"{kind}_2"]].median()
        assert names["A08"] == tuple(medians)
        assert set(names) == {"A07", "A08"}
    again = embedding_points(embeddings, LABELS, ATTACKS)
    for name, table in (("first", points), ("second", again)):
        write_figure(embedding_map(table, n_trials=60), tmp_path / f"{name}.svg")
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()


def test_how_many_trials_are_shown_is_said(points, told):
    assert "All trials." in told(embedding_map(points, n_trials=60))
    assert "60 of 90 trials." in told(embedding_map(points, n_trials=90))


def test_too_few_embeddings_make_no_map(embeddings, told):
    few = embedding_points(embeddings[: LEAST - 1], LABELS[: LEAST - 1], ATTACKS[: LEAST - 1])
    assert list(few.columns) == list(COLUMNS)
    assert f"fewer than {LEAST} embeddings" in told(embedding_map(few, n_trials=4))
    least = embedding_points(embeddings[:LEAST, :1], LABELS[:LEAST], ATTACKS[:LEAST])
    assert least["pca_2"].tolist() == [0] * LEAST

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from signl.training.ridge import Rows, evenly, fit_ridge, joined


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    scales = np.array([1.0, 5.0, 0.2])
    bonafide = Rows(rng.normal(size=(20, 3)) * scales + 1, rng.uniform(1, 4, size=20))
    spoof = Rows(rng.normal(size=(50, 3)) * scales, rng.uniform(1, 4, size=50))
    return bonafide, spoof


def test_it_is_the_ridge_of_scikit_learn(drawn):
    """The same weights of rows and the same penalty, given there in its units."""
    plane = fit_ridge(*drawn, penalty=0.3)
    embeddings = np.concatenate([each.embeddings for each in drawn])
    weights = np.concatenate([each.weights / each.weights.sum() for each in drawn])
    targets = np.repeat([1.0, -1.0], [20, 50])
    centre = np.average(embeddings, axis=0, weights=weights)
    variance = 2 * np.average((embeddings - centre) ** 2, axis=0, weights=weights)
    other = Ridge(alpha=0.3 * variance.mean()).fit(embeddings, targets, sample_weight=weights)
    assert plane.weight == pytest.approx(other.coef_)
    assert plane.offset == pytest.approx(other.intercept_)


def test_a_small_penalty_is_least_squares(drawn):
    plane = fit_ridge(*drawn, penalty=1e-12)
    embeddings = np.concatenate([each.embeddings for each in drawn])
    roots = np.sqrt(np.concatenate([each.weights / each.weights.sum() for each in drawn]))
    design = np.column_stack([embeddings, np.ones(70)]) * roots[:, None]
    targets = np.repeat([1.0, -1.0], [20, 50]) * roots
    found, *_ = np.linalg.lstsq(design, targets)
    assert [*plane.weight, plane.offset] == pytest.approx(found)


def test_neither_order_nor_the_scale_of_weights_matters(drawn):
    bonafide, spoof = drawn
    plane = fit_ridge(bonafide, spoof, penalty=0.3)
    order = np.random.default_rng(1).permutation(50)
    other = fit_ridge(
        bonafide.share_of(7.0), Rows(spoof.embeddings[order], spoof.weights[order]), penalty=0.3
    )
    assert other.weight == pytest.approx(plane.weight)
    assert other.offset == pytest.approx(plane.offset)


def test_scores_do_not_change_with_the_unit_of_embeddings(drawn):
    scaled = [each._replace(embeddings=1000 * each.embeddings) for each in drawn]
    scores = fit_ridge(*drawn, penalty=0.3).log_odds(drawn[0].embeddings)
    assert fit_ridge(*scaled, penalty=0.3).log_odds(scaled[0].embeddings) == pytest.approx(scores)


def test_a_row_twice_is_a_row_of_twice_the_weight():
    rng = np.random.default_rng(0)
    rows, spoof = rng.normal(size=(6, 2)), evenly(rng.normal(size=(9, 2)) - 1)
    doubled = fit_ridge(evenly(rows, rows[:2]), spoof, penalty=0.3)
    weighed = fit_ridge(Rows(rows, np.array([2.0, 2, 1, 1, 1, 1])), spoof, penalty=0.3)
    assert doubled.weight == pytest.approx(weighed.weight)


def test_embeddings_that_are_all_the_same_say_nothing():
    plane = fit_ridge(evenly(np.ones((3, 2))), evenly(np.ones((4, 2))), penalty=0.3)
    assert not plane.log_odds(np.ones((5, 2))).any()


def test_a_class_without_rows_is_refused(drawn):
    nothing = evenly(np.zeros((0, 3)))
    with pytest.raises(ValueError, match="needs spoof rows"):
        fit_ridge(drawn[0], nothing, penalty=0.3)
    assert len(joined(nothing, drawn[0]).weights) == 20

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from signl.training.projection import Projection
from signl.training.regression import Plane


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(6, 6))
    originals = (rng.normal(size=(9000, 6)) @ mixing + 3).astype(np.float32)
    copies = (rng.normal(size=(300, 6)) @ mixing * 2 - 1).astype(np.float32)
    return originals, copies


def test_it_is_scaler_and_pca_of_scikit_learn(drawn):
    originals, copies = drawn
    projection = Projection.fit(originals, [copies], components=4)
    scaler = StandardScaler().fit(originals.astype(float))
    standard = [scaler.transform(each.astype(float)) for each in drawn]
    pca = PCA(4, svd_solver="full").fit(np.concatenate(standard))
    # PCA centres besides, and its directions may point the other way.
    expected = np.abs(standard[1] @ pca.components_.T)
    assert np.abs(projection.apply(copies)) == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_a_plane_is_the_same_in_the_units_of_embeddings(drawn):
    projection = Projection.fit(drawn[0], [drawn[1]], components=4)
    plane = Plane(np.array([1.0, -2.0, 0.5, 3.0]), 0.7, 1)
    there = plane.log_odds(projection.apply(drawn[1]))
    assert projection.undo(plane).log_odds(drawn[1]) == pytest.approx(there, abs=1e-5)


def test_no_more_directions_than_rows_tell():
    rows = np.random.default_rng(0).normal(size=(5, 30))
    assert Projection.fit(rows, [], components=256).directions.shape == (30, 4)


def test_a_channel_that_never_changes_is_left_out():
    rows = np.random.default_rng(0).normal(size=(50, 3))
    rows[:, 1] = 4.0
    projection = Projection.fit(rows, [], components=3)
    assert np.isfinite(projection.apply(rows)).all()
    assert projection.undo(Plane(np.ones(3), 0.0, 1)).weight[1] == 0


def test_no_rows_give_none(drawn):
    projection = Projection.fit(drawn[0], [], components=4)
    assert projection.apply(np.zeros((0, 6))).shape == (0, 4)

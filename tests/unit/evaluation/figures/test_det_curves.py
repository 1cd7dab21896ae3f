"""DET curves: points of the full curve, on normal-deviate axes."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from signl.evaluation.figures import det
from signl.evaluation.figures.det_curves import HIGHEST, LOWEST, det_points, probit
from signl.metrics import det_curve, equal_error_rate


@pytest.fixture
def scores():
    draw = np.random.default_rng(0)
    return draw.normal(1, 1, 3000), draw.normal(-1, 1, 7000)


@pytest.fixture
def points(scores):
    return det_points(*scores).assign(recipe="a", protocol="all", label_percent=5.0, seed=1)


def test_deviates_are_those_of_scipy():
    rates = np.linspace(LOWEST, HIGHEST, 31)
    np.testing.assert_allclose(probit(rates), ndtri(rates), rtol=1e-12)
    assert probit([0, 1]).tolist() == probit([LOWEST, HIGHEST]).tolist()


def test_points_are_of_the_curve_and_lie_close(scores, points):
    curve = det_curve(*scores)
    whole = set(zip(curve.miss, curve.false_alarm, strict=True))
    assert set(points[["miss", "false_alarm"]].itertuples(index=False, name=None)) <= whole
    assert 100 < len(points) < 1000
    inside = points[(points["miss"].between(0.01, 0.9)) & points["false_alarm"].between(0.01, 0.9)]
    for rate in ("miss", "false_alarm"):
        assert np.abs(np.diff(probit(inside[rate]))).max() < 0.05


def test_the_point_of_the_eer_is_kept(scores, points):
    gap = (points["miss"] - points["false_alarm"]).abs()
    nearest = points.loc[gap.idxmin()]
    eer = equal_error_rate(*scores).rate
    assert (nearest["miss"] + nearest["false_alarm"]) / 2 == pytest.approx(eer, abs=1e-12)


def test_few_trials_are_all_kept():
    points = det_points([0.0, 2.0, 3.0], [-1.0, 1.0])
    curve = det_curve([0.0, 2.0, 3.0], [-1.0, 1.0])
    kept = set(points.itertuples(index=False, name=None))
    assert kept == set(zip(curve.miss, curve.false_alarm, strict=True))


def test_a_line_holds_the_deviates_of_the_points(points):
    (axes,) = det(points).axes
    (line,) = [line for line in axes.lines if line.get_label() == "a"]
    expected = ndtri(np.clip(points[["false_alarm", "miss"]], LOWEST, HIGHEST))
    np.testing.assert_allclose(line.get_xydata(), expected, rtol=1e-9)
    assert "% of spoof" in axes.get_xlabel()
    assert "% of bona fide" in axes.get_ylabel()


def test_normal_scores_give_a_straight_line(points):
    inside = points[points["miss"].between(0.02, 0.8) & points["false_alarm"].between(0.02, 0.8)]
    x, y = probit(inside["false_alarm"]), probit(inside["miss"])
    # Of unit variances and means two apart: y = -x - 2.
    np.testing.assert_allclose(y, -x - 2, atol=0.15)


def test_the_operating_point_is_that_of_the_metrics(points, cell):
    (axes,) = det(points, pd.DataFrame([cell()])).axes
    (marker,) = [line for line in axes.lines if line.get_linestyle() == "None"]
    np.testing.assert_allclose(marker.get_xydata(), [[ndtri(0.2), ndtri(0.1)]], rtol=1e-9)


def test_a_figure_says_what_it_lacks(points, cells, told):
    assert "No protocol has scores of both classes" in told(det(points[:0]))
    assert "No operating point" in told(det(points, cells.assign(transfer_miss=np.nan)))

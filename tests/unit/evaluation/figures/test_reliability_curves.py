"""Reliability: of scores that keep their promise, of few trials, and of none."""

import numpy as np
import pandas as pd
import pytest

from signl.evaluation.figures import reliability, write_figure
from signl.evaluation.figures.reliability_curves import N_BINS, reliability_points

IDENTITY = {"recipe": "a", "protocol": "all", "label_percent": 5.0, "seed": 1}


@pytest.fixture
def ratios():
    """Log likelihood ratios of scores that are normal, of equal variance, and so calibrated."""
    draw, distance = np.random.default_rng(0), 2.0
    bonafide, spoof = draw.normal(distance, 1, 40_000), draw.normal(0, 1, 120_000)
    return [distance * part - distance**2 / 2 for part in (bonafide, spoof)]


@pytest.fixture
def points(ratios):
    return reliability_points(*ratios).assign(**IDENTITY)


def test_what_is_calibrated_keeps_its_promise_whatever_the_sizes_of_the_classes(points):
    assert len(points) == N_BINS
    np.testing.assert_allclose(points["found"], points["promised"], atol=1.5)


def test_every_trial_is_counted_once_by_its_probability(points, ratios):
    assert points[["n_bonafide", "n_spoof"]].sum().tolist() == [40_000, 120_000]
    probability = 1 / (1 + np.exp(-ratios[0]))
    assert points["n_bonafide"].iloc[3] == ((probability >= 0.3) & (probability < 0.4)).sum()
    inside = [1 / (1 + np.exp(-own)) for own in ratios]
    inside = [own[(own >= 0.3) & (own < 0.4)] for own in inside]
    weights = [len(inside[0]) / 40_000, len(inside[1]) / 120_000]
    means = [own.mean() for own in inside]
    promised = np.average(means, weights=weights)
    assert points["promised"].iloc[3] == pytest.approx(100 * promised)
    assert points["found"].iloc[3] == pytest.approx(100 * weights[0] / sum(weights))


def test_scores_that_promise_too_much_fall_short_of_it(ratios):
    steep = reliability_points(*(3 * own for own in ratios))
    high = steep[steep["promised"].between(60, 95)]
    assert (high["found"] < high["promised"] - 3).all()


def test_extreme_scores_are_of_the_outer_bins_without_a_warning():
    found = reliability_points([800.0, 1e6], [-800.0])
    assert found["promised"].tolist() == [0, 100]
    assert found["found"].tolist() == [0, 100]


def test_lines_are_the_points(points, tmp_path):
    figure = reliability(points)
    (line,) = [each for each in figure.axes[0].lines if each.get_label() == "a"]
    np.testing.assert_array_equal(line.get_xdata(), points["promised"])
    np.testing.assert_array_equal(line.get_ydata(), points["found"])
    for name in ("first", "second"):
        write_figure(reliability(points), tmp_path / f"{name}.svg")
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()


def test_panels_without_a_calibration_say_so(points, told):
    other = points.assign(protocol="seen", label_percent=100.0)
    assert "no calibration" in told(reliability(pd.concat([points, other])))
    assert "dev scores carry none" in told(reliability(points[:0]))

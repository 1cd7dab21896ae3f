"""Histograms of scores: shares of a class, and the threshold."""

import numpy as np
import pandas as pd
import pytest

from signl.evaluation.figures import histograms
from signl.evaluation.figures.score_histograms import N_BINS, score_bins

LABELS = ["bonafide"] * 30 + ["spoof"] * 70


@pytest.fixture
def scores():
    draw = np.random.default_rng(0)
    return np.concatenate([draw.normal(1, 1, 30), draw.normal(-1, 1, 70)])


@pytest.fixture
def bins(scores):
    return score_bins(scores, LABELS).assign(recipe="a", label_percent=5.0, seed=1)


def test_every_trial_is_counted_once_in_shares_of_its_class(bins):
    by_class = bins.groupby("label")
    assert by_class["n_trials"].sum().to_dict() == {"bonafide": 30, "spoof": 70}
    assert by_class["percent"].sum().tolist() == pytest.approx([100, 100])
    assert by_class.size().tolist() == [N_BINS, N_BINS]


def test_bins_hold_the_scores_between_their_ends(bins, scores):
    own = scores[:30]
    row = bins[bins["label"] == "bonafide"].iloc[N_BINS // 2]
    assert row["n_trials"] == ((own >= row["low"]) & (own < row["high"])).sum()


def test_steps_are_drawn_from_the_bins(bins):
    (axes,) = histograms(bins).axes
    drawn = [patch for patch in axes.patches if patch.get_label() in ("bona fide", "spoof")]
    for patch, label in zip(drawn, ("bonafide", "spoof"), strict=True):
        own = bins[bins["label"] == label]
        np.testing.assert_allclose(patch.get_data().values, own["percent"])
        np.testing.assert_allclose(patch.get_data().edges[:-1], own["low"])


def test_the_threshold_is_that_of_the_metrics(bins, cell, told):
    figure = histograms(bins, pd.DataFrame([cell(), cell(protocol="seen")]))
    (line,) = figure.axes[0].lines
    assert set(line.get_xdata()) == {0.5}
    assert "No threshold" in told(histograms(bins, pd.DataFrame([cell(transfer_threshold=None)])))


def test_the_first_of_several_seeds_is_drawn(bins, cell, told):
    both = pd.concat([bins, bins.assign(seed=2, percent=0.0)])
    figure = histograms(both, pd.DataFrame([cell(), cell(seed=2, transfer_threshold=0.9)]))
    assert figure.axes[0].patches[0].get_data().values.sum() == pytest.approx(100)
    assert figure.axes[0].lines[0].get_xdata()[0] == 0.5
    assert "There are 2" in told(figure)


def test_scores_of_one_class_or_of_none(scores, told):
    one = score_bins(scores[:30], LABELS[:30]).assign(recipe="a", label_percent=5.0, seed=1)
    assert "no spoof trials" in told(histograms(one))
    none = score_bins([], []).assign(recipe="a", label_percent=5.0, seed=1)
    assert "There are no scores" in told(histograms(none))


def test_scores_that_are_all_equal(told):
    bins = score_bins([2.0] * 100, LABELS).assign(recipe="a", label_percent=5.0, seed=1)
    assert bins["n_trials"].sum() == 100
    assert "a, 5 % of the labels" in told(histograms(bins))

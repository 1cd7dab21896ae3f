"""Scores by attack: which strips there are, their order, and what is drawn of them."""

import numpy as np
import pandas as pd
import pytest

from signl.evaluation.figures import attack_histograms, write_figure
from signl.evaluation.figures.attack_strips import (
    BONAFIDE_NAME,
    MOST_ATTACKS,
    N_BINS,
    UNNAMED,
    attack_bins,
    sorted_strips,
)

LABELS = ["bonafide"] * 30 + ["spoof"] * 70
ATTACKS = [None] * 30 + ["A07"] * 40 + ["A08"] * 20 + [None] * 10
IDENTITY = {"recipe": "a", "label_percent": 5.0, "seed": 1}


@pytest.fixture
def scores():
    draw = np.random.default_rng(0)
    parts = [(2, 30), (-2, 40), (1, 20), (-5, 10)]
    return np.concatenate([draw.normal(mean, 0.5, size) for mean, size in parts])


@pytest.fixture
def bins(scores):
    return attack_bins(scores, LABELS, ATTACKS).assign(**IDENTITY)


def test_every_trial_is_counted_once_in_its_strip(bins, scores):
    by_name = bins.groupby("name")
    counts = {BONAFIDE_NAME: 30, "A07": 40, "A08": 20, UNNAMED: 10}
    assert by_name["n_trials"].sum().to_dict() == counts
    assert by_name["percent"].sum().tolist() == pytest.approx([100] * 4)
    assert set(by_name.size()) == {N_BINS}
    assert by_name["mean"].first()["A08"] == pytest.approx(scores[70:90].mean())


def test_what_looks_bona_fide_stands_on_top_and_bona_fide_below(bins):
    order = ["A08", "A07", UNNAMED, BONAFIDE_NAME]
    assert sorted_strips(bins) == order
    axes = attack_histograms(bins).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == order
    assert axes.yaxis_inverted()


def test_strips_are_drawn_from_the_bins(bins, cell, tmp_path):
    figure = attack_histograms(bins, pd.DataFrame([cell()]))
    axes = figure.axes[0]
    (image,) = axes.images
    for row, name in enumerate(sorted_strips(bins)):
        percent = bins.loc[bins["name"] == name, "percent"]
        np.testing.assert_allclose(image.get_array()[row], percent / percent.max())
    assert image.get_extent()[:2] == [bins["low"].min(), bins["high"].max()]
    (line,) = axes.lines
    assert set(line.get_xdata()) == {0.5}
    for name in ("first", "second"):
        write_figure(attack_histograms(bins), tmp_path / f"{name}.svg")
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()


def test_of_many_attacks_those_with_the_highest_means_are_shown(told):
    n = MOST_ATTACKS + 5
    many = attack_bins(np.arange(n), ["spoof"] * n, [f"A{place:03}" for place in range(n)])
    many = many.assign(**IDENTITY)
    assert sorted_strips(many)[0] == f"A{n - 1:03}"
    assert len(sorted_strips(many)) == MOST_ATTACKS
    assert f"The {MOST_ATTACKS} attacks with the highest mean scores of {n}" in told(
        attack_histograms(many)
    )


def test_the_first_of_several_seeds_is_drawn_and_empty_panels_say_so(bins, told):
    both = pd.concat([bins, bins.assign(seed=2, percent=0.5), bins.assign(recipe="b")])
    both = pd.concat([both, bins.assign(recipe="b", label_percent=100.0)])
    figure = attack_histograms(both)
    first = bins.loc[bins["name"] == "A08", "percent"]
    np.testing.assert_allclose(figure.axes[0].images[0].get_array()[0], first / first.max())
    assert "not evaluated" in told(figure)
    assert "There are no scores" in told(attack_histograms(attack_bins([], [], [])))

"""Dots of attacks and codecs: their order, place and range."""

import numpy as np
import pandas as pd
import pytest

from signl.evaluation.figures import breakdown
from signl.evaluation.figures.part_dots import MOST_PARTS


def part(cell, *, eer, **others):
    """Return a row of ``breakdown.parquet`` whose interval is a tenth below and a fifth above."""
    ends = {} if eer is None else {"eer_low": 0.9 * eer, "eer_high": 1.2 * eer}
    return cell(eer=eer, part="attack", **others) | {"eer_low": None, "eer_high": None} | ends


@pytest.fixture
def parts(cell):
    rates = {"A07": (0.10, 0.20), "A08": (0.40, 0.50), "A09": (0.22, 0.24), "A10": (None, None)}
    return pd.DataFrame(
        [
            part(cell, seed=seed, eer=eer, name=name)
            for name, of_seeds in rates.items()
            for seed, eer in enumerate(of_seeds)
        ]
    ).astype(dict.fromkeys(("eer", "eer_low", "eer_high"), float))


def names_of(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_parts_are_sorted_the_worst_on_top(parts):
    (axes,) = breakdown(parts).axes
    assert names_of(axes) == ["A08", "A09", "A07"]
    assert axes.yaxis_inverted()


def test_dots_are_means_and_lines_the_mean_intervals(parts):
    (axes,) = breakdown(parts).axes
    (dots,) = axes.containers
    drawn = dict(zip(names_of(axes), sorted(dots.lines[0].get_xdata(), reverse=True), strict=True))
    assert drawn == pytest.approx({"A08": 45, "A09": 23, "A07": 15})
    ends = sorted(np.array(segment)[:, 0].tolist() for segment in dots.lines[2][0].get_segments())
    np.testing.assert_allclose(ends, [[13.5, 18], [20.7, 27.6], [40.5, 54]])


def test_recipes_stand_beside_each_other(parts):
    both = pd.concat([parts, parts.assign(recipe="b")])
    (axes,) = breakdown(both).axes
    first, second = (container.lines[0].get_ydata() for container in axes.containers)
    assert not set(first) & set(second)
    assert {round(place) for place in first} == {round(place) for place in second} == {0, 1, 2}


def test_the_worst_of_many_are_shown_and_the_others_counted(cell, told):
    many = pd.DataFrame([part(cell, eer=n / 200, name=f"A{n:03}") for n in range(MOST_PARTS + 5)])
    figure = breakdown(many)
    assert names_of(figure.axes[0])[0] == f"A{MOST_PARTS + 4:03}"
    assert len(names_of(figure.axes[0])) == MOST_PARTS
    assert f"the worst {MOST_PARTS} of {MOST_PARTS + 5}" in told(figure)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("seed == 9", "No protocol names an attack or a codec"),
        ("seed == 1", "One seed: there is no spread between trainings"),
        ("name == 'A10'", "no part has both classes"),
        ("seed == 0", "for want of a class: 1 parts"),
    ],
)
def test_a_figure_says_what_it_lacks(parts, told, query, words):
    assert words in told(breakdown(parts.query(query)))

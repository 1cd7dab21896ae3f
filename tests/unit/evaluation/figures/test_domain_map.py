"""The numbers in the cells of the maps."""

import numpy as np
import pandas as pd
import pytest

from signl.evaluation.figures import crossdomain
from signl.evaluation.figures.label_curves import mean_over_seeds


def maps(figure):
    return [axes for axes in figure.axes if axes.images]


def test_cells_hold_the_means_of_the_table(cells):
    figure = crossdomain(cells)
    means = mean_over_seeds(cells, ["recipe", "label_percent", "eval_corpus"])["mean"]
    drawn = np.concatenate([axes.images[0].get_array().ravel() for axes in maps(figure)])
    np.testing.assert_allclose(drawn, means)
    written = [text.get_text() for axes in maps(figure) for text in axes.texts]
    assert written == [f"{mean:.1f}" for mean in means]


def test_all_maps_have_one_scale_of_colours(cells):
    assert {axes.images[0].get_clim() for axes in maps(crossdomain(cells))} == {(0, 50)}


def test_the_domain_of_training_is_framed(cells):
    for axes in maps(crossdomain(cells)):
        (frame,) = axes.patches
        assert round(frame.get_x() + frame.get_width() / 2) == 0  # cfad, not in_the_wild


def test_a_cell_without_a_figure_has_a_dash(cell):
    own = [cell(), cell(train_corpus="asvspoof5", eval_corpus="asvspoof5")]
    (axes,) = maps(crossdomain(pd.DataFrame(own)))
    assert [text.get_text() for text in axes.texts].count("\N{EN DASH}") == 2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("seed == 0", "No classifier has been measured"),
        ("seed == 1", "One seed"),
        ("not (recipe == 'a' and label_percent == 5)", "not evaluated"),
    ],
)
def test_a_figure_says_what_it_lacks(cells, told, query, words):
    assert words in told(crossdomain(cells.query(query)))

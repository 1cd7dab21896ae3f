"""The look of figures: a recipe's own, the same bytes, and nothing of the user's settings."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from signl.evaluation.figures import det, label_efficiency, write_figure
from signl.evaluation.figures.figure_style import empty_figure, looks_of


def test_a_recipe_looks_the_same_whatever_else_is_drawn(cells):
    every = ["c", "b", "a"]
    whole = label_efficiency(cells, recipes=every)
    part = label_efficiency(cells[cells["recipe"] == "b"], recipes=every)

    def look(figure):
        (line,) = [line for line in figure.axes[0].lines if line.get_label() == "b"]
        return line.get_color(), line.get_linestyle(), line.get_marker()

    assert look(whole) == look(part)
    assert look(part)[0] != looks_of(["a"])["a"]["color"]


def test_recipes_can_be_told_apart_without_colour():
    looks = looks_of(f"recipe-{number:02}" for number in range(49)).values()
    first = list(looks)[:7]
    for key in ("color", "linestyle", "marker"):
        assert len({str(look[key]) for look in first}) == 7
    assert len({str(sorted(look.items())) for look in looks}) == 49


@pytest.mark.parametrize("form", ["svg", "pdf"])
def test_equal_results_give_equal_bytes(cells, tmp_path, form):
    paths = [tmp_path / f"{name}.{form}" for name in ("first", "second")]
    for path in paths:
        write_figure(label_efficiency(cells.query("eval_corpus == 'cfad'")), path)
    written = [path.read_bytes() for path in paths]
    assert written[0] == written[1]
    assert len(written[0]) > 5000
    assert b"CreationDate" not in written[0]
    assert b"<dc:date>" not in written[0]


def test_the_settings_of_the_user_are_neither_read_nor_changed(cells, tmp_path):
    write_figure(label_efficiency(cells), tmp_path / "plain.svg")
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": None, "lines.linewidth": 9}):
        write_figure(label_efficiency(cells), tmp_path / "other.svg")
        assert mpl.rcParams["font.size"] == 20
    assert (tmp_path / "plain.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()


def test_a_form_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"figure\.gif: a figure is written as one of"):
        write_figure(empty_figure("title", "reason"), tmp_path / "figure.gif")
    assert not list(tmp_path.iterdir())


def test_no_figure_is_left_to_pyplot(cells):
    label_efficiency(cells)
    det(cells[:0])
    assert plt.get_fignums() == []

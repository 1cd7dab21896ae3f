"""Parts of a figure stand apart, inside of it."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from signl.evaluation.figures import det, histograms, label_efficiency


def boxes_of(figure):
    """Where the panels with all that belongs to them are, and what stands around them."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    panels = [axes.get_tightbbox(renderer) for axes in figure.axes]
    around = [part for part in (figure._suptitle, figure._supxlabel, *figure.legends) if part]
    return panels, [part.get_window_extent(renderer) for part in around]


@pytest.fixture
def drawn(cells):
    scores = np.linspace(-2, 2, 41)
    common = {"recipe": "a", "label_percent": 5.0, "seed": 1}
    bins = pd.DataFrame({"low": scores[:-1], "high": scores[1:], "n_trials": 1, "percent": 2.5})
    bins = pd.concat([bins.assign(label=label) for label in ("bonafide", "spoof")])
    bins = pd.concat([bins.assign(**common | {"recipe": name}) for name in ("a", "a longer name")])
    points = pd.DataFrame({"miss": [0, 0.2, 1], "false_alarm": [1, 0.2, 0], "protocol": "all"})
    points = pd.concat([points.assign(**common | {"label_percent": n}) for n in (5.0, 100.0)])
    return {
        "labels": label_efficiency(cells),
        "histograms": histograms(bins, cells[:0]),
        "det": det(points, None, title="DET of a classifier that has a rather long name to wrap"),
    }


@pytest.mark.parametrize("kind", ["labels", "histograms", "det"])
def test_no_part_covers_another_or_leaves_the_figure(drawn, kind):
    figure = drawn[kind]
    panels, around = boxes_of(figure)
    assert len(around) == 3
    width, height = figure.dpi * figure.get_size_inches()
    parts = [*panels, *around]
    for place, box in enumerate(parts):
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= width + 1
        assert box.y1 <= height + 1
        for other in parts[place + 1 :]:
            gaps = (other.x0 - box.x1, box.x0 - other.x1, other.y0 - box.y1, box.y0 - other.y1)
            assert max(gaps) > -1


def test_panels_of_a_row_and_of_a_column_are_as_large(drawn):
    sizes = {
        tuple(np.round(axes.get_position(original=True).size, 6)) for axes in drawn["labels"].axes
    }
    assert len(sizes) == 1

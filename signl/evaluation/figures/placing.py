"""Where the parts of a figure stand: each is measured once.

The engine of matplotlib measures all of them twice, and that is a quarter of the time of a figure.
"""

from typing import Any, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

#: Inches between the parts of a figure.
_PAD: Final = 0.05


def laid_out(figure: Figure, title: Text, notes: Text | None) -> Figure:
    """Fix the places of a figure's parts, which would otherwise be sought for every form of it.

    Parameters
    ----------
    figure : Figure
        With its panels and legends.
    title, notes : Text
        What stands above and below them.
    """
    engine = figure.get_layout_engine()
    if engine is None:
        return figure
    # A bar of colours among the panels is for the engine to place.
    if not all(axes.get_subplotspec() for axes in figure.axes):
        engine.execute(figure)
    figure.set_layout_engine("none")
    if all(axes.get_subplotspec() for axes in figure.axes):
        _place_panels(figure, _place_around(figure, title, notes))
    return figure


def _place_around(figure: Figure, title: Text, notes: Text | None) -> tuple[float, float, float]:
    """Place title, notes and legends; return where panels end: right, bottom and top, in pixels."""
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    width, height = figure.dpi * figure.get_size_inches()
    pad = _PAD * figure.dpi
    right, bottom, top = width - pad, pad, height - pad
    title.set(y=top / height, verticalalignment="top")
    top -= title.get_window_extent(renderer).height + pad
    if notes:
        notes.set(y=bottom / height, verticalalignment="bottom")
        bottom += notes.get_window_extent(renderer).height + pad
    for legend in figure.legends:
        legend.set_loc("upper right")
        legend.set_bbox_to_anchor((right / width, top / height), figure.transFigure)
        right -= legend.get_window_extent(renderer).width + pad
    return right, bottom, top


def _place_panels(figure: Figure, ends: tuple[float, float, float]) -> None:
    """Give panels the room up to some ends, and each what stands around it."""
    width, height = figure.dpi * figure.get_size_inches()
    pad = _PAD * figure.dpi
    around = _around_panels(figure) + pad / 2
    right, bottom, top = ends
    n_rows, n_columns = around.shape[1:]
    # Of each column, and row, what its panels take beside themselves.
    lefts, rights = around[0].max(axis=0), around[1].max(axis=0)
    tops, bottoms = around[2].max(axis=1), around[3].max(axis=1)
    between = max(rights[:-1] + lefts[1:], default=0.0), max(bottoms[:-1] + tops[1:], default=0.0)
    left, right = lefts[0] + pad / 2, right - rights[-1]
    bottom, top = bottom + bottoms[-1], top - tops[0]
    wide = (right - left - (n_columns - 1) * between[0]) / n_columns
    tall = (top - bottom - (n_rows - 1) * between[1]) / n_rows
    if min(wide, tall) > 0:
        figure.subplotpars.update(
            *(left / width, bottom / height, right / width, top / height),
            *(between[0] / wide, between[1] / tall),
        )
        for axes in figure.axes:
            if spec := axes.get_subplotspec():
                axes.set_position(spec.get_position(figure))


def _around_panels(figure: Figure) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return pixels beside each panel, of shape (left, right, above or below; row; column)."""
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    spec = figure.axes[0].get_subplotspec()
    n_rows, n_columns = spec.get_gridspec().get_geometry() if spec else (1, 1)
    around = np.zeros((4, n_rows, n_columns))
    for place, axes in enumerate(figure.axes):
        outer = axes.get_tightbbox(renderer, for_layout_only=True)
        # After that it is as tall and wide as its aspect has it.
        inner = axes.get_window_extent(renderer)
        if outer is not None:
            around[(slice(None), *divmod(place, n_columns))] = (
                inner.x0 - outer.x0,
                outer.x1 - inner.x1,
                outer.y1 - inner.y1,
                inner.y0 - outer.y0,
            )
    return around

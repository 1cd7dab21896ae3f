"""Detection error trade-off on normal-deviate axes, with the operating point that dev fixes.

References
----------
Martin et al. (1997), The DET curve in assessment of detection task performance.
"""

from collections.abc import Iterable, Mapping
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from signl.evaluation.figures.figure_style import (
    Look,
    at_panel,
    empty_figure,
    finish,
    protocol_panels,
    recipe_looks,
    say,
    styled,
)
from signl.metrics import det_curve

TITLE: Final = "Detection error trade-off"
#: Ends of the axes, fractions; rates beyond them are drawn at them.
LOWEST: Final = 0.001
HIGHEST: Final = 0.99
_TICKS: Final = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99)
#: Rates of each axis, evenly spaced in deviates, between which points are not told apart.
_N_RATES: Final = 200
COLUMNS: Final = ("recipe", "protocol", "label_percent", "seed", "miss", "false_alarm")


def probit(rates: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return normal deviates of rates, which are first moved into the axes' range."""
    within = np.clip(np.asarray(rates, dtype=np.float64), LOWEST, HIGHEST)
    inverse = NormalDist().inv_cdf
    return np.array([inverse(rate) for rate in within.ravel()]).reshape(within.shape)


def det_points(bonafide: npt.ArrayLike, spoof: npt.ArrayLike) -> pd.DataFrame:
    """Return those points of a DET curve that a figure can show apart.

    Parameters
    ----------
    bonafide, spoof : array-like of shape (trial,)
        Scores of the two classes.

    Returns
    -------
    DataFrame
        ``miss`` and ``false_alarm``, fractions, all of them points of
        :func:`signl.metrics.det_curve`, in its order: some hundreds at most.

    Raises
    ------
    ScoreError
        If a class is missing or a score is not finite.
    """
    curve = det_curve(bonafide, spoof)
    normal = NormalDist()
    deviates = np.linspace(normal.inv_cdf(LOWEST), normal.inv_cdf(HIGHEST), _N_RATES)
    rates = np.array([normal.cdf(deviate) for deviate in deviates])
    # Of the points that fall between the same rates on both axes, the first and the last are kept.
    squares = np.stack([np.searchsorted(rates, axis) for axis in curve[:2]])
    is_new = np.any(np.diff(squares, axis=1) != 0, axis=0)
    is_kept = np.concatenate([[True], is_new]) | np.concatenate([is_new, [True]])
    is_kept[np.argmin(np.abs(curve.miss - curve.false_alarm))] = True
    return pd.DataFrame({"miss": curve.miss[is_kept], "false_alarm": curve.false_alarm[is_kept]})


@styled
def det(
    points: pd.DataFrame,
    operating: pd.DataFrame | None = None,
    *,
    recipes: Iterable[str] | None = None,
    title: str = TITLE,
) -> Figure:
    """Draw DET curves.

    Parameters
    ----------
    points : DataFrame
        Points of curves (:func:`det_points`) of one training and one evaluation corpus, with
        ``recipe``, ``protocol``, ``label_percent`` and ``seed``.
    operating : DataFrame, optional
        The same corpora's rows of ``metrics.parquet``: ``transfer_miss`` and
        ``transfer_false_alarm`` are the operating point, null for a system without dev scores.
    recipes : iterable of str, optional
        All recipes of the experiment, so that each looks as in its other figures.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
        A row of panels per protocol, a column per share of labels; a line per recipe and seed.
    """
    if points.empty:
        return empty_figure(title, "No protocol has scores of both classes.")
    shown = recipe_looks(points, recipes)

    def draw(axes: Axes, protocol: str, percent: float) -> None:
        _draw_curves(axes, at_panel(points, protocol, percent), shown)
        if operating is not None:
            _draw_operating(axes, at_panel(operating, protocol, percent), shown)

    labels = ("false alarms (% of spoof)", "misses (% of bona fide)")
    figure, grid = protocol_panels(points, draw, inches=2.4, labels=labels)
    _set_axes(grid)
    return finish(figure, title, _notes(points, operating), shown)


def _draw_curves(axes: Axes, points: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    """Draw the curves of a panel, and the line of equal errors."""
    axes.plot(probit([LOWEST, HIGHEST]), probit([LOWEST, HIGHEST]), color="0.75", lw=0.8, zorder=1)
    for (recipe, _), curve in points.groupby(["recipe", "seed"], sort=True):
        # The marker is that of the operating point.
        look = {**looks[str(recipe)], "marker": "none", "linewidth": 1.0}
        axes.plot(probit(curve["false_alarm"]), probit(curve["miss"]), label=recipe, **look)
    if points.empty:
        say(axes, "not evaluated")


def _draw_operating(axes: Axes, cells: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    """Draw the errors at the threshold of dev."""
    fixed = cells.dropna(subset=["transfer_miss", "transfer_false_alarm"])
    for recipe, own in fixed.groupby("recipe", sort=True):
        if look := looks.get(str(recipe)):
            style: dict[str, Any] = {"color": look["color"], "marker": look["marker"]}
            x, y = probit(own["transfer_false_alarm"]), probit(own["transfer_miss"])
            axes.plot(x, y, linestyle="none", mec="black", mew=0.5, ms=5, clip_on=False, **style)


def _set_axes(grid: npt.NDArray[Any]) -> None:
    """Set the ends and the ticks of the axes, which all panels share."""
    places, names = probit(_TICKS), [f"{100 * rate:g}" for rate in _TICKS]
    ends = probit([LOWEST, HIGHEST])
    grid[0, 0].set_xticks(places, names)
    grid[0, 0].set_yticks(places, names)
    grid[0, 0].set_xlim(*ends)
    grid[0, 0].set_ylim(*ends)
    for axes in grid.flat:
        axes.set_aspect("equal")
        axes.tick_params(axis="x", rotation=90)


def _notes(points: pd.DataFrame, operating: pd.DataFrame | None) -> list[str]:
    """Say what lines and markers are."""
    n_seeds = points["seed"].nunique()
    notes = [
        f"Normal-deviate axes. A line per recipe and seed ({n_seeds} in all); "
        "on the grey line both errors are equal.",
        f"Rates below {100 * LOWEST:g} % or above {100 * HIGHEST:g} % are drawn at the edge.",
    ]
    if operating is None or operating["transfer_miss"].isna().all():
        return [*notes, "No operating point: there are no dev scores."]
    return [*notes, "Markers: at the threshold of the EER on the training corpus's dev scores."]

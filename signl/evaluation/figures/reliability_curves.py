"""Reliability diagrams: what calibrated scores promise, and what is found."""

from collections.abc import Iterable, Mapping
from typing import Final

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

TITLE: Final = "Reliability"
N_BINS: Final = 10
COLUMNS: Final = (
    *("recipe", "label_percent", "seed", "protocol"),
    *("promised", "found", "n_bonafide", "n_spoof"),
)


def reliability_points(bonafide: npt.ArrayLike, spoof: npt.ArrayLike) -> pd.DataFrame:
    """Compare the probabilities that calibrated scores promise with shares that are found.

    Both are at equal priors, as the calibration is: a class weighs the same, whatever its size.

    Parameters
    ----------
    bonafide, spoof : array-like of shape (trial,)
        Calibrated scores of the two classes, natural-log likelihood ratios; at least one of each.

    Returns
    -------
    DataFrame
        A row per bin of the probability with trials, of equal width: ``promised``, the mean
        probability of bona fide in percent; ``found``, the share of bona fide in percent; and
        ``n_bonafide`` and ``n_spoof``.
    """
    ratios = [np.asarray(part, dtype=np.float64) for part in (bonafide, spoof)]
    edges = np.linspace(0, 1, N_BINS + 1)
    counts, sums = np.zeros((2, 2, N_BINS))
    for place, own in enumerate(ratios):
        # Written so that no exponential overflows.
        promised = 0.5 * (1 + np.tanh(own / 2))
        counts[place], _ = np.histogram(promised, edges)
        sums[place], _ = np.histogram(promised, edges, weights=promised)
    sizes = np.array([[own.size] for own in ratios])
    weight = (counts / sizes).sum(axis=0)
    used = weight > 0
    shares = (np.stack([sums / sizes, counts / sizes])[..., used]) / weight[used]
    return pd.DataFrame(
        {
            "promised": 100 * shares[0].sum(axis=0),
            "found": 100 * shares[1][0],
            "n_bonafide": counts[0][used].astype(int),
            "n_spoof": counts[1][used].astype(int),
        }
    )


@styled
def reliability(
    points: pd.DataFrame, *, recipes: Iterable[str] | None = None, title: str = TITLE
) -> Figure:
    """Draw reliability diagrams.

    Parameters
    ----------
    points : DataFrame
        Rows of :func:`reliability_points` of one training and one evaluation corpus, with
        ``recipe``, ``protocol``, ``label_percent`` and ``seed``.
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
        return empty_figure(title, "No classifier has a calibration: dev scores carry none.")
    shown = recipe_looks(points, recipes)

    def draw(axes: Axes, protocol: str, percent: float) -> None:
        _draw_panel(axes, at_panel(points, protocol, percent), shown)

    labels = ("probability promised (%)", "bona fide found (%)")
    figure, grid = protocol_panels(points, draw, inches=2.0, labels=labels)
    grid[0, 0].set(xlim=(0, 100), ylim=(0, 100))
    return finish(figure, title, _NOTES, shown)


_NOTES: Final = [
    f"By the map fitted on the training corpus's dev scores, at equal priors; {N_BINS} bins of "
    "equal width. A line per recipe and seed; the grey line keeps what it promises.",
    "Below it scores speak for bona fide too much, above it too little. Bins of few trials vary "
    "by chance. Classifiers without a calibration are left out.",
]


def _draw_panel(axes: Axes, points: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    """Draw the lines of a panel, and the one that keeps what it promises."""
    axes.plot([0, 100], [0, 100], color="0.75", lw=0.8, zorder=1)
    for (recipe, _), own in points.groupby(["recipe", "seed"], sort=True):
        axes.plot(own["promised"], own["found"], label=recipe, **looks[str(recipe)])
    if points.empty:
        say(axes, "no calibration")

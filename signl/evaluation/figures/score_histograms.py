"""Histograms of scores by class, with the threshold that dev fixes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from signl.evaluation.figures.figure_style import (
    empty_figure,
    finish,
    panels,
    percent_name,
    say,
    styled,
)
from signl.labels import BONAFIDE, SPOOF

TITLE: Final = "Scores by class"
N_BINS: Final = 40
#: Colour, stroke and hatch of a class; no recipe is drawn here.
_CLASSES: Final[Mapping[str, tuple[str, Literal["-", "--"], str]]] = {
    BONAFIDE: ("#0072B2", "-", ""),
    SPOOF: ("#D55E00", "--", "////"),
}
_NAMES: Final = {BONAFIDE: "bona fide", SPOOF: "spoof"}
COLUMNS: Final = ("recipe", "label_percent", "seed", "label", "low", "high", "n_trials", "percent")


def score_bins(scores: npt.ArrayLike, labels: npt.ArrayLike) -> pd.DataFrame:
    """Count the scores of both classes in the same bins.

    Parameters
    ----------
    scores : array-like of shape (trial,)
        Finite; higher = more bona fide.
    labels : array-like of shape (trial,)
        ``bonafide`` or ``spoof``.

    Returns
    -------
    DataFrame
        A row per class that has trials and per bin: ``label``, ``low`` and ``high`` (the ends of
        the bin), ``n_trials``, and ``percent``, of the trials of the class.
    """
    bins = binned(np.asarray(scores, dtype=np.float64), np.asarray(labels), list(_CLASSES))
    return bins.rename(columns={"name": "label"})[list(COLUMNS[3:])]


def binned(
    values: npt.NDArray[np.float64], names: npt.NDArray[Any], shown: Sequence[str]
) -> pd.DataFrame:
    """Count the scores of some groups of trials in the same bins.

    Parameters
    ----------
    values : ndarray of shape (trial,)
        Scores.
    names : ndarray of shape (trial,)
        The group of each.
    shown : sequence of str
        The groups; one without trials is left out.

    Returns
    -------
    DataFrame
        A row per group and bin: ``name``, ``mean`` score of the group, ``low`` and ``high`` (the
        ends of the bin), ``n_trials``, and ``percent``, of the trials of the group.
    """
    edges = np.histogram_bin_edges(values, N_BINS)
    groups = {name: values[names == name] for name in shown}
    groups = {name: own for name, own in groups.items() if own.size}
    counts = np.array([np.histogram(own, edges)[0] for own in groups.values()], dtype=np.int64)
    sizes = np.array([own.size for own in groups.values()])
    means = [own.mean() for own in groups.values()]
    return pd.DataFrame(
        {
            "name": np.repeat(np.array(list(groups), dtype=object), N_BINS),
            "mean": np.repeat(np.array(means, dtype=np.float64), N_BINS),
            "low": np.tile(edges[:-1], len(groups)),
            "high": np.tile(edges[1:], len(groups)),
            "n_trials": counts.ravel(),
            "percent": (100 * counts / sizes.reshape(-1, 1)).ravel(),
        }
    )


@styled
def histograms(
    bins: pd.DataFrame, thresholds: pd.DataFrame | None = None, *, title: str = TITLE
) -> Figure:
    """Draw histograms of scores.

    Parameters
    ----------
    bins : DataFrame
        Rows of :func:`score_bins` of one training and one evaluation corpus, with ``recipe``,
        ``label_percent`` and ``seed``. Of several seeds the first is drawn: scores of two
        trainings have no common scale.
    thresholds : DataFrame, optional
        The same corpora's rows of ``metrics.parquet``, with ``transfer_threshold``.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
        A row of panels per recipe, a column per share of labels.
    """
    if bins.empty:
        return empty_figure(title, "There are no scores.")
    figure, grid = score_panels(bins, thresholds, _draw_classes, panel=(2.6, 1.6))
    for axes in grid[:, 0]:
        axes.set_ylabel("trials (% of class)")
    handles = [
        Line2D([], [], color=color, linestyle=stroke, label=_NAMES[label])
        for label, (color, stroke, _) in _CLASSES.items()
    ]
    handles.append(Line2D([], [], color="black", linestyle=":", label="dev threshold"))
    figure.legend(handles=handles, loc="outside right upper")
    return finish(figure, title, _notes(bins, thresholds))


def score_panels(
    bins: pd.DataFrame,
    thresholds: pd.DataFrame | None,
    draw: Callable[[Axes, pd.DataFrame], None],
    *,
    panel: tuple[float, float],
) -> tuple[Figure, npt.NDArray[Any]]:
    """Draw the bins of each recipe, a row of panels, and share of labels, a column.

    Parameters
    ----------
    bins, thresholds
        As of :func:`histograms`; there are bins.
    draw : callable
        Draws the bins of one classifier, which may be none.
    panel : (width, height)
        Inches of a panel.
    """
    recipes, percents = (sorted(set(bins[name])) for name in ("recipe", "label_percent"))
    figure, grid = panels(len(recipes), len(percents), panel=panel, share=False)
    for row, recipe in enumerate(recipes):
        for column, percent in enumerate(percents):
            axes = grid[row, column]
            own = _first_seed(bins, recipe, percent)
            draw(axes, own)
            if thresholds is not None and len(own):
                seed = own["seed"].iloc[0]
                _draw_threshold(axes, _of_seed(thresholds, recipe, percent, seed))
            axes.set_title(f"{recipe}, {percent_name(percent)}")
    for axes in grid[-1]:
        axes.set_xlabel("score (higher: bona fide)")
    return figure, grid


def _first_seed(bins: pd.DataFrame, recipe: str, percent: float) -> pd.DataFrame:
    """Return the bins of a panel, of the lowest seed."""
    own = bins[(bins["recipe"] == recipe) & (bins["label_percent"] == percent)]
    return own[own["seed"] == own["seed"].min()]


def _of_seed(cells: pd.DataFrame, recipe: str, percent: float, seed: int) -> pd.DataFrame:
    """Return the cells of a classifier."""
    is_own = (cells["recipe"] == recipe) & (cells["label_percent"] == percent)
    return cells[is_own & (cells["seed"] == seed)]


def _draw_classes(axes: Axes, bins: pd.DataFrame) -> None:
    """Draw the classes of a panel; say which of them it lacks."""
    for label, (color, stroke, hatch) in _CLASSES.items():
        own = bins[bins["label"] == label]
        if own.empty:
            continue
        edges = [*own["low"], own["high"].iloc[-1]]
        style: dict[str, Any] = {"color": color, "linestyle": stroke, "linewidth": 1.1}
        axes.stairs(own["percent"], edges, label=_NAMES[label], **style)
        axes.stairs(own["percent"], edges, fill=True, color=color, alpha=0.15, hatch=hatch, lw=0)
    axes.set_ylim(bottom=0)
    missing = [name for label, name in _NAMES.items() if label not in set(bins["label"])]
    if bins.empty:
        say(axes, "not evaluated")
    elif missing:
        axes.text(0.02, 0.97, f"no {missing[0]} trials", transform=axes.transAxes, va="top")


def _draw_threshold(axes: Axes, cells: pd.DataFrame) -> None:
    """Draw the threshold of a classifier, which is the same under all protocols."""
    for threshold in sorted(set(cells["transfer_threshold"].dropna())):
        axes.axvline(threshold, color="black", linestyle=":", linewidth=1.1)


def _notes(bins: pd.DataFrame, thresholds: pd.DataFrame | None) -> list[str]:
    """Say what is drawn of what."""
    seeds = sorted(set(bins["seed"]))
    notes = [f"All trials with a score, {N_BINS} bins; of each panel the first seed."]
    if len(seeds) > 1:
        notes[0] += f" There are {len(seeds)}; scores of two trainings have no common scale."
    if thresholds is None or thresholds["transfer_threshold"].isna().all():
        return [*notes, "No threshold: there are no dev scores."]
    return [*notes, "Dotted: the threshold of the EER on the training corpus's dev scores."]

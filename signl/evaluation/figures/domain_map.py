"""A heat map of EERs: on what was trained, on what evaluated; per recipe and share of labels."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from signl.evaluation.figures.figure_style import (
    MARGIN,
    empty_figure,
    finish,
    panels,
    percent_name,
    say,
    seeds_note,
    styled,
)
from signl.evaluation.figures.label_curves import mean_over_seeds

TITLE: Final = "EER across domains (%)"
#: Per cent at which the colours end; above it is worse than chance, where all are as dark.
HIGHEST: Final = 50.0
#: Per cent above which a cell is so dark that its figure is white.
DARK: Final = 0.55 * HIGHEST
#: Colour of the frame of cells in the domain of training.
FRAME: Final = "#D55E00"
#: Inches that a cell takes, a title above cells, a letter of a name, and a map at the least.
_CELL: Final = (0.42, 0.34)
_TITLE: Final = 0.4
_LETTER: Final = 0.06
_LEAST: Final = 2.2


@styled
def crossdomain(cells: pd.DataFrame) -> Figure:
    """Draw the EER of every training corpus on every evaluation corpus and protocol.

    Parameters
    ----------
    cells : DataFrame
        Rows of ``metrics.parquet``: recipe, corpora, protocol, label percent, seed, EER.

    Returns
    -------
    Figure
        A row of maps per recipe, a column per share of labels. The figure in a cell is the mean
        over seeds, in percent; cells in the domain of training have a frame, and cells without
        an EER a dash.
    """
    if cells.empty:
        return empty_figure(TITLE, "No classifier has been measured: there is nothing to draw.")
    by = ["recipe", "label_percent", "train_corpus", "eval_corpus", "protocol"]
    means = mean_over_seeds(cells, by)
    recipes, percents = (sorted(set(cells[name])) for name in by[:2])
    trained = sorted(set(cells["train_corpus"]))
    evaluated = sorted(set(cells[["eval_corpus", "protocol"]].itertuples(index=False, name=None)))
    names = [f"{corpus} ({protocol})" for corpus, protocol in evaluated]
    size = (max(_LEAST, len(evaluated) * _CELL[0]), len(trained) * _CELL[1] + _TITLE)
    margin = tuple(
        least + _LETTER * max(map(len, own))
        for least, own in zip(MARGIN, (trained, names), strict=True)
    )
    figure, grid = panels(len(recipes), len(percents), panel=size, margin=(margin[0], margin[1]))
    for row, recipe in enumerate(recipes):
        for column, percent in enumerate(percents):
            axes = grid[row, column]
            is_here = (means["recipe"] == recipe) & (means["label_percent"] == percent)
            rates = _matrix(means[is_here], trained, evaluated)
            image = _draw_map(axes, rates)
            if not np.isnan(rates).all():
                _frame_own(axes, trained, evaluated)
            axes.set_title(f"{recipe}, {percent_name(percent)}")
    grid[0, 0].set_xticks(range(len(names)), names)
    grid[0, 0].set_yticks(range(len(trained)), trained)
    for axes in grid[-1]:
        axes.tick_params(axis="x", rotation=90)
        axes.set_xlabel("evaluated on")
    for axes in grid[:, 0]:
        axes.set_ylabel("trained on")
    bar = figure.colorbar(image, ax=list(grid.flat), extend="max", shrink=0.8, aspect=30)
    bar.set_label("EER (%), 50 is chance")
    notes = [f"Mean over seeds. {seeds_note(means['n_seeds'], 'mean of several')}"]
    return finish(figure, TITLE, [*notes, "Framed: trained and evaluated on the same corpus."])


def _matrix(
    means: pd.DataFrame, trained: list[str], evaluated: list[tuple[str, str]]
) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return the rates as an array of shape (trained, evaluated), NaN where there is none."""
    found: Mapping[tuple[str, str, str], float] = {
        (row["train_corpus"], row["eval_corpus"], row["protocol"]): row["mean"]
        for row in means.to_dict("records")
    }
    return np.array(
        [[found.get((corpus, *place), np.nan) for place in evaluated] for corpus in trained]
    )


def _draw_map(axes: Axes, rates: "np.ndarray[Any, np.dtype[np.float64]]") -> AxesImage:
    """Draw a map, with the figures in its cells."""
    axes.grid(False)
    image = axes.imshow(rates, vmin=0, vmax=HIGHEST, aspect="auto", interpolation="nearest")
    if np.isnan(rates).all():
        say(axes, "not evaluated, or no EER")
        return image
    for (row, column), rate in np.ndenumerate(rates):
        axes.text(
            column,
            row,
            "\N{EN DASH}" if np.isnan(rate) else f"{rate:.1f}",
            ha="center",
            va="center",
            fontsize=6,
            color="white" if rate > DARK else "black",
        )
    return image


def _frame_own(axes: Axes, trained: list[str], evaluated: list[tuple[str, str]]) -> None:
    """Frame the cells in the domain of training."""
    for row, corpus in enumerate(trained):
        for column, (eval_corpus, _) in enumerate(evaluated):
            if corpus == eval_corpus:
                corner = (column - 0.46, row - 0.44)
                axes.add_patch(Rectangle(corner, 0.92, 0.88, fill=False, lw=1.2, ec=FRAME))

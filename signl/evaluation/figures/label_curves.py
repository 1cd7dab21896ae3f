"""EER against the share of labels, a panel per training corpus, evaluation corpus and protocol."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from signl.evaluation.figures.figure_style import (
    Look,
    empty_figure,
    finish,
    panels,
    recipe_looks,
    say,
    seeds_note,
    styled,
)
from signl.evaluation.published import published_eer, systems_of

TITLE: Final = "EER against the share of labels"
_PANEL: Final = ["eval_corpus", "protocol"]
#: Ticks that are closer than this, in decades, have no room for their names beside each other.
_ROOM: Final = 0.12


def mean_over_seeds(cells: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Average EER over seeds, as the tables do.

    Parameters
    ----------
    cells : DataFrame
        With the columns ``by`` and ``eer``, a fraction; null where a seed has none.
    by : sequence of str
        What tells groups apart.

    Returns
    -------
    DataFrame
        The columns ``by``, ``n_seeds``, and in percent ``mean`` (null where a seed has no EER)
        and ``deviation`` (of a sample; null for a single seed).
    """
    groups: dict[tuple[Any, ...], list[float]] = {}
    for *names, rate in zip(*(cells[name] for name in (*by, "eer")), strict=True):
        groups.setdefault(tuple(names), []).append(100 * rate)
    rows = [
        {**dict(zip(by, names, strict=True)), "n_seeds": len(rates), **_spread(rates)}
        for names, rates in sorted(groups.items())
    ]
    return pd.DataFrame(rows, columns=[*by, "n_seeds", "mean", "deviation"])


def _spread(values: Sequence[float]) -> dict[str, float]:
    """Return mean and deviation; both null where a value is."""
    if any(map(math.isnan, values)):
        return dict.fromkeys(("mean", "deviation"), math.nan)
    deviation = statistics.stdev(values) if len(values) > 1 else math.nan
    return {"mean": statistics.fmean(values), "deviation": deviation}


@styled
def label_efficiency(
    cells: pd.DataFrame,
    *,
    recipes: Iterable[str] | None = None,
    published_as: Mapping[str, Mapping[str, str] | None] | None = None,
) -> Figure:
    """Draw the EER against the share of labels.

    Parameters
    ----------
    cells : DataFrame
        Rows of ``metrics.parquet``: recipe, corpora, protocol, label percent, seed, EER.
    recipes : iterable of str, optional
        All recipes of the experiment, so that each looks as in its other figures.
    published_as : Mapping, optional
        Recipe -> ``model`` and ``frontend`` under which the paper reports it. Its figures are
        drawn beside ours, hollow, where both measure the same.

    Returns
    -------
    Figure
        A row of panels per training corpus, a column per evaluation corpus and protocol; a line
        per recipe, mean over seeds, in a band of one standard deviation to each side.

    Raises
    ------
    ConfigError
        If ``published_as`` names a system that the paper does not report.
    """
    if cells.empty:
        return empty_figure(TITLE, "No classifier has been measured: there is nothing to draw.")
    shown = recipe_looks(cells, recipes)
    published = published_points(cells, published_as or {})
    means = mean_over_seeds(cells, ["train_corpus", *_PANEL, "recipe", "label_percent"])
    rows = sorted(set(cells["train_corpus"]))
    columns = sorted(set(cells[_PANEL].itertuples(index=False, name=None)))
    figure, grid = panels(len(rows), len(columns))
    for row, train_corpus in enumerate(rows):
        for column, (eval_corpus, protocol) in enumerate(columns):
            axes = grid[row, column]
            is_here = {
                "train_corpus": train_corpus,
                "eval_corpus": eval_corpus,
                "protocol": protocol,
            }
            _draw_panel(axes, _where(means, is_here), _where(published, is_here), shown)
            axes.set_title(f"{train_corpus} →\n{eval_corpus} ({protocol})")
        grid[row, 0].set_ylabel("EER (%)")
    for axes in grid[-1]:
        axes.set_xlabel("labels (%)")
    _set_percents(grid[0, 0], sorted(set(cells["label_percent"])))
    return finish(figure, TITLE, _notes(means, published), shown)


def published_points(
    cells: pd.DataFrame, published_as: Mapping[str, Mapping[str, str] | None]
) -> pd.DataFrame:
    """Return the paper's figures that stand beside those of cells, in percent."""
    names = ["recipe", "train_corpus", *_PANEL, "label_percent"]
    systems = systems_of(published_as)
    rows = []
    for cell in cells.drop_duplicates(names).to_dict("records"):
        system = systems.get(cell["recipe"])
        found = system and published_eer(
            system,
            **{name: cell[name] for name in names if name != "recipe"},
            n_trials=cell["n_bonafide"] + cell["n_spoof"],
        )
        if found:
            rows.append({name: cell[name] for name in names} | found._asdict())
    return pd.DataFrame(rows, columns=[*names, "mean", "deviation"])


def _where(table: pd.DataFrame, values: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows with these values."""
    for name, value in values.items():
        table = table[table[name] == value]
    return table


def _draw_panel(
    axes: Axes, means: pd.DataFrame, published: pd.DataFrame, looks: Mapping[str, Look]
) -> None:
    """Draw a line per recipe, its band, and the paper's points."""
    for recipe, look in looks.items():
        own = means[means["recipe"] == recipe]
        percents, mean, deviation = (own[name] for name in ("label_percent", "mean", "deviation"))
        if len(own):
            axes.plot(percents, mean, label=recipe, **look)
            band = {"color": look["color"], "alpha": 0.18, "linewidth": 0}
            axes.fill_between(percents, mean - deviation, mean + deviation, **band)
        theirs = published[published["recipe"] == recipe]
        if len(theirs):
            hollow = {"color": look["color"], "marker": look["marker"], "mfc": "white"}
            x, y, error = (theirs[name] for name in ("label_percent", "mean", "deviation"))
            axes.errorbar(x, y, error, linestyle="none", capsize=2, **hollow)
    if means["mean"].isna().all():
        say(axes, "no EER" if len(means) else "not evaluated")


def _set_percents(axes: Axes, percents: Sequence[float]) -> None:
    """Set a logarithmic axis of label percents, with names where there is room for them."""
    axes.set_xscale("log")
    following = [*percents[1:], math.inf]
    names = [
        f"{percent:g}" if math.log10(after / percent) > _ROOM else ""
        for percent, after in zip(percents, following, strict=True)
    ]
    axes.set_xticks(percents, names)
    axes.xaxis.set_minor_locator(NullLocator())


def _notes(means: pd.DataFrame, published: pd.DataFrame) -> list[str]:
    """Say what lines, bands and points are."""
    seeds = seeds_note(means["n_seeds"], "band")
    notes = [f"Lines: mean over seeds; bands: one standard deviation to each side. {seeds}"]
    if means["mean"].isna().any():
        notes.append("No point where a seed has no EER.")
    if means["label_percent"].nunique() == 1:
        notes.append("One share of labels: points, no lines.")
    if len(published):
        notes.append("Hollow, with bars: mean and standard deviation as published.")
    return notes

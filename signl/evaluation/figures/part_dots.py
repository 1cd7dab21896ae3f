"""EER of every attack and codec as sorted dots: what a system fails on stands on top."""

from collections.abc import Iterable, Mapping
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from signl.evaluation.collected import PARTS
from signl.evaluation.figures.figure_style import (
    Look,
    empty_figure,
    finish,
    panels,
    percent_name,
    recipe_looks,
    say,
    seeds_note,
    styled,
)
from signl.evaluation.figures.label_curves import mean_over_seeds

TITLE: Final = "EER by attack and by codec"
#: A panel names no more parts than this: those of the highest EERs.
MOST_PARTS: Final = 40
_ROW_INCHES: Final = 0.16
_LEAST_INCHES: Final = 0.8
_WIDTH: Final = 3.0
#: How far apart the recipes of a part stand, of the distance of two parts.
_SPREAD: Final = 0.6


@styled
def breakdown(
    parts: pd.DataFrame, *, recipes: Iterable[str] | None = None, title: str = TITLE
) -> Figure:
    """Draw the EER of every attack and codec.

    Parameters
    ----------
    parts : DataFrame
        Rows of ``breakdown.parquet`` of one training and one evaluation corpus.
    recipes : iterable of str, optional
        All recipes of the experiment, so that each looks as in its other figures.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
        A row of panels per protocol and kind of part, a column per share of labels. Parts are
        sorted by their mean EER over recipes and shares, the highest on top; a line is the mean
        over seeds of the bootstrap interval. A part of one class only has no EER and no place.
    """
    if parts.empty:
        return empty_figure(title, "No protocol names an attack or a codec.")
    shown = recipe_looks(parts, recipes)
    means = _means_of(parts)
    kinds = sorted(set(means[["protocol", "part"]].itertuples(index=False, name=None)))
    percents = sorted(set(means["label_percent"]))
    names = {kind: sorted_parts(means, *kind) for kind in kinds}
    n_shown = [min(len(names[kind]), MOST_PARTS) for kind in kinds]
    heights = [max(_LEAST_INCHES, _ROW_INCHES * n + 0.3) for n in n_shown]
    figure, grid = panels(
        len(kinds), len(percents), panel=(_WIDTH, 0.0), heights=heights, share=False
    )
    for row, kind in enumerate(kinds):
        is_kind = (means["protocol"] == kind[0]) & (means["part"] == kind[1])
        for column, percent in enumerate(percents):
            here = means[is_kind & (means["label_percent"] == percent)]
            _draw_panel(grid[row, column], here, names[kind][:MOST_PARTS], shown)
            grid[row, column].set_title(f"{PARTS[kind[1]]}, {kind[0]}: {percent_name(percent)}")
    for axes in grid[-1]:
        axes.set_xlabel("EER (%)")
    return finish(figure, title, _notes(means, names), shown)


def _means_of(parts: pd.DataFrame) -> pd.DataFrame:
    """Average the EERs of parts and the ends of their intervals over seeds, in percent."""
    by = ["protocol", "part", "name", "recipe", "label_percent"]
    ends = {
        end: mean_over_seeds(parts.assign(eer=parts[f"eer_{end}"]), by)["mean"]
        for end in ("low", "high")
    }
    return mean_over_seeds(parts, by).assign(**ends)


def sorted_parts(means: pd.DataFrame, protocol: str, part: str) -> list[str]:
    """Return the names of a protocol's parts with an EER, the highest mean first."""
    own = means[(means["protocol"] == protocol) & (means["part"] == part)].dropna(subset=["mean"])
    rates = own.groupby("name")["mean"].mean()
    return [name for _, name in sorted((-rate, name) for name, rate in rates.items())]


def _draw_panel(
    axes: Axes, means: pd.DataFrame, names: list[str], looks: Mapping[str, Look]
) -> None:
    """Draw the parts of a panel, the first on top."""
    places = {name: place for place, name in enumerate(names)}
    own = means[means["name"].isin(names)].dropna(subset=["mean"])
    for number, (recipe, look) in enumerate(looks.items()):
        dots = own[own["recipe"] == recipe]
        if dots.empty:
            continue
        offset = _SPREAD * ((number + 0.5) / len(looks) - 0.5)
        y = dots["name"].map(places) + offset
        # Of few trials an interval may lie beside the rate: a line then begins at the dot.
        error = [(dots["mean"] - dots["low"]).clip(0), (dots["high"] - dots["mean"]).clip(0)]
        style = {"color": look["color"], "marker": look["marker"], "linestyle": "none"}
        axes.errorbar(dots["mean"], y, xerr=error, label=recipe, elinewidth=0.8, ms=3, **style)
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.set_xlim(left=0)
    if own.empty:
        say(axes, "no part has both classes" if not names else "not evaluated")


def _notes(means: pd.DataFrame, names: Mapping[tuple[str, str], list[str]]) -> list[str]:
    """Say what dots and lines are, and what is left out."""
    notes = [
        "Dots: mean over seeds; lines: mean of the ends of the 95 % intervals over trials. "
        + seeds_note(means["n_seeds"], "spread between trainings"),
        "An attack's spoofs stand against all bona fide trials; a codec's trials among themselves.",
    ]
    for (protocol, part), own in names.items():
        if len(own) > MOST_PARTS:
            notes.append(f"{PARTS[part]}, {protocol}: the worst {MOST_PARTS} of {len(own)}.")
    without = means.loc[means["mean"].isna(), "name"].nunique()
    if without:
        notes.append(f"Without an EER of some system, for want of a class: {without} parts.")
    return notes

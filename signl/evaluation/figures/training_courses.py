"""Losses and EER by epoch, and of pre-trainings the diagnostics of a collapse."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from signl.errors import ArtefactError
from signl.evaluation.figures.figure_style import (
    Look,
    empty_figure,
    finish,
    panels,
    percent_name,
    recipe_looks,
    say,
    styled,
)
from signl.objectives.collapse_limits import MIN_DEVIATION, MIN_EFFECTIVE_RANK

IDENTITY: Final = ("recipe", "train_corpus", "label_percent", "seed")
#: Rows of panels: what a history calls a figure -> its name on the axis, and a factor.
_CLASSIFIER: Final[Mapping[str, tuple[str, float]]] = {
    "train_loss": ("train loss", 1),
    "dev_loss": ("dev loss", 1),
    "train_eer": ("train EER (%)", 100),
    "dev_eer": ("dev EER (%)", 100),
}
_PRETRAINING: Final[Mapping[str, tuple[str, float]]] = {
    "train_loss": ("train loss", 1),
    "dev_loss": ("dev loss", 1),
    **{
        f"{part}_{figure}": (f"{part}\n{name}", 1)
        for figure, name in (
            ("deviation", "deviation"),
            ("effective_rank", "effective rank"),
            ("correlation", "correlation"),
        )
        for part in ("embedding", "projection")
    },
}
#: Below which a pre-training counts as collapsed.
_LIMITS: Final = {"deviation": MIN_DEVIATION, "effective_rank": MIN_EFFECTIVE_RANK}


def read_histories(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Read the histories of trainings as one table.

    Parameters
    ----------
    paths : sequence of paths
        ``.../{recipe}/{corpus}/seed-{seed}/history.jsonl`` of pre-trainings, or
        ``.../{recipe}/{corpus}/labels-{percent}/seed-{seed}/history.jsonl`` of classifiers.

    Returns
    -------
    DataFrame
        A row per epoch: ``recipe``, ``train_corpus``, ``label_percent`` (null of a
        pre-training), ``seed``, and what the history says of it.

    Raises
    ------
    ArtefactError
        If a history is damaged; names it.
    """
    rows = [row for path in map(Path, paths) for row in _read(path)]
    return pd.DataFrame(rows, columns=None if rows else [*IDENTITY, "epoch"])


def _read(path: Path) -> list[dict[str, Any]]:
    """Return the epochs of a training."""
    try:
        *_, recipe, corpus, percent, seed = path.parts[:-1]
        if not percent.startswith("labels-"):
            recipe, corpus, percent = path.parts[-4], path.parts[-3], "labels-nan"
        values = (recipe, corpus, float(percent[7:]), int(seed.removeprefix("seed-")))
        named = dict(zip(IDENTITY, values, strict=True))
        lines = path.read_text(encoding="utf-8").splitlines()
        return [named | json.loads(line) for line in lines]
    except (ValueError, TypeError) as error:
        raise ArtefactError(
            f"{path} is no history of a training ({error!r}); delete it and run the same "
            "snakemake command again"
        ) from error


@styled
def classifier_courses(
    history: pd.DataFrame,
    *,
    recipes: Iterable[str] | None = None,
    title: str = "Training of classifiers",
) -> Figure:
    """Draw losses and EER of classifiers by epoch.

    Parameters
    ----------
    history : DataFrame
        Rows of :func:`read_histories` of classifiers on one corpus.
    recipes : iterable of str, optional
        All recipes of the experiment, so that each looks as in its other figures.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
        A row of panels per figure, a column per share of labels; a line per recipe and seed,
        with a marker at the epoch that was kept.
    """
    if history.empty:
        return empty_figure(title, "No classifier has been trained.")
    names = {percent: percent_name(percent) for percent in sorted(set(history["label_percent"]))}
    groups = {name: history[history["label_percent"] == key] for key, name in names.items()}
    notes = [
        "A line per recipe and seed; markers: the epochs that were kept.",
        "Of a logistic regression the epochs are the strengths that were tried, weakest first.",
    ]
    return _draw(groups, _CLASSIFIER, recipe_looks(history, recipes), title, notes)


@styled
def pretraining_courses(
    history: pd.DataFrame,
    *,
    recipes: Iterable[str] | None = None,
    title: str = "Pre-training",
) -> Figure:
    """Draw losses of pre-trainings by epoch, and whether they collapse.

    Parameters
    ----------
    history : DataFrame
        Rows of :func:`read_histories` of pre-trainings.
    recipes : iterable of str, optional
        All recipes of the experiment, so that each looks as in its other figures.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
        A row of panels per figure, a column per training corpus; a line per recipe and seed,
        with a marker at the epoch that was kept. Grey: where a pre-training counts as collapsed.
    """
    if history.empty:
        return empty_figure(title, "No recipe is pre-trained.")
    corpora = sorted(set(history["train_corpus"]))
    groups = {corpus: history[history["train_corpus"] == corpus] for corpus in corpora}
    notes = [
        "A line per recipe and seed; markers: the epochs that were kept.",
        f"Grey: collapsed, to a point (deviation below {MIN_DEVIATION:g}) or to a line "
        f"(effective rank below {MIN_EFFECTIVE_RANK:g}). Correlation 1 is a line too.",
    ]
    return _draw(groups, _PRETRAINING, recipe_looks(history, recipes), title, notes)


def _draw(
    groups: Mapping[str, pd.DataFrame],
    figures: Mapping[str, tuple[str, float]],
    looks: Mapping[str, Look],
    title: str,
    notes: list[str],
) -> Figure:
    """Draw a row of panels per figure of the histories, a column per group of them."""
    grouped = pd.concat(groups.values())
    rows = {name: told for name, told in figures.items() if name in grouped}
    figure, grid = panels(len(rows), len(groups), panel=(2.4, 1.15), share=False)
    for row, (name, (label, factor)) in enumerate(rows.items()):
        for axes, own in zip(grid[row], groups.values(), strict=True):
            _draw_courses(axes, own, name, factor, looks)
            _shade(axes, name)
        grid[row, 0].set_ylabel(label)
    for axes, group in zip(grid[0], groups, strict=True):
        axes.set_title(group)
    for axes in grid[-1]:
        axes.set_xlabel("epoch")
    if (grouped.groupby(list(IDENTITY), dropna=False).size() == 1).all():
        notes = [*notes, "One epoch each: points, no lines."]
    return finish(figure, title, notes, looks)


def _draw_courses(
    axes: Axes, history: pd.DataFrame, name: str, factor: float, looks: Mapping[str, Look]
) -> None:
    """Draw a figure of all trainings of a panel."""
    own = history.dropna(subset=[name])
    for (recipe, *_), course in own.groupby(list(IDENTITY), dropna=False, sort=True):
        look = looks[recipe]
        best = course[course["best"].astype(bool)].tail(1)
        line = {"color": look["color"], "linestyle": look["linestyle"], "linewidth": 1.0}
        line["marker"] = "none"
        axes.plot(course["epoch"], factor * course[name], label=recipe, **line)
        dot = {"color": look["color"], "marker": look["marker"], "linestyle": "none"}
        axes.plot(best["epoch"], factor * best[name], **dot)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    if own.empty:
        say(axes, "no figures")


def _shade(axes: Axes, name: str) -> None:
    """Shade where a figure says that a pre-training has collapsed."""
    part, _, figure = name.partition("_")
    if part in ("embedding", "projection") and figure in _LIMITS:
        axes.set_ylim(bottom=0)
        axes.axhspan(0, _LIMITS[figure], color="0.85", zorder=0)

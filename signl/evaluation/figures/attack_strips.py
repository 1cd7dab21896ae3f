"""Histograms of scores by attack, as strips: an attack that looks bona fide stands on top."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from signl.evaluation.figures.figure_style import empty_figure, finish, say, styled
from signl.evaluation.figures.score_histograms import N_BINS, binned, score_panels
from signl.labels import BONAFIDE

TITLE: Final = "Scores by attack"
#: What strips of trials without a name of an attack are called.
BONAFIDE_NAME: Final = "bona fide"
UNNAMED: Final = "spoof, no attack named"
#: A panel has no more attacks than this: those with the highest mean scores.
MOST_ATTACKS: Final = 40
COLUMNS: Final = (
    *("recipe", "label_percent", "seed", "name", "mean"),
    *("low", "high", "n_trials", "percent"),
)
_ROW_INCHES: Final = 0.14
_LEAST_INCHES: Final = 0.5


def attack_bins(
    scores: npt.ArrayLike, labels: npt.ArrayLike, attacks: npt.ArrayLike
) -> pd.DataFrame:
    """Count the scores of bona fide trials and of each attack in the same bins.

    Parameters
    ----------
    scores : array-like of shape (trial,)
        Finite; higher = more bona fide.
    labels : array-like of shape (trial,)
        ``bonafide`` or ``spoof``.
    attacks : array-like of shape (trial,)
        Attack of each spoof; None where it is not known.

    Returns
    -------
    DataFrame
        A row per strip and bin: ``name`` of the attack, or :data:`BONAFIDE_NAME` or
        :data:`UNNAMED`; ``mean`` score of the strip; ``low`` and ``high``, the ends of the bin;
        ``n_trials``, and ``percent``, of the trials of the strip.
    """
    strips = [
        BONAFIDE_NAME if label == BONAFIDE else (attack or UNNAMED)
        for label, attack in zip(np.asarray(labels), np.asarray(attacks, object), strict=True)
    ]
    names = np.array(strips, dtype=object)
    return binned(np.asarray(scores, dtype=np.float64), names, sorted(set(strips)))


@styled
def attack_histograms(
    bins: pd.DataFrame, thresholds: pd.DataFrame | None = None, *, title: str = TITLE
) -> Figure:
    """Draw histograms of scores by attack: a strip an attack, the darker the more of its trials.

    Parameters
    ----------
    bins : DataFrame
        Rows of :func:`attack_bins` of one training and one evaluation corpus, with ``recipe``,
        ``label_percent`` and ``seed``. Of several seeds the first is drawn.
    thresholds : DataFrame, optional
        The same corpora's rows of ``metrics.parquet``, with ``transfer_threshold``.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
        A row of panels per recipe, a column per share of labels. Bona fide trials are the lowest
        strip; attacks are sorted by their mean score, the highest on top.
    """
    if bins.empty:
        return empty_figure(title, "There are no scores.")
    n_strips = min(bins["name"].nunique(), MOST_ATTACKS + 1)
    height = max(_LEAST_INCHES, _ROW_INCHES * n_strips + 0.3)
    figure, _ = score_panels(bins, thresholds, _draw_strips, panel=(2.8, height))
    return finish(figure, title, _notes(bins))


def sorted_strips(bins: pd.DataFrame) -> list[str]:
    """Return the names of a panel's strips from the top: attacks by mean score, bona fide last."""
    means = bins.groupby("name")["mean"].first().drop(BONAFIDE_NAME, errors="ignore")
    attacks = [name for _, name in sorted((-mean, name) for name, mean in means.items())]
    own = [BONAFIDE_NAME] if BONAFIDE_NAME in set(bins["name"]) else []
    return [*attacks[:MOST_ATTACKS], *own]


def _draw_strips(axes: Axes, bins: pd.DataFrame) -> None:
    """Draw the strips of a panel, the first on top."""
    axes.grid(visible=False)
    if bins.empty:
        say(axes, "not evaluated")
        return
    names = sorted_strips(bins)
    shares = np.stack([bins.loc[bins["name"] == name, "percent"] for name in names])
    # Each strip has its own scale: what is compared is where its scores lie.
    shares /= shares.max(axis=1, keepdims=True)
    ends = (bins["low"].min(), bins["high"].max(), len(names) - 0.5, -0.5)
    style = {"cmap": "Greys", "aspect": "auto", "interpolation": "nearest"}
    axes.imshow(shares, extent=ends, vmin=0, vmax=1, **style)  # type: ignore[arg-type]
    axes.set_yticks(range(len(names)), names, fontsize=6)


def _notes(bins: pd.DataFrame) -> list[str]:
    """Say what is drawn of what."""
    notes = [
        f"All trials with a score, {N_BINS} bins; of each panel the first seed. The darker, the "
        "more of a strip's trials; each strip has a scale of its own.",
        "Dotted: the threshold of the EER on the training corpus's dev scores, where there is one.",
    ]
    n_attacks = len(set(bins["name"]) - {BONAFIDE_NAME})
    if n_attacks > MOST_ATTACKS:
        notes.append(f"The {MOST_ATTACKS} attacks with the highest mean scores of {n_attacks}.")
    return notes

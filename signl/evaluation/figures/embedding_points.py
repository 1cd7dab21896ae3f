"""A map of embeddings: by principal components, and by t-SNE of these."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from signl.evaluation.figures.figure_style import empty_figure, finish, panels, styled
from signl.labels import BONAFIDE, SPOOF

TITLE: Final = "Map of embeddings"
#: Principal components that t-SNE is given.
N_COMPONENTS: Final = 50
#: Neighbours that t-SNE keeps near, and the fewest embeddings of which a map is made.
PERPLEXITY: Final = 30.0
LEAST: Final = 5
#: A map names no more attacks than this, those with most trials.
MOST_NAMES: Final = 12
COLUMNS: Final = ("label", "attack", "pca_1", "pca_2", "tsne_1", "tsne_2")
_CLASSES: Final = {SPOOF: ("spoof", "#D55E00", "x"), BONAFIDE: ("bona fide", "#0072B2", "o")}


def embedding_points(
    embeddings: npt.ArrayLike, labels: npt.ArrayLike, attacks: npt.ArrayLike
) -> pd.DataFrame:
    """Lay embeddings out in two dimensions.

    Parameters
    ----------
    embeddings : array-like of shape (trial, feature)
        Finite; of at least :data:`LEAST` trials, else there are no points.
    labels : array-like of shape (trial,)
        ``bonafide`` or ``spoof``.
    attacks : array-like of shape (trial,)
        Attack of each spoof; None where it is not known.

    Returns
    -------
    DataFrame
        A row per trial with :data:`COLUMNS`: the first two principal components, and the places
        of t-SNE on the first :data:`N_COMPONENTS` of them, which begins with the former and draws
        nothing: equal embeddings give equal places.
    """
    from sklearn.decomposition import PCA  # half a second of import
    from sklearn.manifold import TSNE

    values = np.asarray(embeddings, dtype=np.float64)
    if len(values) < LEAST:
        return pd.DataFrame(columns=list(COLUMNS))
    n_components = min(N_COMPONENTS, *values.shape)
    components = PCA(n_components, svd_solver="full").fit_transform(values)
    # Of a single feature there is one component, and a map has two axes.
    components = np.pad(components, ((0, 0), (0, max(0, 2 - n_components))))
    perplexity = min(PERPLEXITY, (len(values) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=0, n_jobs=1)
    places = tsne.fit_transform(components)
    table = pd.DataFrame(np.hstack([components[:, :2], places]), columns=list(COLUMNS[2:]))
    return table.assign(label=np.asarray(labels), attack=np.asarray(attacks, object))


@styled
def embedding_map(points: pd.DataFrame, *, n_trials: int, title: str = TITLE) -> Figure:
    """Draw a map of embeddings.

    Parameters
    ----------
    points : DataFrame
        Rows of :func:`embedding_points`.
    n_trials : int
        Trials of which these are all, or a part.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
        A panel of principal components, and one of t-SNE.
    """
    if points.empty:
        return empty_figure(title, f"There are fewer than {LEAST} embeddings.")
    figure, grid = panels(1, 2, panel=(3.4, 3.2), share=False)
    for axes, kind, name in zip(grid[0], ("pca", "tsne"), ("PCA", "t-SNE"), strict=True):
        _draw_panel(axes, points, f"{kind}_1", f"{kind}_2")
        axes.set_title(name)
        axes.set(xlabel=f"{name} 1", ylabel=f"{name} 2")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside right upper")
    shown = f"{len(points)} of {n_trials} trials" if len(points) < n_trials else "All trials"
    notes = [
        f"{shown}. t-SNE of {N_COMPONENTS} principal components at the most: which points are "
        "near each other says something, distances and sizes of groups say nothing.",
        "Names of attacks stand at the median of their trials.",
    ]
    return finish(figure, title, notes)


def _draw_panel(axes: Axes, points: pd.DataFrame, x: str, y: str) -> None:
    """Draw the points of a panel by class, and the names of attacks."""
    for label, (name, color, marker) in _CLASSES.items():
        own = points[points["label"] == label]
        style: dict[str, Any] = {
            "color": color,
            "marker": marker,
            "linestyle": "none",
            "ms": 2.5,
            "alpha": 0.6,
        }
        axes.plot(own[x], own[y], label=name, **style)
    named = points.dropna(subset=["attack"])
    counts = named["attack"].value_counts()
    for _, name in sorted((-count, name) for name, count in counts.items())[:MOST_NAMES]:
        own = named[named["attack"] == name]
        axes.text(own[x].median(), own[y].median(), name, fontsize=6, ha="center", va="center")

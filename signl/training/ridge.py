"""Ridge: least squares of weighted rows on targets of +1 and -1, in closed form.

Nothing is drawn and nothing iterates: the same rows give the same plane, in whatever order they
come.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from signl.training.regression import Plane

Array = npt.NDArray[np.float64]


class Rows(NamedTuple):
    """Embeddings of one class, (row, width), and their weights, (row,), of any scale."""

    embeddings: Array
    weights: Array

    def share_of(self, total: float) -> "Rows":
        """Return the rows with weights that sum to ``total``; no rows stay none."""
        return Rows(self.embeddings, self.weights * (total / max(self.weights.sum(), 1e-300)))


def evenly(*blocks: Array) -> Rows:
    """Return the rows of all blocks, each of the weight 1."""
    embeddings = np.concatenate(blocks)
    return Rows(embeddings, np.ones(len(embeddings)))


def joined(*parts: Rows) -> Rows:
    """Return the rows of all parts, with the weights that they have."""
    return Rows(
        np.concatenate([part.embeddings for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def fit_ridge(bonafide: Rows, spoof: Rows, *, penalty: float) -> Plane:
    """Fit a plane whose value is to be +1 for bona fide and -1 for spoofs.

    It minimises ``sum_i w_i (x_i b + a - y_i)^2 + penalty * v * |b|^2`` over ``b`` and a free
    intercept ``a``, where the weights of each class sum to 1 and ``v`` is the mean over dimensions
    of the weighted scatter ``sum_i w_i (x_i - m)^2`` about the weighted mean ``m``: the penalty has
    no unit, and the plane follows any scale of the embeddings.

    Parameters
    ----------
    bonafide, spoof : Rows
        At least one of each, of a weight above 0.
    penalty : float
        How strongly the weights are held back, above 0.

    Raises
    ------
    ValueError
        If a class has no rows.

    References
    ----------
    Hoerl and Kennard, Ridge Regression, Technometrics 12, 1970.
    """
    for name, rows in (("bona fide", bonafide), ("spoof", spoof)):
        if not len(rows.embeddings) or rows.weights.sum() <= 0:
            raise ValueError(f"a ridge needs {name} rows, and there are none")
    rows = joined(bonafide.share_of(1.0), spoof.share_of(1.0))
    targets = np.repeat([1.0, -1.0], [len(bonafide.weights), len(spoof.weights)])
    # Both classes weigh 1, so the weighted mean of the targets is 0 and the weights sum to 2.
    mean = rows.weights @ rows.embeddings / 2
    centred = rows.embeddings - mean
    weighted = centred * rows.weights[:, None]
    scatter = centred.T @ weighted
    held_back = penalty * np.trace(scatter) / len(scatter)
    if held_back <= 0:
        return Plane(np.zeros(len(scatter)), 0.0, 1)
    weight = np.linalg.solve(scatter + held_back * np.eye(len(scatter)), weighted.T @ targets)
    return Plane(weight, float(-mean @ weight), 1)

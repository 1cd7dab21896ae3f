"""Embeddings standardised and turned to their main directions, and planes turned back."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from signl.training.regression import Plane

Array = npt.NDArray[np.float64]
#: Rows that are in double precision at a time: of a large corpus there are a million.
_BLOCK = 8192


class Projection(NamedTuple):
    """Standardisation, then the directions of the largest variance, which are not whitened.

    Attributes
    ----------
    mean, deviation : ndarray of shape (width,)
        Of the embeddings; a channel that is always the same has a deviation of infinity.
    directions : ndarray of shape (width, kept)
        Orthonormal, of falling variance.
    """

    mean: Array
    deviation: Array
    directions: Array

    @classmethod
    def fit(cls, originals: Array, others: Sequence[Array], *, components: int) -> Self:
        """Fit mean and deviation to ``originals``, directions to these and the others together.

        Parameters
        ----------
        originals : ndarray of shape (row, width)
            No label is looked at.
        others : sequence of ndarray of shape (row, width)
            Their copies.
        components : int
            Directions that are kept, at most.
        """
        mean = originals.mean(axis=0, dtype=np.float64)
        deviation = originals.std(axis=0, dtype=np.float64)
        deviation = np.where(deviation > 1e-9 * (1 + np.abs(mean)), deviation, np.inf)
        scatter, total, n_rows = np.zeros((len(mean), len(mean))), np.zeros(len(mean)), 0
        for block in _blocks([originals, *others]):
            rows = (block - mean) / deviation
            scatter += rows.T @ rows
            total += rows.sum(axis=0)
            n_rows += len(rows)
        covariance = scatter / n_rows - np.outer(total, total) / n_rows**2
        # In ascending order.
        _, directions = np.linalg.eigh(covariance)
        kept = min(components, len(mean), max(1, n_rows - 1))
        return cls(mean, deviation, directions[:, ::-1][:, :kept])

    def apply(self, embeddings: Array) -> Array:
        """Return embeddings (row, width) as (row, kept), float64."""
        parts = [
            ((block - self.mean) / self.deviation) @ self.directions
            for block in _blocks([embeddings])
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.directions.shape[1]))

    def undo(self, plane: Plane) -> Plane:
        """Return a plane of projected embeddings as the same one of embeddings as they are."""
        weight = (self.directions @ plane.weight) / self.deviation
        return Plane(weight, float(plane.offset - weight @ self.mean), plane.n_steps)


def _blocks(parts: Sequence[Array]) -> list[Array]:
    return [part[at : at + _BLOCK] for part in parts for at in range(0, len(part), _BLOCK)]

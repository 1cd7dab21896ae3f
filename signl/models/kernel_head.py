"""A head that is a support vector machine with a Gaussian kernel."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from signl.labels import BONAFIDE, CLASS_INDEX
from signl.models.heads import Head

Array = npt.NDArray[np.float64]


class KernelHead(Head):
    """The decision function of a support vector machine, in float64.

    ``sum_i weights_i * exp(-gamma * |z - vectors_i|^2) + offset``, of the standardised embedding
    ``z = (embedding - mean) * scale``. It is fitted as a whole, not trained by gradient: all that
    it has are buffers.

    Parameters
    ----------
    width : int
        Width of the embedding.
    vectors : int
        Number of support vectors.

    References
    ----------
    Boser, Guyon and Vapnik, COLT 1992; as scikit-learn's ``SVC`` computes it.
    """

    mean: Tensor
    scale: Tensor
    vectors: Tensor
    weights: Tensor
    offset: Tensor
    gamma: Tensor

    def __init__(self, width: int, *, vectors: int) -> None:
        super().__init__()
        shapes = {
            "mean": (width,),
            "scale": (width,),
            "vectors": (vectors, width),
            "weights": (vectors,),
            "offset": (),
            "gamma": (),
        }
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))

    @classmethod
    def of(cls, **values: Array | float) -> Self:
        """Return the head of a machine that was fitted.

        Parameters
        ----------
        **values
            ``mean`` and ``scale``, (width,), of the embeddings; ``vectors``, (vector, width),
            standardised; ``weights``, (vector,), above 0 for bona fide; ``offset``; ``gamma``.
        """
        tensors = {
            name: torch.as_tensor(value, dtype=torch.float64) for name, value in values.items()
        }
        n_vectors, width = tensors["vectors"].shape
        head = cls(width, vectors=n_vectors)
        head.load_state_dict(tensors)
        return head

    def describe(self) -> dict[str, Any]:
        """Return its kind and how many vectors there are."""
        return {"kind": "kernel", "vectors": len(self.vectors)}

    def forward(self, embedding: Tensor) -> Tensor:
        """Return minus the decision, and the decision: (batch, width) to (batch, 2), float64."""
        with torch.autocast(embedding.device.type, enabled=False):
            standardised = (embedding.double() - self.mean) * self.scale
            lengths = standardised.square().sum(dim=1)[:, None] + self.vectors.square().sum(dim=1)
            distances = (lengths - 2 * standardised @ self.vectors.mT).clamp_min(0)
            decision = torch.exp(-self.gamma * distances) @ self.weights + self.offset
            return torch.stack([-decision, decision], dim=1)

    def decide(self, embeddings: Array) -> Array:
        """Return the decision, (utterance,), of embeddings (utterance, width)."""
        with torch.inference_mode():
            outputs = self(torch.as_tensor(embeddings, device=self.mean.device))
        values: Array = self.score(outputs).cpu().numpy()
        return values

    def score(self, outputs: Tensor) -> Tensor:
        """Return the decision, above 0 for bona fide."""
        return outputs[:, CLASS_INDEX[BONAFIDE]]

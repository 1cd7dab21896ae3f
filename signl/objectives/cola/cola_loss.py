"""The loss of COLA."""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.objectives.cola.options import COLAOptions
from signl.objectives.objective import Objective, objective_of

# That of Keras, in which the loss was published.
_EPSILON: Final = 1e-3
_DEVIATION: Final = 0.05
_TEMPERATURE: Final = 0.2


class COLA(nn.Module):
    """The loss of COLA: the cross-entropy of finding each anchor's positive.

    The first view is the anchor a, the second the positive p, and the similarity of two
    projections is a W p with a trained matrix W, after layer normalisation and tanh of both; or
    their cosine over the temperature. Anchors look for positives, not the other way round.

    Parameters
    ----------
    width : int
        Width of the projections.
    options : COLAOptions
        Which similarity.

    References
    ----------
    Saeed, Grangier and Zeghidour (2021), COLA, arXiv 2010.10915, equations 1 and 2. As in the
    authors' code layer normalisation adds 1e-3 to the variance, and W starts with a deviation
    of 0.05.
    """

    def __init__(self, width: int, options: COLAOptions) -> None:
        super().__init__()
        self.options = options
        if options.similarity == "bilinear":
            self.layer_norm = nn.LayerNorm(width, eps=_EPSILON)
            self.bilinear = nn.Linear(width, width, bias=False)
            nn.init.normal_(self.bilinear.weight, std=_DEVIATION)

    def embed(self, view: Tensor) -> Tensor:
        """Return what the bilinear form compares, of projections (batch, width)."""
        return torch.tanh(self.layer_norm(view))

    def similarity(self, anchors: Tensor, positives: Tensor) -> Tensor:
        """Return (anchor, positive) of projections (batch, width)."""
        if self.options.similarity == "bilinear":
            turned: Tensor = self.bilinear(self.embed(positives))
            return self.embed(anchors) @ turned.mT
        temperature = self.options.temperature or _TEMPERATURE
        return F.normalize(anchors) @ F.normalize(positives).mT / temperature

    def forward(self, first: Tensor, second: Tensor) -> Objective:
        """Return the loss of anchors and positives."""
        own = torch.arange(len(first), device=first.device)
        similarity = self.similarity(first, second)
        contrastive = F.cross_entropy(similarity, own)
        accuracy = (similarity.argmax(dim=1) == own).to(contrastive.dtype).mean()
        return objective_of(contrastive, contrastive=contrastive, accuracy=accuracy)

"""Heads of other published systems than SIGNL: logits, SELU, and cosines by P2SGrad."""

from collections.abc import Sequence
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.labels import BONAFIDE, CLASS_INDEX
from signl.models.base import DROPOUT
from signl.models.heads import Head, LinearHead, ProjectionHead

#: Added to the length of a projection, which may be 0.
_LEAST_LENGTH: Final = 1e-9


class LogitHead(Head):
    """A linear layer to two classes, whose outputs are logits; the score is that of bona fide.

    That is the output layer of AASIST and of other published systems. Neither the other logit nor
    a softmax enters the score.

    Parameters
    ----------
    width : int
        Width of the embedding.

    References
    ----------
    Jung et al., AASIST, ICASSP 2022, arXiv 2110.01200.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.classes = nn.Linear(width, len(CLASS_INDEX))

    def forward(self, embedding: Tensor) -> Tensor:
        """Return logits (batch, 2), in the order of ``signl.labels.CLASS_INDEX``."""
        with torch.autocast(embedding.device.type, enabled=False):
            return cast(Tensor, self.classes(embedding.float()))

    def loss(self, outputs: Tensor, classes: Tensor, class_weights: Tensor) -> Tensor:
        """Return the cross-entropy; parameters are those of :meth:`Head.loss`."""
        return F.cross_entropy(outputs, classes, class_weights)

    def score(self, outputs: Tensor) -> Tensor:
        """Return the logit of bona fide."""
        return outputs[:, CLASS_INDEX[BONAFIDE]]

    def describe(self) -> dict[str, Any]:
        """Return its kind; its width is that of the embedding."""
        return {"kind": "logits"}


class SeluHead(LinearHead):
    """A linear layer to two classes, SELU, and a softmax: the output layer of SLS.

    Parameters
    ----------
    width : int
        Width of the embedding.

    References
    ----------
    Zhang et al., ACM MM 2024. The score there is log p(bona fide), which orders trials as the
    score here does.
    """

    def forward(self, embedding: Tensor) -> Tensor:
        """Return log-probabilities (batch, 2), in the order of ``signl.labels.CLASS_INDEX``."""
        with torch.autocast(embedding.device.type, enabled=False):
            return F.log_softmax(F.selu(self.classes(embedding.float())), dim=-1)

    def describe(self) -> dict[str, Any]:
        """Return its kind; its width is that of the embedding."""
        return {"kind": "selu"}


class CosineHead(Head):
    """Cosines of a projection with a direction of each class, trained by P2SGrad.

    The loss is the mean squared distance, over utterances and classes, of the cosines from 1 for
    the own class and from 0 for the other. It has no margin, no scale and no class weights.

    Parameters
    ----------
    width : int
        Width of the embedding.
    widths, dropout
        Of the projection (:class:`ProjectionHead`); without widths the cosines are those of the
        embedding itself.

    References
    ----------
    Wang and Yamagishi, Interspeech 2021, arXiv 2103.11326, after Zhang et al.,
    P2SGrad, CVPR 2019. There, cosines with a zero embedding are not defined; here they are 0.
    """

    def __init__(self, width: int, *, widths: Sequence[int] = (), dropout: float = DROPOUT) -> None:
        super().__init__()
        self.widths, self.dropout = tuple(widths), dropout
        self.hidden: nn.Module = (
            ProjectionHead(width, widths=widths, dropout=dropout) if widths else nn.Identity()
        )
        directions = torch.empty(self.widths[-1] if widths else width, len(CLASS_INDEX))
        self.weight = nn.Parameter(F.normalize(directions.uniform_(-1, 1), dim=0))

    def forward(self, embedding: Tensor) -> Tensor:
        """Return cosines (batch, 2), in the order of ``signl.labels.CLASS_INDEX``."""
        projection = self.hidden(embedding)
        with torch.autocast(embedding.device.type, enabled=False):
            projection = projection.float()
            length = torch.linalg.vector_norm(projection, dim=1, keepdim=True)
            directions = F.normalize(self.weight.float(), dim=0)
            cosines: Tensor = projection @ directions / (length + _LEAST_LENGTH)
            return cosines.clamp(-1, 1)

    def loss(self, outputs: Tensor, classes: Tensor, class_weights: Tensor) -> Tensor:
        """Return the mean squared distance; parameters are those of :meth:`Head.loss`.

        The weights of the classes are not used.
        """
        targets = F.one_hot(classes, len(CLASS_INDEX)).to(outputs.dtype)
        return F.mse_loss(outputs, targets)

    def score(self, outputs: Tensor) -> Tensor:
        """Return the cosine with the direction of bona fide, -1 to 1."""
        return outputs[:, CLASS_INDEX[BONAFIDE]]

    def describe(self) -> dict[str, Any]:
        """Return widths and dropout."""
        return {"kind": "cosine", "widths": list(self.widths), "dropout": self.dropout}

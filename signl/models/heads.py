"""Heads on the embedding: projection for pre-training, two classes for fine-tuning."""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple, Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.labels import BONAFIDE, CLASS_INDEX, SPOOF
from signl.models.base import DROPOUT, HEAD_WIDTHS, Norm
from signl.models.draws import AnyGenerator
from signl.models.network import Network
from signl.models.signl.options import GraphAugmentation


class ProjectionHead(nn.Module):
    """Linear layers with ReLU and dropout between them, nothing after the last.

    Before each ReLU there may be batch normalisation.

    Parameters
    ----------
    width : int
        Width of the embedding.
    widths : sequence of int
        Output widths of the linear layers.
    dropout : float
        Rate of dropout after each ReLU.
    norm : {"none", "batch"}
        What stands before each ReLU.

    Raises
    ------
    ValueError
        If there is no layer, a width is not positive, or the rate is outside 0..1.
    """

    def __init__(
        self,
        width: int,
        *,
        widths: Sequence[int] = HEAD_WIDTHS,
        dropout: float = DROPOUT,
        norm: Norm = "none",
    ) -> None:
        super().__init__()
        if not widths or min(width, *widths) < 1:
            raise ValueError(f"a head needs positive widths, got {width} and {tuple(widths)}")
        self.widths, self.dropout, self.norm = tuple(widths), dropout, norm
        linears = [nn.Linear(*pair) for pair in itertools.pairwise((width, *widths))]
        between = [module for linear in linears[:-1] for module in self._hidden(linear)]
        self.layers = nn.Sequential(*between, linears[-1])

    def _hidden(self, linear: nn.Linear) -> list[nn.Module]:
        norm = [nn.BatchNorm1d(linear.out_features)] if self.norm == "batch" else []
        return [linear, *norm, nn.ReLU(), nn.Dropout(self.dropout)]

    def forward(self, embedding: Tensor) -> Tensor:
        """Map (batch, width) to (batch, widths[-1])."""
        return cast(Tensor, self.layers(embedding))


class Head(nn.Module):
    """From embeddings (batch, width) to an output (batch, 2), for spoof and for bona fide.

    The output is log-probabilities, unless a head says otherwise; it knows the loss that trains
    it, and the score that follows from it.
    """

    def loss(self, outputs: Tensor, classes: Tensor, class_weights: Tensor) -> Tensor:
        """Return the cross-entropy, a scalar.

        Parameters
        ----------
        outputs : Tensor of shape (batch, 2)
            Its own.
        classes : Tensor of shape (batch,)
            Class indices (``signl.labels.CLASS_INDEX``).
        class_weights : Tensor of shape (2,)
            The mean is divided by the sum of the weights of the batch.
        """
        return F.nll_loss(outputs, classes, class_weights)

    def score(self, outputs: Tensor) -> Tensor:
        """Return scores (batch,) of outputs (batch, 2): higher means more bona fide."""
        return score(outputs)

    def describe(self) -> dict[str, Any]:
        """Return how the head is built, as its model's ``config.json`` says it."""
        raise NotImplementedError


class MlpHead(Head):
    """A projection head, ReLU, and a linear layer to two classes.

    Parameters are those of :class:`ProjectionHead`.
    """

    def __init__(
        self, width: int, *, widths: Sequence[int] = HEAD_WIDTHS, dropout: float = DROPOUT
    ) -> None:
        super().__init__()
        self.hidden = ProjectionHead(width, widths=widths, dropout=dropout)
        self.classes = nn.Linear(widths[-1], len(CLASS_INDEX))

    def features(self, embedding: Tensor) -> Tensor:
        """Return what the classes are told apart by: (batch, width) to (batch, widths[-1])."""
        return F.relu(self.hidden(embedding))

    def forward(self, embedding: Tensor) -> Tensor:
        """Return log-probabilities (batch, 2), in the order of ``signl.labels.CLASS_INDEX``."""
        logits = self.classes(self.features(embedding))
        # In half precision a confident classifier's scores would tie.
        return F.log_softmax(logits.float(), dim=-1)

    def describe(self) -> dict[str, Any]:
        """Return widths and dropout."""
        hidden = self.hidden
        return {"kind": "mlp", "widths": list(hidden.widths), "dropout": hidden.dropout}


class LinearHead(Head):
    """A linear layer to two classes: that of a logistic regression.

    Parameters
    ----------
    width : int
        Width of the embedding.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.classes = nn.Linear(width, len(CLASS_INDEX))

    def describe(self) -> dict[str, Any]:
        """Return its kind; its width is that of the embedding."""
        return {"kind": "linear"}

    def forward(self, embedding: Tensor) -> Tensor:
        """Return log-probabilities (batch, 2), in the order of ``signl.labels.CLASS_INDEX``."""
        # In half precision a confident classifier's scores would tie.
        with torch.autocast(embedding.device.type, enabled=False):
            return F.log_softmax(self.classes(embedding.float()), dim=-1)


def score(log_probabilities: Tensor) -> Tensor:
    """Return countermeasure scores, -log p(spoof): higher means more bona fide.

    Parameters
    ----------
    log_probabilities : Tensor of shape (batch, 2)
        As :class:`MlpHead` gives them.

    Returns
    -------
    Tensor of shape (batch,)
        Not negative.
    """
    spoof = log_probabilities[:, CLASS_INDEX[SPOOF]]
    bonafide = log_probabilities[:, CLASS_INDEX[BONAFIDE]]
    # Where p(spoof) is all but 1 its logarithm rounds to 0 and trials would tie; that of
    # p(bona fide) = 1 - p(spoof) is exact there.
    from_bonafide = -torch.log1p(-bonafide.exp())
    return torch.where(spoof > bonafide, from_bonafide, -spoof)


class View(NamedTuple):
    """One view of a batch: its joint embedding (batch, width) and that one's projection."""

    embedding: Tensor
    projection: Tensor


class Views(NamedTuple):
    """The two views of a batch."""

    first: View
    second: View


class PretrainingModel(nn.Module):
    """An encoder with a projection head.

    Parameters
    ----------
    encoder : Network
        What embeds.
    widths, dropout, norm
        Of the head (:class:`ProjectionHead`).
    """

    def __init__(
        self,
        encoder: Network,
        *,
        widths: Sequence[int] = HEAD_WIDTHS,
        dropout: float = DROPOUT,
        norm: Norm = "none",
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.projection = ProjectionHead(
            encoder.embedding_width, widths=widths, dropout=dropout, norm=norm
        )

    def forward(
        self,
        first: Tensor,
        second: Tensor,
        *,
        augmentation: GraphAugmentation | None = None,
        generator: AnyGenerator | None = None,
    ) -> Views:
        """Project two views, each a pass of its own with its own batch statistics.

        Parameters
        ----------
        first, second : Tensor of shape (batch, 1, width, frame) or (batch, time)
            Two crops of the same utterances, as the encoder takes them: pictures or waveforms.
        augmentation, generator
            As the encoder takes them.
        """
        return Views(
            self.view(first, augmentation=augmentation, generator=generator),
            self.view(second, augmentation=augmentation, generator=generator),
        )

    def view(
        self,
        crops: Tensor,
        *,
        augmentation: GraphAugmentation | None = None,
        generator: AnyGenerator | None = None,
    ) -> View:
        """Project one view; the parameters are those of :meth:`forward`."""
        embedding = self.encoder.embed(crops, augmentation=augmentation, generator=generator)
        return View(embedding, self.projection(embedding))


class Classifier(nn.Module):
    """A network with a head that tells two classes apart.

    Parameters
    ----------
    encoder : Network
        What embeds.
    head : Head
        From embeddings (batch, embedding_width) to outputs (batch, 2).
    n_crops : int
        Crops of a clip that are scored, from its beginning to its end.
    """

    def __init__(self, encoder: Network, head: "Head", *, n_crops: int = 1) -> None:
        super().__init__()
        self.encoder, self.head, self.n_crops = encoder, head, n_crops

    @classmethod
    def with_mlp(
        cls, encoder: Network, *, widths: Sequence[int] = HEAD_WIDTHS, dropout: float = DROPOUT
    ) -> Self:
        """Return a network with the published head, of random weights."""
        return cls(encoder, MlpHead(encoder.embedding_width, widths=widths, dropout=dropout))

    def forward(self, crops: Tensor) -> Tensor:
        """Return the head's outputs (batch, 2) for crops as the network takes them.

        The crops are pictures (batch, 1, width, frame) or waveforms (batch, time).
        """
        return cast(Tensor, self.head(self.encoder.embed(crops)))

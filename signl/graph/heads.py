"""Heads on the embedding: projection for pre-training, two classes for fine-tuning."""

import itertools
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.graph.augment import GraphAugmentation
from signl.graph.draws import AnyGenerator
from signl.graph.end_to_end import Encoder
from signl.labels import BONAFIDE, CLASS_INDEX, SPOOF

#: Widths of the published heads' linear layers, and the rate of their dropout.
WIDTHS = (256, 128, 80)
DROPOUT = 0.1


class ProjectionHead(nn.Module):
    """Linear layers with ReLU and dropout between them, nothing after the last.

    Parameters
    ----------
    width : int
        Width of the embedding.
    widths : sequence of int
        Output widths of the linear layers.
    dropout : float
        Rate of dropout after each ReLU.

    Raises
    ------
    ValueError
        If there is no layer, a width is not positive, or the rate is outside 0..1.
    """

    def __init__(
        self, width: int, *, widths: Sequence[int] = WIDTHS, dropout: float = DROPOUT
    ) -> None:
        super().__init__()
        if not widths or min(width, *widths) < 1:
            raise ValueError(f"a head needs positive widths, got {width} and {tuple(widths)}")
        self.widths, self.dropout = tuple(widths), dropout
        linears = [nn.Linear(*pair) for pair in itertools.pairwise((width, *widths))]
        between = [module for linear in linears[:-1] for module in self._hidden(linear)]
        self.layers = nn.Sequential(*between, linears[-1])

    def _hidden(self, linear: nn.Linear) -> list[nn.Module]:
        return [linear, nn.ReLU(), nn.Dropout(self.dropout)]

    def forward(self, embedding: Tensor) -> Tensor:
        """Map (batch, width) to (batch, widths[-1])."""
        return cast(Tensor, self.layers(embedding))


class ClassifierHead(nn.Module):
    """A projection head, ReLU, and a linear layer to two classes.

    Parameters are those of :class:`ProjectionHead`.
    """

    def __init__(
        self, width: int, *, widths: Sequence[int] = WIDTHS, dropout: float = DROPOUT
    ) -> None:
        super().__init__()
        self.hidden = ProjectionHead(width, widths=widths, dropout=dropout)
        self.classes = nn.Linear(widths[-1], len(CLASS_INDEX))

    @property
    def description(self) -> dict[str, Any]:
        """How to build it again: arguments of :class:`Classifier`."""
        return {"widths": list(self.hidden.widths), "dropout": self.hidden.dropout}

    def features(self, embedding: Tensor) -> Tensor:
        """Return what the classes are told apart by: (batch, width) to (batch, widths[-1])."""
        return F.relu(self.hidden(embedding))

    def forward(self, embedding: Tensor) -> Tensor:
        """Return log-probabilities (batch, 2), in the order of ``signl.labels.CLASS_INDEX``."""
        logits = self.classes(self.features(embedding))
        # In half precision a confident classifier's scores would tie.
        return F.log_softmax(logits.float(), dim=-1)


class LinearHead(nn.Module):
    """A linear layer to two classes: that of a logistic regression.

    Parameters
    ----------
    width : int
        Width of the embedding.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.classes = nn.Linear(width, len(CLASS_INDEX))

    @property
    def description(self) -> dict[str, Any]:
        """How to build it again: arguments of :class:`Classifier`."""
        return {"kind": "linear"}

    def forward(self, embedding: Tensor) -> Tensor:
        """Return log-probabilities (batch, 2), in the order of ``signl.labels.CLASS_INDEX``."""
        return F.log_softmax(self.classes(embedding.float()), dim=-1)


def score(log_probabilities: Tensor) -> Tensor:
    """Return countermeasure scores, -log p(spoof): higher means more bona fide.

    Parameters
    ----------
    log_probabilities : Tensor of shape (batch, 2)
        As :class:`ClassifierHead` gives them.

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
    encoder : SpectralTemporalEncoder or EndToEndEncoder
    widths, dropout
        Of the head (:class:`ProjectionHead`).
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        widths: Sequence[int] = WIDTHS,
        dropout: float = DROPOUT,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.projection = ProjectionHead(encoder.embedding_width, widths=widths, dropout=dropout)

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
            self._view(first, augmentation, generator),
            self._view(second, augmentation, generator),
        )

    def _view(
        self,
        crops: Tensor,
        augmentation: GraphAugmentation | None,
        generator: AnyGenerator | None,
    ) -> View:
        embedding = self.encoder(crops, augmentation=augmentation, generator=generator).joint
        return View(embedding, self.projection(embedding))


class Classifier(nn.Module):
    """An encoder with a classifier head.

    Parameters
    ----------
    encoder : SpectralTemporalEncoder or EndToEndEncoder
    kind : {"mlp", "linear"}
        Of the head: :class:`ClassifierHead` or :class:`LinearHead`.
    widths, dropout
        Of the layers of an ``mlp`` (:class:`ProjectionHead`).
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        kind: Literal["mlp", "linear"] = "mlp",
        widths: Sequence[int] = WIDTHS,
        dropout: float = DROPOUT,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.head: ClassifierHead | LinearHead
        if kind == "linear":
            self.head = LinearHead(encoder.embedding_width)
        elif kind == "mlp":
            self.head = ClassifierHead(encoder.embedding_width, widths=widths, dropout=dropout)
        else:
            raise ValueError(f"a head of kind {kind!r}; known are ['linear', 'mlp']")

    def forward(self, crops: Tensor) -> Tensor:
        """Return log-probabilities (batch, 2) of crops as the encoder takes them.

        These are pictures (batch, 1, width, frame) or waveforms (batch, time).
        """
        return cast(Tensor, self.head(self.encoder(crops).joint))

"""What an objective of pre-training is, as others see it."""

from typing import TYPE_CHECKING, ClassVar, Literal

from signl.typed import Options

if TYPE_CHECKING:
    from torch import nn

    from signl.objectives.momentum import MomentumTarget


class ObjectiveOptions(Options):
    """Options of every objective; a kind adds its own.

    Attributes
    ----------
    sees : {"projections", "embeddings", "targets", "keys"}
        What the objective is given of a batch. All are given two tensors (batch, width), the
        projections of both views; of those that see more,

        - ``embeddings``: also those of the encoder, of both views, as ``embeddings``;
        - ``targets``: also the projections of a momentum copy, of both views, as ``targets``;
        - ``keys``: the second projection is the momentum copy's, and the network itself does not
          see the second view.
    """

    sees: ClassVar[Literal["projections", "embeddings", "targets", "keys"]] = "projections"

    kind: str

    @property
    def resynthesised(self) -> str | None:
        """Name of the resynthesis whose copies it learns from, or nothing.

        With one, a batch holds recordings and pseudo-spoofs of them in pairs, and the objective is
        given what each is, (batch,), as ``classes``: 0 for a recording, and from 1 on the method.
        """
        return None

    def build(self, width: int, *, n_classes: int = 0) -> "nn.Module":
        """Build the objective: a module from two projections (batch, width) to an Objective.

        It may have weights of its own, which are trained with the network's, and buffers, which
        a training that is resumed finds as they were.

        Parameters
        ----------
        width : int
            Of the projections.
        n_classes : int
            With resynthesis: recordings, and the methods of pseudo-spoofs.
        """
        from signl.objectives.objective import InFullPrecision

        return InFullPrecision(self.module(width))

    def module(self, width: int) -> "nn.Module":
        """Build what :meth:`build` keeps out of half precision."""
        raise NotImplementedError

    def target(self, online: "nn.Module") -> "MomentumTarget | None":
        """Return the momentum copy of encoder and projector that the objective sees, if any.

        Parameters
        ----------
        online : Module
            What is trained, and copied.
        """
        return None

    def check(self, *, batch_size: int) -> None:
        """Refuse batches that the objective cannot take.

        Raises
        ------
        ValueError
            Says what is allowed.
        """

    def check_corpus(self, n_utterances: int) -> None:
        """Refuse a training partition of so many utterances.

        Raises
        ------
        ConfigError
            Says what is allowed.
        """

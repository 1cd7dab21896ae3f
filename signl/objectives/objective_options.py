"""What an objective of pre-training is, as others see it."""

from typing import TYPE_CHECKING

from signl.typed import Options

if TYPE_CHECKING:
    from torch import nn


class ObjectiveOptions(Options):
    """Options of every objective; a kind adds its own."""

    kind: str

    def build(self, width: int) -> "nn.Module":
        """Build the objective: a module from two projections (batch, width) to an Objective.

        It may have weights of its own, which are trained with the network's.
        """
        from signl.objectives.objective import InFullPrecision

        return InFullPrecision(self.module(width))

    def module(self, width: int) -> "nn.Module":
        """Build what :meth:`build` keeps out of half precision."""
        raise NotImplementedError

"""Losses of batches: refused where they are not finite, and their mean.

A loss is a scalar on the device that computes. To read one is to wait for a GPU, which then has
nothing to do until it is given more; so many are read at once.
"""

import math
import operator
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from signl.errors import TrainingError

#: Losses of a GPU that are looked at together, whether all are finite.
LOSSES_PER_CHECK: Final = 50


class FiniteLosses:
    """Refuses losses that are not finite, of a GPU many at a time: it is waited for to be told.

    Parameters
    ----------
    device : device
        Where the losses are.
    """

    def __init__(self, device: torch.device) -> None:
        self._at_a_time = 1 if device.type == "cpu" else LOSSES_PER_CHECK
        self._losses: list[Tensor] = []
        self._places: list[str] = []

    def add(self, loss: Tensor, where: str) -> None:
        """Take the loss of a batch, and check those that have come together."""
        self._losses.append(loss.detach())
        self._places.append(where)
        if len(self._losses) >= self._at_a_time:
            self.check()

    def check(self) -> None:
        """Refuse the first of the losses that is not finite.

        Raises
        ------
        TrainingError
            Says of which batch.
        """
        for value, where in zip(_values_of(self._losses), self._places, strict=True):
            if not math.isfinite(value):
                raise TrainingError(
                    f"{where}: the loss is {value}, and nothing that follows can be of use; a "
                    "lower learning_rate helps most often, precision: 32-true where half precision "
                    "is too coarse"
                )
        self._losses, self._places = [], []


def mean_loss(losses: Sequence[tuple[int, Tensor]]) -> float:
    """Return the mean over utterances of (number of utterances, loss) of batches.

    The losses, scalars without gradients, may be on a GPU, which is waited for here and not before.
    """
    numbers = [number for number, _ in losses]
    values = _values_of([loss for _, loss in losses])
    total: float = sum(map(operator.mul, numbers, values))
    return total / sum(numbers)


def _values_of(losses: Sequence[Tensor]) -> list[float]:
    """Return scalars of a device, which is waited for once."""
    values: list[float] = torch.stack(list(losses)).tolist() if losses else []
    return values

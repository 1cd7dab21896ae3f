"""Random draws for the rows of a batch, the same whether one process draws them or several.

Where processes share a batch, each draws for the whole of it and keeps its own rows: the graphs of
an utterance are then augmented as if one process had held the batch.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class SharedGenerator(NamedTuple):
    """A generator for a batch of which this process holds some rows.

    Attributes
    ----------
    generator : torch.Generator
        In the same state in every process.
    first : int
        This process's first row of the batch.
    n_rows : int
        Rows of the whole batch.
    """

    generator: torch.Generator
    first: int
    n_rows: int


#: Of a batch that is one process's own, or of one that is shared.
AnyGenerator = torch.Generator | SharedGenerator


def draw_uniform(shape: Sequence[int], generator: AnyGenerator) -> Tensor:
    """Return numbers of 0..1 in the shape (row, ...), on the generator's device."""
    return _draw(torch.rand, shape, generator)


def draw_normal(shape: Sequence[int], generator: AnyGenerator) -> Tensor:
    """Return standard normal numbers in the shape (row, ...), on the generator's device."""
    return _draw(torch.randn, shape, generator)


def _draw(function: Callable[..., Tensor], shape: Sequence[int], generator: AnyGenerator) -> Tensor:
    if isinstance(generator, torch.Generator):
        return function(*shape, generator=generator, device=generator.device)
    whole = (generator.n_rows, *shape[1:])
    drawn = function(*whole, generator=generator.generator, device=generator.generator.device)
    return drawn[generator.first : generator.first + shape[0]]

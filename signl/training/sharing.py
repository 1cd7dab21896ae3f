"""Training shared by processes, each with some rows of every batch, to the result of one process.

The projections or log-probabilities of all rows are gathered, every process computes the loss of
the whole batch, and batch normalisation takes its statistics over all rows. The gradients are then
those of a single process, up to rounding: gathering sums the (equal) gradients of the processes,
and the mean that data-parallel training takes over processes undoes it.
"""

from typing import NamedTuple, cast

import torch
import torch.distributed as dist
import torch.distributed.nn.functional
from torch import Tensor, nn
from torch.nn import functional as F


class Share(NamedTuple):
    """A process among those that share the batches: its number from 0, and how many there are."""

    rank: int = 0
    n_processes: int = 1

    def of(self, n_rows: int) -> slice:
        """Return this process's rows of a batch: shares differ by one row at the most.

        Raises
        ------
        ValueError
            If there are fewer rows than processes.
        """
        if n_rows < self.n_processes:
            raise ValueError(
                f"a batch of {n_rows} utterances cannot be shared by {self.n_processes} processes; "
                "raise batch_size, or lower accumulate or gpus_per_job"
            )
        first, after = (n_rows * (self.rank + i) // self.n_processes for i in (0, 1))
        return slice(first, after)


def gather_rows(rows: Tensor, *, first: int, n_rows: int) -> Tensor:
    """Return the rows of all processes, in order; gradients flow back to where they came from.

    Parameters
    ----------
    rows : Tensor of shape (row, ...)
        Those of this process.
    first, n_rows : int
        Its first row of the batch, and the rows of the whole batch.

    Returns
    -------
    Tensor of shape (n_rows, ...)
        ``rows`` itself where they are all.
    """
    if len(rows) == n_rows:
        return rows
    after = n_rows - first - len(rows)
    padding = [0, 0] * (rows.ndim - 1) + [first, after]
    return _sum(F.pad(rows, padding))


def share_batch_statistics(module: nn.Module) -> nn.Module:
    """Let the batch normalisation of a module take its statistics over all processes' rows.

    The names of its tensors stay as they are. (PyTorch's own module for this refuses a CPU.)
    """
    for name, child in module.named_children():
        setattr(module, name, share_batch_statistics(child))
    if not isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        return module
    shared = SharedBatchNorm(
        module.num_features, eps=module.eps, momentum=module.momentum, affine=module.affine
    )
    shared.train(module.training)
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        setattr(shared, name, tensor)
    return shared


class SharedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation over the rows of all processes, for any number of dimensions."""

    def _check_input_dim(self, input: Tensor) -> None:
        """Take inputs of shape (row, channel, ...)."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (row, channel, ...) over all but the channels."""
        if not self.training:
            return super().forward(input)
        others = [axis for axis in range(input.ndim) if axis != 1]
        values = input.float()
        count = _sum(torch.tensor(float(input.numel() / input.shape[1]), device=input.device))
        mean = _sum(values.sum(others)) / count
        # Centred first: the difference of two large sums would lose the digits of the variance.
        shape = [1, -1, *[1] * (input.ndim - 2)]
        centred = values - mean.view(shape)
        variance = _sum(centred.square().sum(others)) / count
        self._remember(mean.detach(), (variance * count / (count - 1)).detach())
        scale = (variance + self.eps).rsqrt()
        if not self.affine:
            return (centred * scale.view(shape)).to(input.dtype)
        scale = self.weight * scale
        return (centred * scale.view(shape) + self.bias.view(shape)).to(input.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics."""
        momentum = cast(float, self.momentum)
        cast(Tensor, self.num_batches_tracked).add_(1)
        cast(Tensor, self.running_mean).lerp_(mean, momentum)
        cast(Tensor, self.running_var).lerp_(variance, momentum)


def _sum(tensor: Tensor) -> Tensor:
    """Return the sum over all processes; so is the gradient."""
    if not dist.is_initialized():
        return tensor
    summed: Tensor = dist.nn.functional.all_reduce(tensor)  # type: ignore[no-untyped-call]
    return summed

"""The loss of MoCo."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.objectives.moco.options import MoCoOptions
from signl.objectives.objective import Objective, objective_of


class MoCo(nn.Module):
    """The loss of MoCo: the cross-entropy of finding a query's key among those of a queue.

    With q and k of unit length the logits are [q . k, q . queue] over the temperature. In
    training the keys then take the places of the oldest of the queue.

    Parameters
    ----------
    width : int
        Width of the projections.
    options : MoCoOptions

    Attributes
    ----------
    queue : Tensor of shape (width, queue)
        Columns of unit length; random ones at first.
    queue_ptr : Tensor of shape (1,), int64
        Where the next key goes.

    References
    ----------
    He et al. (2020), MoCo, equation 1 and algorithm 1. Keys may pass the queue's end, where they
    go on at its beginning: batches need not divide it.
    """

    queue: Tensor
    queue_ptr: Tensor

    def __init__(self, width: int, options: MoCoOptions) -> None:
        super().__init__()
        self.temperature = options.temperature
        self.register_buffer("queue", F.normalize(torch.randn(width, options.queue), dim=0))
        self.register_buffer("queue_ptr", torch.zeros(1, dtype=torch.long))

    def logits(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return (batch, 1 + queue), the key's own first, of unit vectors (batch, width)."""
        # The queue itself is written to before the gradient is computed.
        queue = self.queue.detach().clone().to(queries.dtype)
        own = (queries * keys).sum(dim=1, keepdim=True)
        return torch.cat([own, queries @ queue], dim=1) / self.temperature

    def forward(self, first: Tensor, second: Tensor) -> Objective:
        """Return the loss of the network's projections and of the momentum copy's, the keys."""
        queries, keys = F.normalize(first), F.normalize(second.detach())
        logits = self.logits(queries, keys)
        own = torch.zeros(len(queries), dtype=torch.long, device=queries.device)
        contrastive = F.cross_entropy(logits, own)
        if self.training:
            self._enqueue(keys)
        accuracy = (logits.argmax(dim=1) == own).to(contrastive.dtype).mean()
        return objective_of(contrastive, contrastive=contrastive, accuracy=accuracy)

    @torch.no_grad()
    def _enqueue(self, keys: Tensor) -> None:
        """Write keys in the places of the oldest."""
        n_places = self.queue.shape[1]
        if len(keys) > n_places:
            raise ValueError(f"a queue of {n_places} keys does not hold a batch of {len(keys)}")
        places = (self.queue_ptr + torch.arange(len(keys), device=keys.device)) % n_places
        self.queue[:, places] = keys.mT.to(self.queue.dtype)
        self.queue_ptr.copy_((self.queue_ptr + len(keys)) % n_places)

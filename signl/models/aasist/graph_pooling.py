"""Graph pooling: the nodes of highest score, each scaled by its own."""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: Rate of dropout of what scores are made of.
SCORE_DROPOUT: Final = 0.3


class GraphPooling(nn.Module):
    """Keeps a share of the nodes, those of highest score, in descending order of it.

    The order matters to those who compare two poolings of one graph node by node.

    Parameters
    ----------
    ratio : float
        Share of the nodes that is kept, above 0 and at most 1; one node at the least.
    width : int
        Width of a node.

    References
    ----------
    Jung et al., AASIST, ICASSP 2022, arXiv 2110.01200, after Gao and Ji, Graph
    U-Nets, ICML 2019.
    """

    def __init__(self, ratio: float, width: int) -> None:
        super().__init__()
        self.ratio = ratio
        self.proj = nn.Linear(width, 1)

    def scores(self, nodes: Tensor) -> Tensor:
        """Return scores of 0 to 1: (batch, node, width) to (batch, node)."""
        dropped = F.dropout(nodes, SCORE_DROPOUT, self.training)
        return torch.sigmoid(self.proj(dropped)).squeeze(-1)

    def forward(self, nodes: Tensor) -> Tensor:
        """Return the nodes that are kept: (batch, node, width) to (batch, kept, width)."""
        n_kept = max(int(nodes.shape[1] * self.ratio), 1)
        scores = self.scores(nodes)
        # Sorted rather than topk, which breaks ties in another way on each device.
        order = scores.argsort(dim=1, descending=True, stable=True)[:, :n_kept]
        scaled = nodes * scores.unsqueeze(-1)
        return scaled.gather(1, order.unsqueeze(-1).expand(-1, -1, nodes.shape[2]))

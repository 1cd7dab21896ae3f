"""Graph attention: among the nodes of one graph, and among nodes of two kinds with a master.

References
----------
Jung et al., AASIST, ICASSP 2022, arXiv 2110.01200. Names of weights are
those of the published checkpoints.
"""

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: Rate of dropout of the nodes that a layer reads.
NODE_DROPOUT: Final = 0.2


def pair_products(nodes: Tensor) -> Tensor:
    """Return the elementwise products of all pairs of nodes.

    Parameters
    ----------
    nodes : Tensor of shape (batch, node, width)

    Returns
    -------
    Tensor of shape (batch, node, node, width)
    """
    return nodes.unsqueeze(2) * nodes.unsqueeze(1)


def score_weights(width: int) -> nn.Parameter:
    """Return weights (width, 1) that make a score of an attention's features, Xavier-normal."""
    weights = nn.Parameter(torch.empty(width, 1))
    nn.init.xavier_normal_(weights)
    return weights


def normalised(nodes: Tensor, norm: nn.Module) -> Tensor:
    """Return the SELU of nodes (batch, node, width), normalised over all nodes of the batch."""
    flat: Tensor = norm(nodes.flatten(0, 1))
    return F.selu(flat.view_as(nodes))


class GraphAttention(nn.Module):
    """Each node takes messages from all nodes of its graph, itself among them.

    Parameters
    ----------
    in_width, out_width : int
        Widths of a node before and after.
    temperature : float
        Scores are divided by it.
    """

    def __init__(self, in_width: int, out_width: int, *, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.att_proj = nn.Linear(in_width, out_width)
        self.att_weight = score_weights(out_width)
        self.proj_with_att = nn.Linear(in_width, out_width)
        self.proj_without_att = nn.Linear(in_width, out_width)
        self.bn = nn.BatchNorm1d(out_width)

    def attention(self, nodes: Tensor) -> Tensor:
        """Return what each node takes of each other: (batch, node, node), of sum 1 in a row."""
        features = torch.tanh(self.att_proj(pair_products(nodes)))
        scores = (features @ self.att_weight).squeeze(-1)
        return torch.softmax(scores / self.temperature, dim=-1)

    def forward(self, nodes: Tensor) -> Tensor:
        """Map nodes (batch, node, in_width) to (batch, node, out_width)."""
        nodes = F.dropout(nodes, NODE_DROPOUT, self.training)
        taken = self.proj_with_att(self.attention(nodes) @ nodes)
        return normalised(taken + self.proj_without_att(nodes), self.bn)


class MixedNodes(NamedTuple):
    """Nodes of two kinds, (batch, node, width) each, and their master (batch, 1, width)."""

    first: Tensor
    second: Tensor
    master: Tensor


class MixedGraphAttention(nn.Module):
    """Attention among nodes of two kinds, and of a master node to all of them.

    Scores within the first kind, within the second and between the two have weights of their own.

    Parameters
    ----------
    in_width, out_width : int
        Widths of a node before and after.
    temperature : float
        Scores are divided by it.
    """

    def __init__(self, in_width: int, out_width: int, *, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.proj_type1 = nn.Linear(in_width, in_width)
        self.proj_type2 = nn.Linear(in_width, in_width)
        self.att_proj = nn.Linear(in_width, out_width)
        self.att_projM = nn.Linear(in_width, out_width)
        self.att_weight11 = score_weights(out_width)
        self.att_weight22 = score_weights(out_width)
        self.att_weight12 = score_weights(out_width)
        self.att_weightM = score_weights(out_width)
        self.proj_with_att = nn.Linear(in_width, out_width)
        self.proj_without_att = nn.Linear(in_width, out_width)
        self.proj_with_attM = nn.Linear(in_width, out_width)
        self.proj_without_attM = nn.Linear(in_width, out_width)
        self.bn = nn.BatchNorm1d(out_width)

    def attention(self, nodes: Tensor, n_first: int) -> Tensor:
        """Return what each node takes of each other: (batch, node, node), of sum 1 in a row.

        Parameters
        ----------
        nodes : Tensor of shape (batch, node, in_width)
            Those of the first kind, then those of the second.
        n_first : int
            How many are of the first kind.
        """
        features = torch.tanh(self.att_proj(pair_products(nodes)))
        weights = torch.cat([self.att_weight11, self.att_weight12, self.att_weight22], dim=1)
        is_second = torch.arange(nodes.shape[1], device=nodes.device) >= n_first
        # 0 within the first kind, 1 between the two, 2 within the second.
        kinds = is_second.long()[:, None] + is_second.long()
        scores = features @ weights  # (batch, node, node, kind of pair)
        own = kinds.expand(len(nodes), -1, -1).unsqueeze(-1)
        return torch.softmax(scores.gather(-1, own).squeeze(-1) / self.temperature, dim=-1)

    def master_attention(self, nodes: Tensor, master: Tensor) -> Tensor:
        """Return what the master takes of each node: (batch, node), of sum 1."""
        features = torch.tanh(self.att_projM(nodes * master))
        scores = (features @ self.att_weightM).squeeze(-1)
        return torch.softmax(scores / self.temperature, dim=-1)

    def forward(self, first: Tensor, second: Tensor, master: Tensor | None = None) -> MixedNodes:
        """Let nodes of two kinds, and their master, take messages.

        Parameters
        ----------
        first, second : Tensor of shape (batch, node, in_width)
            The numbers of nodes may differ.
        master : Tensor of shape (batch or 1, 1, in_width), optional
            The mean of the projected nodes, where it is left out.
        """
        nodes = torch.cat([self.proj_type1(first), self.proj_type2(second)], dim=1)
        if master is None:
            master = nodes.mean(dim=1, keepdim=True)
        nodes = F.dropout(nodes, NODE_DROPOUT, self.training)
        # The master looks at the nodes as they are before they take messages.
        seen = self.master_attention(nodes, master).unsqueeze(1) @ nodes
        master = self.proj_with_attM(seen) + self.proj_without_attM(master)
        taken = self.proj_with_att(self.attention(nodes, first.shape[1]) @ nodes)
        nodes = normalised(taken + self.proj_without_att(nodes), self.bn)
        return MixedNodes(nodes[:, : first.shape[1]], nodes[:, first.shape[1] :], master)

"""Edges of a graph whose nodes point to the nodes that resemble them.

Graphs are dense and batched: 32 nodes at the most make a sparse form slower and no smaller.
Everywhere in this package an adjacency matrix A has shape (batch, target, source), and
``A[b, t, s]`` is 1 where an edge leads from node ``s`` to node ``t`` of graph ``b``. A node
thus receives ``A @ x``, and its in-degree is the sum of its row.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from signl.models.draws import AnyGenerator, draw_uniform
from signl.models.signl.options import check_neighbours


@torch.no_grad()
def nearest_neighbours(nodes: Tensor, k: int) -> Tensor:
    """Find the ``k`` most similar nodes of every node, itself excluded.

    Parameters
    ----------
    nodes : Tensor of shape (batch, node, feature)
        Node features; similarity is their cosine.
    k : int
        Neighbours per node, less than the number of nodes.

    Returns
    -------
    Tensor of shape (batch, node, k), dtype int64
        Indices of neighbours, the most similar first; the lower index wins a tie.

    Raises
    ------
    ValueError
        If ``k`` is out of range.
    """
    n_nodes = nodes.shape[1]
    check_neighbours(k, n_nodes)
    # Half precision would turn close similarities into ties, and autocast brings it in.
    with torch.autocast(nodes.device.type, enabled=False):
        precise = nodes if nodes.dtype == torch.float64 else nodes.float()
        unit = F.normalize(precise, dim=-1)
        similarity = unit @ unit.mT  # (batch, node, node)
    itself = torch.eye(n_nodes, dtype=torch.bool, device=nodes.device)
    similarity = similarity.masked_fill(itself, -torch.inf)
    # Sorted rather than topk: topk breaks ties differently on CUDA, and the graph must not
    # depend on the device.
    return similarity.sort(dim=-1, descending=True, stable=True).indices[..., :k]


def adjacency_of(neighbours: Tensor) -> Tensor:
    """Return the adjacency of edges that lead from each neighbour to its node.

    Parameters
    ----------
    neighbours : Tensor of shape (batch, node, k), dtype int64
        As :func:`nearest_neighbours` gives them.

    Returns
    -------
    Tensor of shape (batch, target, source), dtype float32
        Ones and zeros; no self loops. Each row holds ``k`` ones.
    """
    batch, n_nodes, _ = neighbours.shape
    adjacency = torch.zeros(batch, n_nodes, n_nodes, device=neighbours.device)
    return adjacency.scatter_(-1, neighbours, 1.0)


def propagation_matrix(adjacency: Tensor) -> Tensor:
    """Return the symmetrically normalised matrix of a graph convolution.

    With self loops added it is D^-1/2 (A + I) D^-1/2, where D holds the in-degrees, the self
    loop counted.

    Parameters
    ----------
    adjacency : Tensor of shape (batch, target, source)

    Returns
    -------
    Tensor of shape (batch, target, source)

    References
    ----------
    Kipf and Welling (2017), Semi-supervised classification with graph convolutional networks,
    equation 2.
    """
    itself = torch.eye(adjacency.shape[-1], dtype=adjacency.dtype, device=adjacency.device)
    looped = adjacency + itself
    scale = looped.sum(-1).rsqrt()  # (batch, node)
    return scale.unsqueeze(-1) * looped * scale.unsqueeze(-2)


def drop_edges(adjacency: Tensor, *, keep: float, generator: AnyGenerator) -> Tensor:
    """Drop edges at random and make those that stay undirected.

    Of the directed edges only those whose source has the lower index are considered; each stays
    with probability ``keep``, and the reverse of every edge that stays is added.

    Parameters
    ----------
    adjacency : Tensor of shape (batch, target, source)
    keep : float
        Probability that an edge stays.
    generator : torch.Generator or SharedGenerator
        Source of the draws; they do not depend on the device of ``adjacency``.

    Returns
    -------
    Tensor of shape (batch, target, source)
        Symmetric.
    """
    stays = draw_uniform(adjacency.shape, generator).to(adjacency.device) < keep
    kept = adjacency.tril(-1) * stays  # below the diagonal, source < target
    return kept + kept.mT

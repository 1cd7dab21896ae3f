"""The neighbour search of torch-cluster, an optional backend.

It is the search of the published implementation and gives the edges of
:func:`signl.models.signl.edges.nearest_neighbours`. Only this module needs the package
(``pip install signl-pipeline[torch-cluster]``); a recipe asks for it by
``model: {kind: signl, search: torch-cluster}``.
"""

import torch
from torch import Tensor
from torch.nn import functional as F
from torch_cluster import knn_graph

from signl.models.signl.options import check_neighbours


@torch.no_grad()
def nearest_neighbours_torch_cluster(nodes: Tensor, k: int) -> Tensor:
    """Find the ``k`` most similar nodes of every node, itself excluded.

    Parameters, result and errors are those of :func:`signl.models.signl.edges.nearest_neighbours`,
    but the order of equally similar neighbours is torch-cluster's.

    Raises
    ------
    ValueError
        Also where torch-cluster gives another number of edges, as it does where more than
        ``k`` nodes coincide.
    """
    batch, n_nodes, _ = nodes.shape
    check_neighbours(k, n_nodes)
    # Its cosine mode is missing on CPU; Euclidean neighbours of unit vectors are the same.
    unit = F.normalize(nodes.float(), dim=-1).flatten(0, 1)  # (batch * node, feature)
    graph = torch.arange(batch, device=nodes.device).repeat_interleave(n_nodes)
    source, target = knn_graph(unit, k, graph, loop=False)
    if len(source) != batch * n_nodes * k:
        raise ValueError(
            f"torch-cluster gave {len(source)} edges for {batch} graphs of {n_nodes} nodes with "
            f"{k} neighbours each; use signl.models.signl.edges.nearest_neighbours"
        )
    by_target: Tensor = source[target.argsort(stable=True)].view(batch, n_nodes, k)
    return by_target % n_nodes

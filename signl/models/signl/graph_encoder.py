"""The graph encoder: node features and a propagation matrix to one embedding a graph."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.models.signl.options import GROUP_WIDTH, check_widths


class GraphConvolution(nn.Module):
    """Graph convolution over a dense propagation matrix P: P x W + b.

    W is initialised as Glorot and Bengio (2010) propose, uniformly, and b with zeros.

    References
    ----------
    Kipf and Welling (2017), Semi-supervised classification with graph convolutional networks,
    equation 2.
    """

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width_out, width_in))
        self.bias = nn.Parameter(torch.zeros(width_out))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, nodes: Tensor, propagation: Tensor) -> Tensor:
        """Map (batch, node, width_in) to (batch, node, width_out) over (batch, target, source)."""
        # W first: it halves the width, and the products commute.
        return propagation @ F.linear(nodes, self.weight) + self.bias


class GraphLayer(nn.Module):
    """Graph convolution, ReLU, grouped 1x1 convolution, batch normalisation, plus a residual.

    The grouped convolution mixes :data:`GROUP_WIDTH` channels within a node. Normalisation is
    over all nodes of all graphs of the batch. Nothing follows the sum with the residual.
    """

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.convolution = GraphConvolution(width_in, width_out)
        self.mixing = nn.Conv1d(width_out, width_out, 1, groups=width_out // GROUP_WIDTH)
        self.norm = nn.BatchNorm1d(width_out)
        self.residual = nn.Linear(width_in, width_out)

    def forward(self, nodes: Tensor, propagation: Tensor) -> Tensor:
        """Map (batch, node, width_in) to (batch, node, width_out) over (batch, target, source)."""
        hidden = F.relu(self.convolution(nodes, propagation))
        mixed: Tensor = self.norm(self.mixing(hidden.mT))  # (batch, width, node)
        residual: Tensor = self.residual(nodes)
        return mixed.mT + residual


class GraphEncoder(nn.Module):
    """Graph layers, each half as wide as the one before, and the node features flattened.

    Parameters
    ----------
    width : int
        Features D of a node.
    layers : int
        Number of layers; D / 2**layers must be a multiple of 4.

    Raises
    ------
    ValueError
        If the width cannot be halved so often.
    """

    def __init__(self, width: int, *, layers: int) -> None:
        super().__init__()
        check_widths(width, layers)
        widths = [width >> i for i in range(layers + 1)]
        self.layers = nn.ModuleList(GraphLayer(widths[i], widths[i + 1]) for i in range(layers))

    def forward(self, nodes: Tensor, propagation: Tensor) -> Tensor:
        """Embed graphs.

        Parameters
        ----------
        nodes : Tensor of shape (batch, node, D)
        propagation : Tensor of shape (batch, target, source)
            As :func:`signl.models.signl.edges.propagation_matrix` gives it.

        Returns
        -------
        Tensor of shape (batch, node * D / 2**layers)
            Node after node.
        """
        for layer in self.layers:
            nodes = layer(nodes, propagation)
        return nodes.flatten(1)

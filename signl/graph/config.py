"""Sizes of the graphs; imports nothing heavy, so that a configuration is checked before any job."""

from dataclasses import dataclass

#: Channels that the grouped 1x1 convolution of a graph encoder mixes with each other.
GROUP_WIDTH = 4


@dataclass(frozen=True, kw_only=True)
class GraphConfig:
    """Size of the graphs and of their encoders.

    Attributes
    ----------
    nodes : int
        Nodes N of a graph: rows and columns of the stem's grid.
    channels : int
        Channels C of the stem's grid, a multiple of 8. A node has D = C * N features.
    neighbours : int
        Edges that lead into each node, less than ``nodes``. Published: 3 for the ASVspoof
        corpora, 4 for CFAD.
    layers : int
        Layers of a graph encoder; each halves the width, D / 2**layers is a multiple of 4.

    Raises
    ------
    ValueError
        Names the values and what is allowed.
    """

    nodes: int = 32
    channels: int = 32
    neighbours: int = 3
    layers: int = 5

    def __post_init__(self) -> None:
        """Check the values."""
        if self.channels < 1 or self.channels % 8:
            raise ValueError(f"channels must be a multiple of 8, got {self.channels}")
        check_neighbours(self.neighbours, self.nodes)
        check_widths(self.channels * self.nodes, self.layers)

    @property
    def embedding_width(self) -> int:
        """Width of the joint embedding, 2 * N * D / 2**layers."""
        return 2 * self.nodes * (self.channels * self.nodes >> self.layers)


def check_neighbours(k: int, n_nodes: int) -> None:
    """Raise ValueError unless each of ``n_nodes`` nodes can have ``k`` neighbours."""
    if not 1 <= k < n_nodes:
        raise ValueError(f"neighbours must lie in 1..{n_nodes - 1} for {n_nodes} nodes, got {k}")


def check_widths(width: int, layers: int) -> None:
    """Raise ValueError unless ``width`` halves ``layers`` times to a multiple of 4."""
    divisor = GROUP_WIDTH * 2**layers
    if layers < 1 or width < 1 or width % divisor:
        raise ValueError(
            f"the width of a node's features (channels * nodes) must be a multiple of "
            f"4 * 2**layers = {divisor} with layers >= 1, got width {width} and layers {layers}"
        )

"""The spectral-temporal encoder: one stem, two graphs, two graph encoders."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from signl.graph.augment import Graph, GraphAugmentation, augment
from signl.graph.config import GraphConfig
from signl.graph.draws import AnyGenerator
from signl.graph.edges import adjacency_of, nearest_neighbours, propagation_matrix
from signl.graph.encoder import GraphEncoder
from signl.graph.stem import Stem

NeighbourSearch = Callable[[Tensor, int], Tensor]


class Embeddings(NamedTuple):
    """Embeddings of a batch: of each graph (batch, width / 2), and joint (batch, width)."""

    spectral: Tensor
    temporal: Tensor
    joint: Tensor


def row_nodes(grid: Tensor) -> Tensor:
    """Return one node per row of a grid, with its features channel after channel.

    Parameters
    ----------
    grid : Tensor of shape (batch, channel, row, column)

    Returns
    -------
    Tensor of shape (batch, row, channel * column)
    """
    return grid.transpose(1, 2).flatten(2)


class SpectralTemporalEncoder(nn.Module):
    """Embeds a picture by its spectral and its temporal graph.

    The spectral graph has a node per row of the stem's grid (front-end channels), the temporal
    graph a node per column (frames). Each node takes messages from the nodes of its own graph
    that resemble it; edges follow from the features as the stem gives them and are not
    differentiated.

    Parameters
    ----------
    width : int
        Channels of the front-end.
    n_frames : int
        Frames of a crop.
    config : GraphConfig
        Size of the graphs.
    search : callable, optional
        (nodes, k) -> neighbours, as :func:`signl.graph.edges.nearest_neighbours`, the default.

    References
    ----------
    SIGNL, arXiv 2501.04942.
    """

    def __init__(
        self,
        width: int,
        n_frames: int,
        config: GraphConfig,
        *,
        search: NeighbourSearch = nearest_neighbours,
    ) -> None:
        super().__init__()
        self.width, self.n_frames, self.config = width, n_frames, config
        self.search = search
        features = config.channels * config.nodes
        self.stem = Stem(width, n_frames, nodes=config.nodes, channels=config.channels)
        self.spectral = GraphEncoder(features, layers=config.layers)
        self.temporal = GraphEncoder(features, layers=config.layers)

    @property
    def embedding_width(self) -> int:
        """Width of the joint embedding."""
        return self.config.embedding_width

    def forward(
        self,
        picture: Tensor,
        *,
        augmentation: GraphAugmentation | None = None,
        generator: AnyGenerator | None = None,
    ) -> Embeddings:
        """Embed pictures.

        Parameters
        ----------
        picture : Tensor of shape (batch, 1, width, frame)
        augmentation : GraphAugmentation, optional
            Augments both graphs, in training mode and out of it.
        generator : torch.Generator or SharedGenerator, optional
            Source of the augmentation's draws; needed with it.

        Raises
        ------
        ValueError
            If the picture has another shape, or an augmentation comes without a generator.
        """
        if augmentation is not None and generator is None:
            raise ValueError("an augmentation needs a generator for its draws, got None")
        grid = self.stem(picture)
        graphs = [self._graph(row_nodes(grid)), self._graph(row_nodes(grid.mT))]
        if augmentation is not None and generator is not None:
            graphs = [augment(graph, augmentation, generator) for graph in graphs]
        spectral, temporal = (
            encoder(graph.nodes, propagation_matrix(graph.adjacency).to(graph.nodes.dtype))
            for encoder, graph in zip((self.spectral, self.temporal), graphs, strict=True)
        )
        return Embeddings(spectral, temporal, torch.cat([spectral, temporal], dim=-1))

    def _graph(self, nodes: Tensor) -> Graph:
        neighbours = self.search(nodes.detach(), self.config.neighbours)
        return Graph(nodes, adjacency_of(neighbours))

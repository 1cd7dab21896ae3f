"""The spectral-temporal encoder: one stem, two graphs, two graph encoders."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from signl.models.draws import AnyGenerator
from signl.models.network import FrameNetwork
from signl.models.signl.augment import Graph, augment
from signl.models.signl.edges import adjacency_of, nearest_neighbours, propagation_matrix
from signl.models.signl.frame_projection import FrameProjection
from signl.models.signl.graph_encoder import GraphEncoder
from signl.models.signl.options import GraphAugmentation, SignlOptions
from signl.models.signl.stem import Stem

NeighbourSearch = Callable[[Tensor, int], Tensor]


def _search_of(config: SignlOptions) -> NeighbourSearch:
    """Return the neighbour search that the options name: (nodes, k) -> neighbours."""
    if config.search == "dense":
        return nearest_neighbours
    # An optional package, which the dense search need not have.
    from signl.models.signl.torch_cluster_edges import nearest_neighbours_torch_cluster

    return nearest_neighbours_torch_cluster


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


class SpectralTemporalEncoder(FrameNetwork):
    """Embeds a picture by its spectral and its temporal graph.

    The spectral graph has a node per row of the stem's grid (front-end channels), the temporal
    graph a node per column (frames). Each node takes messages from the nodes of its own graph
    that resemble it; edges follow from the features as the stem gives them and are not
    differentiated. Frames may be projected before the stem, which is not published.

    Parameters
    ----------
    width : int
        Channels of the front-end.
    n_frames : int
        Frames of a crop.
    config : SignlOptions
        Size of the graphs.

    References
    ----------
    SIGNL, arXiv 2501.04942.
    """

    config: SignlOptions

    def __init__(self, width: int, n_frames: int, config: SignlOptions) -> None:
        super().__init__(width, n_frames, config)
        self.search = _search_of(config)
        features = config.channels * config.nodes
        self.projection = (
            None if config.projection is None else FrameProjection(width, config.projection)
        )
        self.stem = Stem(
            config.projection or width, n_frames, nodes=config.nodes, channels=config.channels
        )
        self.spectral = GraphEncoder(features, layers=config.layers)
        self.temporal = GraphEncoder(features, layers=config.layers)

    @property
    def embedding_width(self) -> int:  # type: ignore[override]
        """Width of the joint embedding."""
        return self.config.embedding_width

    def embed(
        self,
        crops: Tensor,
        *,
        augmentation: GraphAugmentation | None = None,
        generator: AnyGenerator | None = None,
    ) -> Tensor:
        """Return the joint embeddings of pictures; parameters and errors are those of a call."""
        joint: Tensor = self(crops, augmentation=augmentation, generator=generator).joint
        return joint

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
        grid = self.stem(picture if self.projection is None else self.projection(picture))
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

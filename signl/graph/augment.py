"""Augmentations of a graph for pre-training: edges dropped, features blurred and masked."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from signl.graph.draws import AnyGenerator, draw_normal, draw_uniform
from signl.graph.edges import drop_edges


@dataclass(frozen=True, kw_only=True)
class GraphAugmentation:
    """Strengths of the three augmentations, in the order in which they act.

    Attributes
    ----------
    keep_edge : float
        Probability that an edge from a lower to a higher node index stays; every other edge
        is the reverse of one that stays (:func:`signl.graph.edges.drop_edges`).
    noise_std : float
        Standard deviation of the Gaussian noise added to features.
    mask : float
        Probability that an element of the features is zeroed; the others are not rescaled.

    Raises
    ------
    ValueError
        If a probability is outside 0..1, or the standard deviation negative.
    """

    keep_edge: float = 0.5
    noise_std: float = 0.1
    mask: float = 0.5

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("keep_edge", "mask"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must lie in 0..1, got {value}")
        if self.noise_std < 0:
            raise ValueError(f"noise_std must not be negative, got {self.noise_std}")


class Graph(NamedTuple):
    """Dense graphs: features (batch, node, feature), adjacency (batch, target, source)."""

    nodes: Tensor
    adjacency: Tensor


def add_noise(nodes: Tensor, *, std: float, generator: AnyGenerator) -> Tensor:
    """Add Gaussian noise of standard deviation ``std`` to every element."""
    return nodes + std * draw_normal(nodes.shape, generator).to(nodes)


def mask_features(nodes: Tensor, *, rate: float, generator: AnyGenerator) -> Tensor:
    """Zero each element with probability ``rate``, without rescaling the others."""
    return nodes * (draw_uniform(nodes.shape, generator).to(nodes.device) >= rate)


def augment(graph: Graph, options: GraphAugmentation, generator: AnyGenerator) -> Graph:
    """Return a graph with edges dropped, then noise added, then features masked.

    Parameters
    ----------
    graph : Graph
        Its edges come from the clean features and are not searched anew.
    options : GraphAugmentation
    generator : torch.Generator
        Source of all draws. It may live on another device than the graph: with a generator on
        the CPU the same seed gives the same draws on every device.
    """
    adjacency = drop_edges(graph.adjacency, keep=options.keep_edge, generator=generator)
    noisy = add_noise(graph.nodes, std=options.noise_std, generator=generator)
    return Graph(mask_features(noisy, rate=options.mask, generator=generator), adjacency)

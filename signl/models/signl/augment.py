"""Augmentations of a graph for pre-training: edges dropped, features blurred and masked."""

from typing import NamedTuple

from torch import Tensor

from signl.models.draws import AnyGenerator, draw_normal, draw_uniform
from signl.models.signl.edges import drop_edges
from signl.models.signl.options import GraphAugmentation


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

"""Augmentations against the distributions that the method states.

Draws are seeded, so a test passes always or never. Bounds are five standard errors of what is
measured: a right implementation with a seed of its own would fail one time in two million.
"""

from math import comb

import numpy as np
import pytest
import torch

from signl.errors import ConfigError
from signl.models.signl.augment import Graph, GraphAugmentation, add_noise, augment, mask_features
from signl.models.signl.edges import adjacency_of, nearest_neighbours
from signl.typed import build

SILENT = GraphAugmentation(keep_edge=1.0, noise_std=0.0, mask=0.0)
ERRORS = 5


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def make_graph(seed=0, *, batch=40, n_nodes=16, width=64):
    nodes = torch.randn(batch, n_nodes, width, generator=seeded(seed))
    return Graph(nodes, torch.ones(batch, n_nodes, n_nodes))


def share_within(condition, probability):
    """Hold the share of independent events to their probability."""
    n = condition.numel()
    error = (probability * (1 - probability) / n) ** 0.5
    assert condition.double().mean().item() == pytest.approx(probability, abs=ERRORS * error)


def uncorrelated(first, second):
    n = first.numel()
    correlation = np.corrcoef(first.double().flatten(), second.double().flatten())[0, 1]
    assert abs(correlation) < ERRORS / n**0.5


@pytest.mark.parametrize("std", [0.1, 0.7])
def test_noise_is_gaussian_of_the_given_deviation(std):
    nodes = make_graph().nodes
    noise = add_noise(nodes, std=std, generator=seeded()) - nodes
    n = noise.numel()
    assert noise.mean().item() == pytest.approx(0, abs=ERRORS * std / n**0.5)
    assert noise.std().item() == pytest.approx(std, abs=ERRORS * std / (2 * n) ** 0.5)
    for deviations in (0.25, 0.5, 1.0, 1.5, 2.0, 3.0):  # the distribution function
        within = torch.special.erf(torch.tensor(deviations / 2**0.5)).item()
        share_within(noise.abs() < deviations * std, within)
    share_within(noise > 0, 0.5)


def test_noise_of_one_element_tells_nothing_of_another():
    noise = add_noise(torch.zeros(40, 16, 64), std=0.1, generator=seeded())
    for dim in range(3):
        n = noise.shape[dim]
        uncorrelated(noise.narrow(dim, 0, n - 1), noise.narrow(dim, 1, n - 1))
    # The noise does not scale with the feature: it is as large where that is large.
    large = add_noise(torch.full((40, 16, 64), 100.0), std=0.1, generator=seeded(1)) - 100
    n = large.numel()
    assert large.std().item() == pytest.approx(0.1, abs=ERRORS * 0.1 / (2 * n) ** 0.5)


def test_the_mask_zeroes_its_share_and_leaves_the_rest():
    nodes = make_graph().nodes
    masked = mask_features(nodes, rate=0.3, generator=seeded())
    zeroed = masked == 0
    share_within(zeroed, 0.3)
    # Not rescaled: what stays is bit for bit what it was.
    assert torch.equal(masked[~zeroed], nodes[~zeroed])


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_mask_of_nothing_and_of_everything(rate):
    nodes = make_graph(batch=2).nodes
    masked = mask_features(nodes, rate=rate, generator=seeded())
    assert torch.equal(masked, nodes * (1 - rate))


def test_the_mask_of_one_element_tells_nothing_of_another():
    masked = mask_features(torch.ones(100, 16, 64), rate=0.5, generator=seeded())
    for dim in range(3):
        n = masked.shape[dim]
        uncorrelated(masked.narrow(dim, 0, n - 1), masked.narrow(dim, 1, n - 1))


def test_the_mask_is_drawn_for_each_element():
    masked = mask_features(torch.ones(200, 8, 40), rate=0.5, generator=seeded())
    for dim in range(3):  # neither whole graphs, nodes nor channels are masked together
        share = masked.mean([other for other in range(3) if other != dim])
        assert share.min() > 0.3
        assert share.max() < 0.7


def test_published_strengths_are_the_defaults():
    assert GraphAugmentation() == GraphAugmentation(keep_edge=0.5, noise_std=0.1, mask=0.5)


def make_neighbour_graph(*, batch=300, n_nodes=16, k=4):
    nodes = torch.randn(batch, n_nodes, 24, generator=seeded(3))
    return Graph(nodes, adjacency_of(nearest_neighbours(nodes, k)))


def test_degrees_are_binomial_in_the_edges_that_may_stay():
    """Node t keeps each edge to or from it whose source is the lower index with one half."""
    graph = make_neighbour_graph()
    candidates = graph.adjacency.tril(-1)
    touching = candidates.sum(-1) + candidates.sum(-2)  # (batch, node)
    degree = augment(graph, GraphAugmentation(), seeded()).adjacency.sum(-1)
    assert torch.all(degree <= touching)
    for n_edges in range(1, 8):  # the whole distribution, for each number of candidates
        found = degree[touching == n_edges]
        assert len(found) > 50
        for kept in range(n_edges + 1):
            share_within(found == kept, comb(n_edges, kept) / 2**n_edges)


def test_the_number_of_edges_is_twice_a_binomial_number():
    graph = make_neighbour_graph()
    n_candidates = graph.adjacency.tril(-1).sum((1, 2)).double()
    adjacency = augment(graph, GraphAugmentation(), seeded(2)).adjacency
    assert torch.equal(adjacency, adjacency.mT)
    assert not adjacency.diagonal(dim1=1, dim2=2).any()
    n_pairs = adjacency.sum((1, 2)).double() / 2
    standard = (n_pairs - n_candidates / 2) / (n_candidates / 4).sqrt()
    n = len(standard)
    assert standard.mean().item() == pytest.approx(0, abs=ERRORS / n**0.5)
    assert standard.var().item() == pytest.approx(1, abs=ERRORS * (2 / n) ** 0.5)


def test_edges_noise_and_masks_of_two_graphs_are_drawn_apart():
    """As of the two views, and of an utterance's spectral and temporal graph."""
    full = Graph(torch.ones(60, 16, 64), torch.ones(60, 16, 16))
    generator = seeded()
    first, second = (augment(full, GraphAugmentation(), generator) for _ in range(2))
    lower = torch.ones(16, 16).tril(-1).bool()
    uncorrelated(first.adjacency[:, lower], second.adjacency[:, lower])
    uncorrelated(first.nodes == 0, second.nodes == 0)
    kept = (first.nodes != 0) & (second.nodes != 0)
    uncorrelated(first.nodes[kept], second.nodes[kept])


def test_no_augmentation_is_the_identity_on_features():
    graph = make_graph()
    assert torch.equal(augment(graph, SILENT, seeded()).nodes, graph.nodes)


def test_features_are_masked_after_noise_is_added():
    # Were the mask first, noise would fill the zeros.
    masked = augment(make_graph(), GraphAugmentation(), seeded()).nodes
    assert (masked == 0).double().mean().item() == pytest.approx(0.5, abs=0.01)


def test_augmentation_is_its_three_steps_in_order():
    graph, options = make_graph(), GraphAugmentation(keep_edge=0.4, noise_std=0.2, mask=0.3)
    generator = seeded(7)
    stays = torch.rand(graph.adjacency.shape, generator=generator) < 0.4
    noise = torch.randn(graph.nodes.shape, generator=generator)
    unmasked = torch.rand(graph.nodes.shape, generator=generator) >= 0.3
    kept = (graph.adjacency * stays).tril(-1)
    augmented = augment(graph, options, seeded(7))
    torch.testing.assert_close(augmented.nodes, (graph.nodes + 0.2 * noise) * unmasked)
    assert torch.equal(augmented.adjacency, kept + kept.transpose(1, 2))


def test_augmentation_follows_from_the_seed():
    graph = make_graph()
    first, again, other = (augment(graph, GraphAugmentation(), seeded(s)) for s in (1, 1, 2))
    assert torch.equal(first.nodes, again.nodes)
    assert torch.equal(first.adjacency, again.adjacency)
    assert not torch.equal(first.nodes, other.nodes)


def test_the_type_of_the_features_is_kept():
    graph = make_graph(batch=2)
    half = Graph(graph.nodes.bfloat16(), graph.adjacency)
    assert augment(half, GraphAugmentation(), seeded()).nodes.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep_edge": 1.5}, "keep_edge is 1.5; allowed is at most 1"),
        ({"mask": -0.1}, "mask is -0.1; allowed is at least 0"),
        ({"noise_std": -1}, "noise_std is -1; allowed is at least 0"),
    ],
)
def test_impossible_strengths_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        build(GraphAugmentation, options, "augmentation")

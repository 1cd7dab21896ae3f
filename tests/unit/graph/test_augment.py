import pytest
import torch

from signl.graph.augment import Graph, GraphAugmentation, add_noise, augment, mask_features

SILENT = GraphAugmentation(keep_edge=1.0, noise_std=0.0, mask=0.0)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def make_graph(seed=0, *, batch=40, n_nodes=16, width=64):
    nodes = torch.randn(batch, n_nodes, width, generator=seeded(seed))
    return Graph(nodes, torch.ones(batch, n_nodes, n_nodes))


def test_noise_is_gaussian_of_the_given_deviation():
    nodes = make_graph().nodes
    noise = add_noise(nodes, std=0.1, generator=seeded()) - nodes
    n = noise.numel()
    assert noise.mean().item() == pytest.approx(0, abs=4 * 0.1 / n**0.5)
    assert noise.std().item() == pytest.approx(0.1, abs=4 * 0.1 / (2 * n) ** 0.5)
    within_one_deviation = (noise.abs() < 0.1).double().mean().item()
    assert within_one_deviation == pytest.approx(0.6827, abs=4 * (0.68 * 0.32 / n) ** 0.5)


def test_the_mask_zeroes_its_share_and_leaves_the_rest():
    nodes = make_graph().nodes
    masked = mask_features(nodes, rate=0.3, generator=seeded())
    zeroed = masked == 0
    n = nodes.numel()
    assert zeroed.double().mean().item() == pytest.approx(0.3, abs=4 * (0.21 / n) ** 0.5)
    assert torch.equal(masked[~zeroed], nodes[~zeroed])


def test_the_mask_is_drawn_for_each_element():
    masked = mask_features(torch.ones(200, 8, 40), rate=0.5, generator=seeded())
    for dim in range(3):  # neither whole graphs, nodes nor channels are masked together
        share = masked.mean([other for other in range(3) if other != dim])
        assert share.min() > 0.3
        assert share.max() < 0.7


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
        ({"keep_edge": 1.5}, r"keep_edge must lie in 0\.\.1, got 1\.5"),
        ({"mask": -0.1}, r"mask must lie in 0\.\.1, got -0\.1"),
        ({"noise_std": -1}, "noise_std must not be negative, got -1"),
    ],
)
def test_impossible_strengths_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        GraphAugmentation(**options)

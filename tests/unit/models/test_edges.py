import pytest
import torch

from signl.models.signl.edges import (
    adjacency_of,
    drop_edges,
    nearest_neighbours,
    propagation_matrix,
)


def random_graph(seed, *, batch=3, n_nodes=9, k=3):
    generator = torch.Generator().manual_seed(seed)
    nodes = torch.randn(batch, n_nodes, 20, generator=generator)
    return nodes, nearest_neighbours(nodes, k)


def neighbours_one_by_one(nodes, k):
    """Rank all other nodes of each node with plain Python."""
    found = []
    for graph in nodes.double():
        cosine = [[float(a @ b / (a.norm() * b.norm())) for b in graph] for a in graph]
        found.append(
            [
                sorted((j for j in range(len(graph)) if j != i), key=lambda j: (-row[j], j))[:k]
                for i, row in enumerate(cosine)
            ]
        )
    return torch.tensor(found)


@pytest.mark.parametrize("k", [1, 3, 8])
@pytest.mark.parametrize("seed", range(3))
def test_neighbours_are_those_of_a_plain_search(seed, k):
    nodes, neighbours = random_graph(seed, k=k)
    assert torch.equal(neighbours, neighbours_one_by_one(nodes, k))


def test_similarity_is_cosine_not_distance():
    # Node 1 points along node 0 from afar; node 2 is near node 0 but at a right angle.
    nodes = torch.tensor([[[1.0, 0.0], [100.0, 1.0], [0.0, 1.0]]])
    assert nearest_neighbours(nodes, 1)[0, 0].tolist() == [1]


def test_the_lower_index_wins_a_tie():
    alike = torch.ones(2, 6, 4)
    expected = [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1], [0, 1]]
    assert nearest_neighbours(alike, 2).tolist() == [expected, expected]


def test_many_ties_keep_the_order_of_indices():
    axes = torch.randint(0, 4, (4, 40), generator=torch.Generator().manual_seed(0))
    nodes = torch.nn.functional.one_hot(axes, 4).float()
    assert torch.equal(nearest_neighbours(nodes, 12), neighbours_one_by_one(nodes, 12))


def test_zero_features_are_allowed():
    assert nearest_neighbours(torch.zeros(1, 3, 4), 1)[0].tolist() == [[1], [0], [0]]


def test_a_graph_does_not_depend_on_the_rest_of_its_batch():
    nodes, neighbours = random_graph(5)
    assert torch.equal(nearest_neighbours(nodes[1:2], 3)[0], neighbours[1])


def test_half_precision_is_left_for_the_search():
    nodes, neighbours = random_graph(2, n_nodes=30)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(nearest_neighbours(nodes, 3), neighbours)


@pytest.mark.parametrize("k", [0, 9, 12])
def test_impossible_numbers_of_neighbours_are_refused(k):
    with pytest.raises(ValueError, match=rf"1\.\.8 for 9 nodes, got {k}"):
        random_graph(0, k=k)


def test_edges_lead_from_neighbour_to_node():
    # Node 0 has neighbour 2: row 0 (target), column 2 (source).
    adjacency = adjacency_of(torch.tensor([[[2], [0], [1]]]))
    assert adjacency.tolist() == [[[0, 0, 1], [1, 0, 0], [0, 1, 0]]]


def test_every_node_receives_k_edges_and_none_from_itself():
    _, neighbours = random_graph(1, k=4)
    adjacency = adjacency_of(neighbours)
    assert torch.equal(adjacency.sum(-1), torch.full((3, 9), 4.0))
    assert not adjacency.diagonal(dim1=1, dim2=2).any()


def test_propagation_follows_from_in_degrees():
    # 0 -> 1, 2 -> 1: in-degrees with self loops are 1, 3, 1.
    adjacency = torch.tensor([[[0.0, 0, 0], [1, 0, 1], [0, 0, 0]]])
    root = 3**-0.5
    expected = [[[1, 0, 0], [root, 1 / 3, root], [0, 0, 1]]]
    torch.testing.assert_close(propagation_matrix(adjacency), torch.tensor(expected))


def dropped(adjacency, keep, seed=0):
    return drop_edges(adjacency, keep=keep, generator=torch.Generator().manual_seed(seed))


def test_only_edges_from_lower_to_higher_index_are_considered():
    # 0 -> 2 may stay, 2 -> 1 may not.
    adjacency = torch.zeros(1, 3, 3)
    adjacency[0, 2, 0] = adjacency[0, 1, 2] = 1
    both_ways = torch.zeros(1, 3, 3)
    both_ways[0, 2, 0] = both_ways[0, 0, 2] = 1
    assert torch.equal(dropped(adjacency, 1.0), both_ways)
    assert not dropped(adjacency, 0.0).any()


def test_dropped_edges_are_a_symmetric_subset():
    _, neighbours = random_graph(3)
    adjacency = adjacency_of(neighbours)
    kept = dropped(adjacency, 0.5)
    assert torch.equal(kept, kept.mT)
    assert torch.all(kept.tril() <= adjacency.tril())
    assert set(kept.unique().tolist()) <= {0.0, 1.0}


def test_edges_stay_with_the_given_probability():
    kept = dropped(torch.ones(200, 20, 20), 0.3).tril(-1)
    n_edges = 200 * 20 * 19 / 2
    error = (0.3 * 0.7 / n_edges) ** 0.5
    assert kept.sum().item() / n_edges == pytest.approx(0.3, abs=4 * error)


def test_drops_follow_from_the_seed():
    adjacency = torch.ones(4, 16, 16)
    assert torch.equal(dropped(adjacency, 0.5, seed=1), dropped(adjacency, 0.5, seed=1))
    assert not torch.equal(dropped(adjacency, 0.5, seed=1), dropped(adjacency, 0.5, seed=2))

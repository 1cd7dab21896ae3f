import pytest
import torch

from signl.models.signl.edges import nearest_neighbours

pytest.importorskip("torch_cluster", exc_type=ImportError)


@pytest.mark.parametrize(("n_nodes", "k"), [(32, 3), (32, 4), (16, 3), (5, 4)])
def test_both_searches_find_the_same_neighbours(n_nodes, k):
    from signl.models.signl.torch_cluster_edges import nearest_neighbours_torch_cluster

    nodes = torch.randn(6, n_nodes, 64, generator=torch.Generator().manual_seed(k))
    theirs = nearest_neighbours_torch_cluster(nodes, k)
    assert torch.equal(theirs.sort().values, nearest_neighbours(nodes, k).sort().values)


def test_coincident_nodes_are_refused():
    from signl.models.signl.torch_cluster_edges import nearest_neighbours_torch_cluster

    with pytest.raises(ValueError, match="edges for 1 graphs of 8 nodes"):
        nearest_neighbours_torch_cluster(torch.ones(1, 8, 4), 2)

"""The search of torch-cluster; the slow test builds the package where it is not installed."""

import importlib.util
import os
import shutil
import subprocess
import sys

import pytest
import torch

from signl.models.networks import NETWORKS
from signl.models.signl.edges import nearest_neighbours

#: What builds from source; 1.6.3 is the version that the published code was run with.
PACKAGE = "torch-cluster==1.6.3"
IS_INSTALLED = importlib.util.find_spec("torch_cluster") is not None
needs_package = pytest.mark.skipif(not IS_INSTALLED, reason=f"{PACKAGE} is not installed")


@needs_package
@pytest.mark.parametrize(("n_nodes", "k"), [(32, 3), (32, 4), (16, 3), (5, 4)])
def test_both_searches_find_the_same_neighbours(n_nodes, k):
    from signl.models.signl.torch_cluster_edges import nearest_neighbours_torch_cluster

    nodes = torch.randn(6, n_nodes, 64, generator=torch.Generator().manual_seed(k))
    theirs = nearest_neighbours_torch_cluster(nodes, k)
    assert torch.equal(theirs.sort().values, nearest_neighbours(nodes, k).sort().values)


@needs_package
def test_coincident_nodes_are_refused():
    from signl.models.signl.torch_cluster_edges import nearest_neighbours_torch_cluster

    with pytest.raises(ValueError, match="edges for 1 graphs of 8 nodes"):
        nearest_neighbours_torch_cluster(torch.ones(1, 8, 4), 2)


def network(search):
    options = {"kind": "signl", "nodes": 8, "channels": 16, "neighbours": 3, "search": search}
    torch.manual_seed(0)
    return NETWORKS.build(options).build(32, 24).eval()


@needs_package
def test_a_network_embeds_alike_with_both():
    crops = torch.randn(3, 1, 32, 24, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        dense, theirs = (network(search).embed(crops) for search in ("dense", "torch-cluster"))
    assert torch.allclose(dense, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(IS_INSTALLED, reason=f"{PACKAGE} is installed")
def test_it_is_refused_where_it_is_not_installed():
    with pytest.raises(ValueError, match="search is 'torch-cluster'"):
        network("torch-cluster")


@pytest.mark.slow
@pytest.mark.compiles
@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler")
@pytest.mark.skipif(IS_INSTALLED, reason=f"{PACKAGE} is installed; the tests above ran")
def test_it_builds_and_gives_the_graphs_of_the_dense_search(tmp_path):
    """Some minutes; unoptimised, for the speed of the compiler."""
    install = [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable]
    options = ["--no-build-isolation", "--no-deps", "--target", str(tmp_path)]
    # With ninja its files are compiled two at a time.
    subprocess.run(
        [*install, *options, "ninja", PACKAGE],
        env=os.environ
        | {"CFLAGS": "-O0 -w", "FORCE_ONLY_CPU": "1", "MAX_JOBS": str(os.cpu_count())},
        check=True,
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "not slow", __file__],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "6 passed, 1 skipped" in done.stdout, done.stdout

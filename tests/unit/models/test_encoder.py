import pytest
import torch
from torch import nn
from torch.nn import functional as F

from signl.models.signl.edges import (
    adjacency_of,
    drop_edges,
    nearest_neighbours,
    propagation_matrix,
)
from signl.models.signl.graph_encoder import GraphConvolution, GraphEncoder, GraphLayer


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def make_adjacency(nodes, *, k, augmented):
    adjacency = adjacency_of(nearest_neighbours(nodes, k))
    return drop_edges(adjacency, keep=0.5, generator=seeded()) if augmented else adjacency


def convolve_edge_by_edge(convolution, nodes, adjacency):
    """Send messages along an explicit edge list, as sparse graph libraries do."""
    result = []
    for features, matrix in zip(nodes, adjacency, strict=True):
        n_nodes = len(features)
        loops = torch.arange(n_nodes).repeat(2, 1)
        source, target = torch.cat([matrix.nonzero().T.flip(0), loops], dim=1)
        degree = torch.zeros(n_nodes).scatter_add_(0, target, torch.ones(len(target)))
        norm = degree[source].rsqrt() * degree[target].rsqrt()
        messages = norm.unsqueeze(1) * (features @ convolution.weight.T)[source]
        summed = torch.zeros(n_nodes, messages.shape[1]).index_add_(0, target, messages)
        result.append(summed + convolution.bias)
    return torch.stack(result)


@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize(("n_nodes", "k"), [(4, 3), (8, 1), (16, 4), (32, 3)])
def test_the_dense_convolution_equals_messages_along_edges(n_nodes, k, augmented):
    torch.manual_seed(n_nodes)
    nodes = torch.randn(3, n_nodes, 24)
    convolution = GraphConvolution(24, 12)
    nn.init.normal_(convolution.bias)
    adjacency = make_adjacency(nodes, k=k, augmented=augmented)
    dense = convolution(nodes, propagation_matrix(adjacency))
    torch.testing.assert_close(dense, convolve_edge_by_edge(convolution, nodes, adjacency))


def test_a_layer_is_its_steps_written_out():
    torch.manual_seed(0)
    layer = GraphLayer(16, 8).eval()
    nn.init.normal_(layer.norm.running_mean)
    nodes, propagation = torch.randn(2, 5, 16), torch.rand(2, 5, 5)
    hidden = F.relu(layer.convolution(nodes, propagation))
    # The grouped convolution: each output mixes the four channels of its own group.
    mixed = torch.empty_like(hidden)
    for channel in range(8):
        group = hidden[..., channel // 4 * 4 :][..., :4]
        mixed[..., channel] = (
            group @ layer.mixing.weight[channel, :, 0] + layer.mixing.bias[channel]
        )
    norm = layer.norm
    scaled = (mixed - norm.running_mean) / (norm.running_var + norm.eps).sqrt() * norm.weight
    expected = scaled + norm.bias + F.linear(nodes, layer.residual.weight, layer.residual.bias)
    torch.testing.assert_close(layer(nodes, propagation), expected)


def test_normalisation_is_over_all_nodes_of_the_batch():
    torch.manual_seed(0)
    layer = GraphLayer(16, 8).train()
    nn.init.zeros_(layer.residual.weight)
    nn.init.zeros_(layer.residual.bias)
    output = layer(torch.randn(6, 5, 16), torch.rand(6, 5, 5)).flatten(0, 1)
    torch.testing.assert_close(output.mean(0), torch.zeros(8), atol=1e-5, rtol=0)
    assert not torch.allclose(output.view(6, 5, 8).mean(1), torch.zeros(6, 8), atol=1e-2)


def test_the_encoder_halves_its_width_and_flattens_node_after_node():
    torch.manual_seed(0)
    encoder = GraphEncoder(128, layers=3).eval()
    nodes, propagation = torch.randn(2, 6, 128), torch.rand(2, 6, 6)
    hidden = nodes
    for layer in encoder.layers:
        hidden = layer(hidden, propagation)
    assert hidden.shape == (2, 6, 16)
    embedding = encoder(nodes, propagation)
    assert torch.equal(embedding[:, 16:32], hidden[:, 1])
    assert embedding.shape == (2, 6 * 16)


@pytest.mark.parametrize(("width", "layers"), [(64, 5), (120, 3), (0, 2), (64, 0)])
def test_widths_that_cannot_be_halved_so_often_are_refused(width, layers):
    with pytest.raises(ValueError, match=f"got width {width} and layers {layers}"):
        GraphEncoder(width, layers=layers)

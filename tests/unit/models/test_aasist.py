"""The graphs of AASIST against their definition node by node, and what its filters promise."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from signl.errors import ConfigError
from signl.models.aasist.graph_attention import GraphAttention, MixedGraphAttention
from signl.models.aasist.graph_pooling import GraphPooling
from signl.models.aasist.options import TAPS, AasistOptions
from signl.models.aasist.residual_blocks import ResidualBlock, residual_blocks
from signl.models.aasist.sinc_filters import SincFilters, band_pass_filters
from signl.models.aasist_frames.options import AasistFramesOptions
from signl.typed import build

SMALL = {"channels": (6, 4, 4), "gat_dims": (8, 6)}


def norm_and_activation(layer, nodes):
    norm = layer.bn
    with torch.no_grad():
        norm.running_mean.uniform_(-1, 1)
        norm.running_var.uniform_(0.5, 2)
    centred = (nodes - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
    return F.selu(centred * norm.weight + norm.bias)


@torch.no_grad()
def test_graph_attention_node_by_node():
    layer = GraphAttention(5, 3, temperature=2.0).eval()
    nodes = torch.randn(1, 4, 5)
    expected = []
    for node in nodes[0]:
        scores = [
            (layer.att_weight.T @ torch.tanh(layer.att_proj(node * other))).item() / 2
            for other in nodes[0]
        ]
        taken = torch.softmax(torch.tensor(scores), dim=0) @ nodes[0]
        expected.append(layer.proj_with_att(taken) + layer.proj_without_att(node))
    expected = norm_and_activation(layer, torch.stack(expected))
    torch.testing.assert_close(layer(nodes)[0], expected)


@torch.no_grad()
def test_mixed_attention_node_by_node():
    layer = MixedGraphAttention(5, 3, temperature=0.5).eval()
    first, second, master = torch.randn(1, 3, 5), torch.randn(1, 2, 5), torch.randn(1, 1, 5)
    projected = torch.cat([layer.proj_type1(first[0]), layer.proj_type2(second[0])])
    weights = {2: layer.att_weight11, 1: layer.att_weight12, 0: layer.att_weight22}
    expected = []
    for i, node in enumerate(projected):
        scores = [
            (weights[(i < 3) + (j < 3)].T @ torch.tanh(layer.att_proj(node * other))).item() / 0.5
            for j, other in enumerate(projected)
        ]
        taken = torch.softmax(torch.tensor(scores), dim=0) @ projected
        expected.append(layer.proj_with_att(taken) + layer.proj_without_att(node))
    expected = norm_and_activation(layer, torch.stack(expected))
    found = layer(first, second, master)
    torch.testing.assert_close(torch.cat([found.first[0], found.second[0]]), expected)
    hidden = [torch.tanh(layer.att_projM(node * master[0, 0])) for node in projected]
    seen = torch.stack([layer.att_weightM.T @ each for each in hidden])
    taken = torch.softmax(seen[:, 0] / 0.5, dim=0) @ projected
    of_master = layer.proj_with_attM(taken) + layer.proj_without_attM(master[0, 0])
    torch.testing.assert_close(found.master[0, 0], of_master)


@torch.no_grad()
def test_a_master_that_is_not_given_is_the_mean_of_the_nodes():
    layer = MixedGraphAttention(4, 3, temperature=1.0).eval()
    first, second = torch.randn(2, 3, 4), torch.randn(2, 6, 4)
    mean = torch.cat([layer.proj_type1(first), layer.proj_type2(second)], dim=1).mean(1, True)
    torch.testing.assert_close(layer(first, second).master, layer(first, second, mean).master)


@torch.no_grad()
@pytest.mark.parametrize(("n_nodes", "ratio", "kept"), [(23, 0.5, 11), (23, 0.4, 9), (2, 0.3, 1)])
def test_pooling_keeps_the_highest_scores_in_their_order(n_nodes, ratio, kept):
    pool = GraphPooling(ratio, 3).eval()
    nodes = torch.randn(1, n_nodes, 3)
    scores = torch.sigmoid(nodes[0] @ pool.proj.weight[0] + pool.proj.bias)
    order = sorted(range(n_nodes), key=lambda node: -scores[node].item())[:kept]
    expected = torch.stack([nodes[0, node] * scores[node] for node in order])
    torch.testing.assert_close(pool(nodes)[0], expected)


def test_pooling_scales_the_nodes_themselves_not_those_that_dropout_left():
    torch.manual_seed(0)
    pool = GraphPooling(1.0, 64).train()
    assert (pool(torch.ones(1, 8, 64)) > 0).all()


@pytest.mark.parametrize(("is_first", "pools"), [(True, True), (False, True), (False, False)])
def test_a_block_keeps_frequencies_and_pools_time(is_first, pools):
    block = ResidualBlock(2, 4, is_first=is_first, pools=pools)
    assert block(torch.randn(1, 2, 7, 19)).shape == (1, 4, 7, 6 if pools else 19)
    assert hasattr(block, "bn1") != is_first


def test_the_first_normalisation_of_a_block_changes_nothing():
    block, maps = ResidualBlock(3, 3).eval(), torch.randn(2, 3, 5, 9)
    before = block(maps)
    before.sum().backward()
    assert block.bn1.weight.grad is None
    torch.nn.init.constant_(block.bn1.weight, 100.0)
    assert torch.equal(block(maps), before)


def test_blocks_have_the_published_names():
    names = residual_blocks((4, 4, 6), pools=True).state_dict().keys()
    assert {"0.0.conv1.weight", "1.0.bn1.weight", "2.0.conv_downsample.weight"} <= names
    assert not {"0.0.bn1.weight", "1.0.conv_downsample.weight"} & names


@pytest.mark.parametrize("n_filters", [3, 70])
def test_the_filters_together_let_all_pass(n_filters):
    """Neighbours share an edge, and the last low-pass ends at half the sample rate."""
    expected = np.zeros(TAPS)
    expected[TAPS // 2] = 1.0
    np.testing.assert_allclose(band_pass_filters(n_filters).sum(0), expected, atol=1e-12)


def test_a_filter_passes_its_band():
    filters = band_pass_filters(70)
    gains = np.abs(np.fft.rfft(filters, 1600))  # one number every 10 Hz
    mel = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 71)
    middles_hz = 700 * (10 ** ((mel[:-1] + mel[1:]) / 2 / 2595) - 1)
    strongest_hz = 10 * gains.argmax(1)
    # Up to the width that a window of 8 ms can tell apart.
    assert np.abs(strongest_hz - middles_hz).max() < 130
    np.testing.assert_allclose(filters, filters[:, ::-1], atol=1e-15)


def test_neighbouring_filters_are_masked_in_training_alone():
    torch.manual_seed(0)
    filters, waveform = SincFilters(12, masked=5), torch.randn(2, 400)
    whole = filters.eval()(waveform)
    filters.train()
    numbers = set()
    for _ in range(60):
        found = filters(waveform)
        masked = torch.nonzero((found == 0).all(-1).all(0))[:, 0].tolist()
        assert masked == list(range(masked[0], masked[0] + len(masked))) if masked else True
        kept = [row for row in range(12) if row not in masked]
        assert torch.equal(found[:, kept], whole[:, kept])
        numbers.add(len(masked))
    assert numbers == set(range(6))
    assert torch.equal(filters.eval()(waveform), whole)
    assert not filters.state_dict()


NETWORKS = {
    "aasist": (AasistOptions(filters=12, dropout=0.0, **SMALL), 1, 4000),
    "aasist_frames": (AasistFramesOptions(projected=12, dropout=0.0, **SMALL), 10, 24),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_all_weights_but_the_unused_are_trained(kind):
    torch.manual_seed(0)
    options, width, length = NETWORKS[kind]
    network = options.build(width, length)
    shape = (6, length) if kind == "aasist" else (6, 1, width, length)
    embedding = network.embed(torch.randn(shape))
    (embedding * torch.randn_like(embedding)).sum().backward()
    without = {name for name, weight in network.named_parameters() if weight.grad is None}
    assert without == {f"encoder.{i}.0.bn1.{part}" for i in (1, 2) for part in ("weight", "bias")}


def test_the_shortest_crop_has_one_temporal_node():
    options = AasistOptions(filters=6, channels=(4,) * 6)
    options.check(width=1, n_frames=2315)
    assert options.build(1, 2315).eval().embed(torch.randn(1, 2315)).shape == (1, 160)
    with pytest.raises(ValueError, match=r"2314 samples is too short .* at least 2315"):
        options.check(width=1, n_frames=2314)
    with pytest.raises(ValueError, match=r"2 frames is too short .* at least 3 frames"):
        AasistFramesOptions().check(width=8, n_frames=2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channels": []}, "channels .*at least 1"),
        ({"ratios": [0.0, 0.5, 0.5]}, "more than 0"),
        ({"temperatures": [1.0, 1.0]}, "temperatures"),
        ({"filters": 2}, "filters is 2; allowed is at least 3"),
        ({"masked_filters": 70}, "masked_filters is 70; allowed is less than filters, 70"),
    ],
)
def test_impossible_sizes_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        build(AasistOptions, {"kind": "aasist", **change}, "model")

"""AASIST, its back-end on frames and its blocks, against outputs of the published code."""

import pytest
import torch
from baseline_fixtures import assert_all_close, read_fixture
from torch import nn

from signl.models.aasist.graph_attention import GraphAttention, MixedGraphAttention
from signl.models.aasist.graph_pooling import GraphPooling
from signl.models.aasist.residual_blocks import ResidualBlock
from signl.models.heads import Classifier
from signl.models.network import to_picture
from signl.models.networks import NETWORKS
from signl.models.published_heads import LogitHead
from signl.models.strict_loading import load_strictly

LABELS = torch.tensor([0, 1])
CLASS_WEIGHTS = torch.tensor([0.1, 0.9])


@pytest.fixture
def fixture_of(shared):
    """Return a function that reads a fixture by its name."""
    return lambda name: read_fixture(shared, name)


def outputs_of(model, names, call):
    """Call a model, and return its output with those of some of its modules."""
    outputs = {}

    def keep(name):
        def hook(module, inputs, output):
            outputs[name] = output

        return hook

    handles = [model.get_submodule(place).register_forward_hook(keep(place)) for place in names]
    with torch.no_grad():
        result = call()
    for handle in handles:
        handle.remove()
    return result, outputs


def classifier_of(fixture, network):
    """Return network and output layer with the fixture's weights, under the published names."""
    classifier = Classifier(network, LogitHead(network.embedding_width))
    state = {
        key.replace("out_layer", "head.classes")
        if key.startswith("out_layer")
        else f"encoder.{key}": tensor
        for key, tensor in fixture.state().items()
    }
    load_strictly(classifier, state, source=fixture.description["kind"])
    n_weights = sum(weight.numel() for weight in classifier.parameters())
    assert n_weights == fixture.description["parameters"]
    return classifier.eval()


def graph_outputs(outputs):
    """Return what the fixtures of both networks hold of the graphs."""
    of = {name: outputs[f"encoder.{name}"] for name in GRAPHS}
    found = {
        "gat_s": of["GAT_layer_S"][:, :, ::4],
        "gat_t": of["GAT_layer_T"][:, :, ::4],
        "pool_s": of["pool_S"][:, :, ::4],
        "pool_t": of["pool_T"][:, :, ::4],
        "st11_t": of["HtrgGAT_layer_ST11"].first[:, :, ::2],
        "st11_s": of["HtrgGAT_layer_ST11"].second[:, :, ::2],
    }
    for place in ("11", "12", "21", "22"):
        found[f"st{place}_master"] = of[f"HtrgGAT_layer_ST{place}"].master
    return found


GRAPHS = [
    *("GAT_layer_S", "GAT_layer_T", "pool_S", "pool_T"),
    *(f"HtrgGAT_layer_ST{place}" for place in ("11", "12", "21", "22")),
]


def head_outputs(classifier, embedding):
    logits = classifier.head(embedding)
    return {
        "embedding": embedding,
        "logits": logits,
        "score": classifier.head.score(logits),
        "loss": classifier.head.loss(logits, LABELS, CLASS_WEIGHTS),
    }


@torch.no_grad()
def test_the_blocks_agree(fixture_of):
    fixture = fixture_of("aasist_blocks")
    blocks = nn.ModuleDict(
        {
            "gat": GraphAttention(16, 8, temperature=2.0),
            "htrg": MixedGraphAttention(16, 8, temperature=100.0),
            "pool": GraphPooling(0.5, 8),
            "first": ResidualBlock(1, 32, is_first=True),
            "block": ResidualBlock(32, 24),
            "same": ResidualBlock(24, 24),
        }
    ).eval()
    load_strictly(blocks, fixture.state(), source="aasist_blocks")
    nodes, maps = fixture.normal("nodes", 2, 9, 16), fixture.normal("map", 2, 1, 5, 54)
    first, second = (
        fixture.normal(f"nodes_type{kind}", 2, n_nodes, 16) for kind, n_nodes in ((1, 7), (2, 5))
    )
    master = fixture.normal("master", 1, 1, 16)
    gat, htrg, pool = blocks["gat"](nodes), blocks["htrg"], blocks["pool"]
    mixed = htrg(first, second, master)
    both = torch.cat([htrg.proj_type1(first), htrg.proj_type2(second)], dim=1)
    found = {
        "gat_attention": blocks["gat"].attention(nodes),
        "gat": gat,
        "htrg_attention": htrg.attention(both, 7),
        "htrg_master_attention": htrg.master_attention(both, master),
        "htrg_1": mixed.first,
        "htrg_2": mixed.second,
        "htrg_master": mixed.master,
        "htrg_master_default": htrg(first, second).master,
        "pool_scores": pool.scores(gat),
        "pool": pool(gat),
        "first": (one := blocks["first"](maps))[:, ::4],
        "block": (two := blocks["block"](one))[:, ::2],
        "same": blocks["same"](two),
    }
    assert_all_close(found, fixture.expected)


def test_the_back_end_on_frames_agrees(fixture_of):
    fixture = fixture_of("aasist_ssl")
    classifier = classifier_of(fixture, NETWORKS.build({"kind": "aasist_frames"}).build(1024, 201))
    frames = fixture.normal("frames", 2, 201, 1024)
    places = ["LL", "first_bn", "encoder.0", "encoder", "first_bn1", "attention", *GRAPHS]
    embedding, outputs = outputs_of(
        classifier,
        [f"encoder.{place}" for place in places],
        lambda: classifier.encoder.embed(to_picture(frames)),
    )
    inner = {name: outputs[f"encoder.{name}"][:, ::8, ::3, ::4] for name in places[3:6]}
    found = {
        "ll": outputs["encoder.LL"][:, 0, :8, ::4],
        "map": outputs["encoder.first_bn"][:, 0, :8, :16],
        "block0": outputs["encoder.encoder.0"][:, (0, 7, 31), :4, :12],
        **inner,
        **graph_outputs(outputs),
        **head_outputs(classifier, embedding),
    }
    assert_all_close(found, fixture.expected)


def test_the_raw_waveform_network_agrees(fixture_of):
    fixture = fixture_of("aasist")
    waveforms = fixture.weights.waveforms(21, 2, 64_600)
    classifier = classifier_of(fixture, NETWORKS.build({"kind": "aasist"}).build(1, 64_600))
    pools = ["pool_hS1", "pool_hT1", "pool_hS2", "pool_hT2"]
    places = ["sinc", "first_bn", "encoder.0", "encoder.1", "encoder", *GRAPHS, *pools]
    embedding, outputs = outputs_of(
        classifier,
        [f"encoder.{place}" for place in places],
        lambda: classifier.encoder.embed(torch.from_numpy(waveforms)),
    )
    found = {
        "sinc_filters": classifier.encoder.sinc.filters[(0, 1, 34, 69), 0],
        "sinc_output": outputs["encoder.sinc"][:, (0, 1, 34, 69), :40],
        "map": outputs["encoder.first_bn"][:, 0, :6, :24],
        "block0": outputs["encoder.encoder.0"][:, (0, 7, 31), :4, :12],
        "block1": outputs["encoder.encoder.1"][:, (0, 7, 31), :4, :12],
        "encoder": outputs["encoder.encoder"][:, ::8, ::2, ::2],
        **{name.lower(): outputs[f"encoder.{name}"] for name in pools},
        **graph_outputs(outputs),
        **head_outputs(classifier, embedding),
    }
    assert_all_close(found, fixture.expected)


def test_the_light_network_has_the_published_number_of_weights():
    options = {
        "kind": "aasist",
        "channels": [32, 32, 24, 24, 24, 24],
        "gat_dims": [24, 32],
        "ratios": [0.4, 0.5, 0.7],
    }
    network = NETWORKS.build(options).build(1, 64_600)
    classifier = Classifier(network, LogitHead(network.embedding_width))
    assert sum(weight.numel() for weight in classifier.parameters()) == 85_306

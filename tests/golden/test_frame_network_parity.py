"""The networks that read frames, against the outputs of their published code."""

import re

import numpy as np
import pytest
import torch
from baseline_fixtures import assert_all_close, read_fixture
from torch.nn import functional as F

from signl.labels import BONAFIDE, CLASS_INDEX
from signl.models.heads import Classifier, LinearHead
from signl.models.network import to_picture
from signl.models.networks import NETWORKS
from signl.models.published_heads import LogitHead, SeluHead
from signl.models.strict_loading import load_strictly

#: Entries of the LCNN checkpoints that are no part of the network: the LFCC, and 0 and 1.
NO_WEIGHTS = ("m_frontend.", "input_", "output_")


@pytest.fixture
def fixture_of(shared):
    return lambda name: read_fixture(shared, name)


def classifier_of(fixture, head, output, width, n_frames, **options):
    """Return a network and its published output layer, of a name, with the fixture's weights."""
    network = NETWORKS.build(options).build(width, n_frames)
    classifier = Classifier(network, head(network.embedding_width))
    state = {}
    for key, tensor in fixture.state().items():
        if key.startswith(NO_WEIGHTS):
            continue
        place, _, leaf = name_of(fixture, key).rpartition(".")
        if place == output:
            # Of one logit, which is the log-odds, the other is 0.
            rows = torch.stack([torch.zeros_like(tensor[0]), tensor[0]])
            state[f"head.classes.{leaf}"] = tensor if len(tensor) == 2 else rows
        else:
            state[f"encoder.{place}.{leaf}"] = tensor
    load_strictly(classifier, state, source=fixture.description["kind"])
    return classifier.eval()


def name_of(fixture, key):
    """Return a key without the list of one module that ASVspoof 2021 puts around a part."""
    if "m_output_act.0.weight" not in fixture.description["state_dict"]:
        return key
    return re.sub(r"^(m_\w+)\.0\.", r"\1.", key)


def outputs_of(network, places, crops):
    """Embed crops; return the embedding and the outputs of some modules, by their places."""
    outputs = {}

    def keep(place):
        def hook(module, inputs, output):
            outputs[place] = output

        return hook

    handles = [network.get_submodule(place).register_forward_hook(keep(place)) for place in places]
    with torch.no_grad():
        embedding = network.embed(crops)
    for handle in handles:
        handle.remove()
    return embedding, outputs


def bona_fide(classifier, embedding):
    """Return the logit of the published output layer, which has one."""
    return classifier.head.classes(embedding)[:, CLASS_INDEX[BONAFIDE]]


def n_weights(module):
    return sum(weight.numel() for weight in module.parameters())


def lfcc_of(waveforms):
    """Return LFCC (batch, frame, 60) as baseline B03 takes them, without the front-end's code.

    Equations of Sahidullah et al., Interspeech 2015, in the form of arXiv 2103.11326: 20 linear
    filters to 4 kHz, log energy for the first cepstrum, differences over two frames.
    """
    emphasised = waveforms.astype(np.float64)
    emphasised[:, 1:] -= 0.97 * waveforms[:, :-1]
    padded = np.pad(emphasised, ((0, 0), (512, 512)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 1024, axis=1)[:, ::160, 352:672]
    hamming = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(320) / 320)
    power = np.abs(np.fft.rfft(windows * hamming, 1024)[..., :256]) ** 2
    bins, edges = np.linspace(0, 4000, 256)[:, None], np.linspace(0, 4000, 22)
    step = edges[1]
    bank = np.clip(1 - np.abs(bins - edges[1:-1]) / step, 0, None)
    logs = np.log10(power @ bank + 2.0**-23)
    m, n = np.arange(20)[:, None], np.arange(20)
    cosines = np.sqrt(2 / 20) * np.cos(np.pi * m * (2 * n + 1) / 40)
    static = logs @ cosines.T
    static[..., 0] = np.log10(power.sum(-1) / 1024 + 2.0**-23)
    slopes = [static]
    for _ in range(2):
        around = np.pad(slopes[-1], ((0, 0), (1, 1), (0, 0)), mode="edge")
        slopes.append(around[:, 2:] - around[:, :-2])
    return torch.from_numpy(np.concatenate(slopes, axis=-1).astype(np.float32))


BLSTMS = ["m_before_pooling.0", "m_before_pooling.1"]


@torch.no_grad()
def test_lcnn_on_lfcc_agrees(fixture_of):
    fixture = fixture_of("lcnn_lfcc")
    classifier = classifier_of(fixture, LinearHead, "m_output_act", 60, 404, kind="lcnn")
    assert classifier.encoder.embedding_width == 96
    waveforms = fixture.weights.waveforms(fixture.description["input_seed"], 4, 64_600)
    lfcc = lfcc_of(waveforms)
    places = [*(f"m_transform.{number}" for number in (0, 2, 9, 16)), "m_transform", *BLSTMS]
    embedding, outputs = outputs_of(classifier.encoder, places, to_picture(lfcc))
    logit = bona_fide(classifier, embedding)
    found = {
        "lfcc": torch.cat([lfcc[:, :8], lfcc[:, -8:]], dim=1),
        "lfcc_mean": lfcc.mean(dim=1),
        "conv0": outputs["m_transform.0"][:, ::16, :6, ::4],
        "pool2": outputs["m_transform.2"][:, ::8, :6, ::3],
        "bn9": outputs["m_transform.9"][:, ::8, :6, ::2],
        "conv16": outputs["m_transform.16"][:, ::8, :6],
        "cnn": outputs["m_transform"][:, ::4],
        **{f"blstm{i + 1}": outputs[place][:, ::4, ::4] for i, place in enumerate(BLSTMS)},
        "logit": logit,
        "score": logit,
        "probability": logit.sigmoid(),
        "loss": F.nll_loss(classifier.head(embedding), torch.tensor([0, 1, 0, 1])),
    }
    of_frontend = {"filter_bank", "dct"}
    expected = fixture.expected
    assert_all_close(found, {name: expected[name] for name in expected.keys() - of_frontend})


@torch.no_grad()
def test_lcnn_on_frames_agrees(fixture_of):
    fixture = fixture_of("lcnn_frames")
    classifier = classifier_of(fixture, LinearHead, "m_output_act", 384, 320, kind="lcnn")
    # The other class's row of the output layer is ours.
    assert n_weights(classifier) == fixture.description["parameters"] + 768 + 1
    picture = fixture.normal("frames", 2, 1, 384, 320)
    embedding, outputs = outputs_of(
        classifier.encoder, ["m_transform.0", "m_transform", *BLSTMS], picture
    )
    logit = bona_fide(classifier, embedding)
    found = {
        "conv0": outputs["m_transform.0"][:, ::16, :6, ::32],
        "cnn": outputs["m_transform"][:, ::4, ::2, ::2],
        **{f"blstm{i + 1}": outputs[place][:, ::2, ::16] for i, place in enumerate(BLSTMS)},
        "logit": logit,
        "loss": F.nll_loss(classifier.head(embedding), torch.tensor([0, 1])),
    }
    assert_all_close(found, fixture.expected)


def test_lcnn_trains_as_published(fixture_of):
    fixture = fixture_of("lcnn_train")
    classifier = classifier_of(
        fixture, LinearHead, "m_output_act", 60, 100, kind="lcnn", dropout=0.0
    )
    classifier = classifier.double().train()
    frames = fixture.normal("lfcc", 4, 100, 60).double()
    logit = bona_fide(classifier, classifier.encoder.embed(to_picture(frames)))
    labels = torch.tensor([0.0, 1.0, 0.0, 1.0], dtype=torch.float64)
    loss = F.binary_cross_entropy_with_logits(logit, labels)
    loss.backward()
    found = {"probability": logit.sigmoid(), "loss": loss}
    for name in fixture.expected.keys() - found.keys():
        what, _, key = name.partition(":")
        key = name_of(fixture, key)
        if key == "m_output_act.weight":
            found[name] = classifier.head.classes.weight.grad[CLASS_INDEX[BONAFIDE]][None]
        elif what == "grad":
            gradient = classifier.encoder.get_parameter(key).grad
            found[name] = gradient[::4] if len(gradient) > 32 else gradient
        else:
            found[name] = classifier.encoder.get_buffer(key)
    assert_all_close(found, fixture.expected)


@torch.no_grad()
def test_mhfa_agrees(fixture_of):
    fixture = fixture_of("mhfa")
    options = NETWORKS.build(
        {"kind": "mhfa", "states": 5, "heads": 4, "compression": 8, "channels": 16}
    )
    network = options.build(5 * 24, 11)
    constants = fixture.description["constants"].items()
    state = fixture.state() | {name: torch.tensor(values) for name, values in constants}
    load_strictly(network, state, source="mhfa")
    layers = fixture.normal("layers", 2, 24, 11, 5)  # (batch, channel, frame, layer)
    picture = layers.permute(0, 3, 1, 2).flatten(1, 2).unsqueeze(1)
    attended = network.eval().attend(picture)
    found = {
        "weighted_values": attended.weights.unsqueeze(-1) * attended.values.unsqueeze(2),
        "embedding": network.embed(picture),
    }
    assert_all_close(found, fixture.expected)


@torch.no_grad()
def test_sls_agrees(fixture_of):
    fixture = fixture_of("sls")
    classifier = classifier_of(fixture, SeluHead, "fc3", 24 * 1024, 201, kind="sls")
    assert n_weights(classifier) == fixture.description["parameters"]
    layers = fixture.normal("layers", 24, 2, 201, 1024)  # (layer, batch, frame, channel)
    picture = layers.permute(1, 0, 3, 2).flatten(1, 2).unsqueeze(1)
    network = classifier.encoder
    embedding, outputs = outputs_of(network, ["first_bn", "fc1"], picture)
    found = {
        "layer_gate": network.gates_of(network.states_of(picture)),
        "fused": outputs["first_bn"][:, 0, ::20, ::64],
        "fc1": outputs["fc1"][:, ::16],
        "fc3": classifier.head.classes(embedding),
        "log_probability": classifier.head(embedding),
    }
    assert_all_close(found, fixture.expected)


@torch.no_grad()
def test_nes2net_x_agrees(fixture_of):
    fixture = fixture_of("nes2net_x")
    classifier = classifier_of(fixture, LogitHead, "fc", 1024, 50, kind="nes2net_x")
    assert n_weights(classifier) == fixture.description["parameters"]
    picture = fixture.normal("frames", 2, 1024, 50).unsqueeze(1)
    places = {
        "inner0": "Build_in_Res2Nets.0",
        "bn0": "bns.0",
        "inner6": "Build_in_Res2Nets.6",
        "bn": "bn",
    }
    embedding, outputs = outputs_of(classifier.encoder, places.values(), picture)
    found = {name: outputs[place][:, ::8, ::5] for name, place in places.items()}
    found["bn"] = outputs["bn"][:, ::32, ::5]
    found["logits"] = classifier.head(embedding)
    assert_all_close(found, fixture.expected)

"""The model against a second implementation of the published method, for many sizes and seeds.

The second one reads the published names, works in float64 on one utterance at a time, and keeps
graphs as lists of edges; it shares nothing with ours but the checkpoint.
"""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from signl.models.heads import score
from signl.models.published.reference import build_model, convert_state_dict
from signl.objectives.objectives import make_objective

TOLERANCE = 1e-5
WIDTH, N_FRAMES, BATCH = 1024, 224, 2
LABELS = [1, 0]
# Strides of convolutions 2, 4 and 5 as (channel axis, frame axis).
STRIDES = {
    4: [(4, 2), (8, 4), (8, 7)],
    8: [(4, 2), (4, 2), (8, 7)],
    16: [(4, 1), (4, 2), (4, 7)],
    32: [(2, 1), (4, 1), (4, 7)],
}
# Nodes, neighbours, seed.
SIZES = [
    (4, 3, 0),
    *((nodes, k, 10 * nodes + k) for nodes in (8, 16, 32) for k in (3, 4, 5)),
    *((32, 4, seed) for seed in (1, 2)),
]


class Plain:
    """The published method, from the tensors of a checkpoint."""

    def __init__(self, state, *, nodes, k):
        self.state = {key: tensor.double().numpy() for key, tensor in state.items()}
        self.strides = STRIDES[nodes]
        self.k = k

    def __getitem__(self, key):
        found = [name for name in (key, f"model.{key}") if name in self.state]
        return self.state[found[0]]

    def convolve(self, name, picture, stride):
        padded = np.pad(picture, ((0, 0), (1, 1), (1, 1)))
        patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
        patches = patches[:, :: stride[0], :: stride[1]]
        out = np.tensordot(self[f"{name}.weight"], patches, axes=([1, 2, 3], [0, 3, 4]))
        return out + self[f"{name}.bias"][:, None, None]

    def normalise(self, name, values):
        """Apply batch normalisation to (channel, ...)."""
        shape = (-1, *[1] * (values.ndim - 1))
        mean, variance, weight, bias = (
            self[f"{name}.{leaf}"].reshape(shape)
            for leaf in ("running_mean", "running_var", "weight", "bias")
        )
        return (values - mean) / np.sqrt(variance + 1e-5) * weight + bias

    def linear(self, name, values):
        return self[f"{name}.weight"] @ values + self[f"{name}.bias"]

    def stem(self, picture):
        second, fourth, fifth = self.strides
        for layer, stride in enumerate([(1, 1), second, (1, 1), fourth, fifth]):
            picture = self.convolve(f"stem.convs.{3 * layer}", picture, stride)
            picture = self.normalise(f"stem.convs.{3 * layer + 1}", picture)
            if layer < 4:
                picture = np.maximum(picture, 0)
        return picture

    def edges(self, nodes):
        """Return (source, target) of every edge."""
        found = []
        for target, one in enumerate(nodes):
            cosines = {
                source: one @ other / np.sqrt((one @ one) * (other @ other))
                for source, other in enumerate(nodes)
                if source != target
            }
            nearest = sorted(cosines, key=lambda source: (-cosines[source], source))
            found += [(source, target) for source in nearest[: self.k]]
        return found

    def propagate(self, name, nodes, edges):
        looped = [*edges, *((node, node) for node in range(len(nodes)))]
        in_degree = np.zeros(len(nodes))
        for _, target in looped:
            in_degree[target] += 1
        messages = [self[f"{name}.lin.weight"] @ node for node in nodes]
        received = [self[f"{name}.bias"].copy() for _ in nodes]
        for source, target in looped:
            received[target] += messages[source] / np.sqrt(in_degree[source] * in_degree[target])
        return received

    def mix(self, name, node):
        """Apply a 1x1 convolution in groups of four channels."""
        weight, bias = self[f"{name}.weight"], self[f"{name}.bias"]
        groups = [weight[i : i + 4, :, 0] @ node[i : i + 4] for i in range(0, len(node), 4)]
        return np.concatenate(groups) + bias

    def encode(self, encoder, nodes):
        edges = self.edges(nodes)
        for layer in range(5):
            received = self.propagate(f"{encoder}.gnn.gconv.{layer}", nodes, edges)
            nodes = [
                self.normalise(
                    f"{encoder}.gnn.batch_norms_conv1d.{layer}",
                    self.mix(f"{encoder}.gnn.conv1d.{layer}", np.maximum(message, 0)),
                )
                + self.linear(f"{encoder}.gnn.fc_res.{layer}", node)
                for message, node in zip(received, nodes, strict=True)
            ]
        return np.concatenate(nodes)

    def head(self, name, values):
        for layer in (0, 3):
            values = np.maximum(self.linear(f"{name}.{layer}", values), 0)
        return self.linear(f"{name}.6", values)

    def embed(self, picture):
        grid = self.stem(picture)
        n_nodes = grid.shape[1]
        rows = [grid[:, i, :].ravel() for i in range(n_nodes)]
        columns = [grid[:, :, i].ravel() for i in range(n_nodes)]
        return grid, self.encode("encoder_t", rows), self.encode("encoder_f", columns)

    def classify(self, joint):
        features = np.maximum(self.head("fcn", joint), 0)
        logits = self.state["criterion.weight"] @ features + self.state["criterion.bias"]
        return features, logits - np.log(np.exp(logits).sum())


class Case(NamedTuple):
    plain: Plain
    checkpoint: object
    model: torch.nn.Module
    pictures: torch.Tensor


def draw_pictures(seed):
    """Draw hidden states with formants and rhythms, so that nodes resemble each other unevenly."""
    rng = np.random.default_rng(seed)
    channels, frames = rng.normal(size=(BATCH, WIDTH, 6)), rng.normal(size=(BATCH, 6, N_FRAMES))
    smooth = np.apply_along_axis(lambda row: np.convolve(row, np.ones(9) / 3, "same"), 2, frames)
    pictures = channels @ smooth / 2 + 0.3 * rng.normal(size=(BATCH, WIDTH, N_FRAMES))
    return torch.from_numpy(pictures.astype(np.float32))[:, None]


def make_case(publish, kind, nodes, k, seed):
    state = publish(kind, nodes=nodes, salt=f"{seed} ").state
    checkpoint = convert_state_dict(state)
    model = build_model(checkpoint, width=WIDTH, n_frames=N_FRAMES, neighbours=k)
    return Case(Plain(state, nodes=nodes, k=k), checkpoint, model, draw_pictures(seed))


def assert_close(found, expected, what):
    found, expected = found.detach().numpy(), np.asarray(expected)
    assert found.shape == expected.shape, what
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert error <= TOLERANCE, f"{what} is off by {error:.1e}, relative"


sizes = pytest.mark.parametrize(("nodes", "k", "seed"), SIZES)


@sizes
@torch.no_grad()
def test_a_classifier_is_the_published_one(publish, nodes, k, seed):
    case = make_case(publish, "classifier", nodes, k, seed)
    expected = [case.plain.embed(picture) for picture in case.pictures.double().numpy()]
    grids, spectral, temporal = zip(*expected, strict=True)
    encoder = case.model.encoder
    assert_close(encoder.stem(case.pictures), grids, "stem")
    embeddings = encoder(case.pictures)
    assert_close(embeddings.spectral, spectral, "spectral embedding")
    assert_close(embeddings.temporal, temporal, "temporal embedding")
    classified = [
        case.plain.classify(np.concatenate(pair)) for pair in zip(spectral, temporal, strict=True)
    ]
    features, log_probabilities = zip(*classified, strict=True)
    assert_close(case.model.head.features(embeddings.joint), features, "head")
    found = case.model(case.pictures)
    assert_close(score(found), [-row[0] for row in log_probabilities], "score")
    weights = case.plain.state["criterion.ce.weight"][LABELS]
    surprise = [-row[label] for row, label in zip(log_probabilities, LABELS, strict=True)]
    loss = F.nll_loss(found, torch.tensor(LABELS), weight=case.checkpoint.class_weights)
    assert_close(loss, weights @ surprise / weights.sum(), "loss")


@sizes
@torch.no_grad()
def test_a_pretraining_model_is_the_published_one(publish, nodes, k, seed):
    case = make_case(publish, "encoder", nodes, k, seed)
    views = case.model(case.pictures, case.pictures.flip(-1))
    projections = []
    for view, pictures in zip(views, (case.pictures, case.pictures.flip(-1)), strict=True):
        joint = [
            np.concatenate(case.plain.embed(picture)[1:]) for picture in pictures.double().numpy()
        ]
        projections.append([case.plain.head("g", one) for one in joint])
        assert_close(view.embedding, joint, "embedding")
        assert_close(view.projection, projections[-1], "projection")
    cosines = [
        one @ other / np.sqrt((one @ one) * (other @ other))
        for one, other in zip(*projections, strict=True)
    ]
    objective = make_objective("alignment", 80, {})
    loss = objective(views.first.projection, views.second.projection).loss
    assert_close(loss, -np.mean(cosines), "loss")

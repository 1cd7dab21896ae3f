"""The published implementation's outputs, for weights and audio that both can make."""

import importlib.util
import json
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from transformers import Wav2Vec2Config, Wav2Vec2Model

from signl.models.heads import score
from signl.models.network import to_picture
from signl.models.published.reference import build_model, convert_state_dict
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder
from signl.models.strict_loading import load_strictly
from signl.objectives.objectives import make_objective

TOLERANCE = 1e-5
CROP = 72_000
WIDTH, N_FRAMES = 1024, 224


class Case(NamedTuple):
    checkpoint: object
    model: torch.nn.Module
    frames: tuple[torch.Tensor, torch.Tensor]  # hidden states of both halves
    expected: dict[str, np.ndarray]


@pytest.fixture(scope="module")
def case(request, shared):
    return load_case(shared / "reference", request.param)


def load_case(folder, name):
    weights = import_by_path(folder / "reference_weights.py")
    description = json.loads((folder / f"{name}.json").read_text())
    checkpoint = convert_state_dict(make_state_dict(weights, description))
    frontend = Wav2Vec2Model(Wav2Vec2Config(**description["wav2vec2"])).eval()
    load_strictly(frontend, checkpoint.frontend, source=name)
    model = build_model(checkpoint, width=WIDTH, n_frames=N_FRAMES, neighbours=description["k"])
    waveform = torch.from_numpy(weights.waveforms(description["input_seed"]))
    with torch.no_grad():
        frames = tuple(frontend(half).last_hidden_state for half in waveform.split(CROP, dim=1))
    with np.load(folder / f"{name}.npz") as arrays:
        return Case(checkpoint, model, frames, dict(arrays))


def import_by_path(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_state_dict(weights, description):
    state = {
        key: torch.from_numpy(weights.tensor_for(key, shape, description["salt"]).copy())
        for key, (shape, _) in description["state_dict"].items()
    }
    return state | {key: torch.tensor(value) for key, value in description["constants"].items()}


def assert_close(found, expected, what):
    """Compare with the largest expected value as the scale."""
    found = found.detach().numpy()
    assert found.shape == expected.shape, what
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert error <= TOLERANCE, f"{what} is off by {error:.1e}, relative"


classifier = pytest.mark.parametrize("case", ["classifier_cfad"], indirect=True)
pretrained = pytest.mark.parametrize("case", ["encoder_cfad"], indirect=True)


@classifier
@torch.no_grad()
def test_frontend_and_stem_agree(case):
    assert_close(case.frames[0][:, :5, :8], case.expected["ssl_frames"], "ssl_frames")
    grid = case.model.encoder.stem(to_picture(case.frames[0]))
    assert_close(grid[0, :4, :8, :8], case.expected["stem"], "stem")


@classifier
@torch.no_grad()
def test_classifier_agrees(case):
    picture = to_picture(case.frames[0])
    embeddings = case.model.encoder(picture)
    assert_close(embeddings.spectral, case.expected["spectral_embedding"], "spectral embedding")
    assert_close(embeddings.temporal, case.expected["temporal_embedding"], "temporal embedding")
    assert_close(case.model.head.features(embeddings.joint), case.expected["head"], "head")
    log_probabilities = case.model(picture)
    assert_close(score(log_probabilities), case.expected["score"], "score")
    labels = torch.tensor([0, 1, 0, 1])
    loss = F.nll_loss(log_probabilities, labels, weight=case.checkpoint.class_weights)
    assert_close(loss, case.expected["loss"], "loss")


@pretrained
@torch.no_grad()
def test_pretraining_model_agrees(case):
    views = case.model(*map(to_picture, case.frames))
    for number, view in enumerate(views, start=1):
        assert_close(view.embedding, case.expected[f"embedding_{number}"], f"embedding {number}")
        assert_close(view.projection, case.expected[f"projection_{number}"], f"projection {number}")
    objective = make_objective("alignment", 80, {})
    loss = objective(views.first.projection, views.second.projection).loss
    assert_close(loss, case.expected["loss"], "loss")


@pytest.mark.parametrize(
    ("case", "compared"),
    [
        (
            "classifier_cfad",
            "ssl_frames stem spectral_embedding temporal_embedding head score loss",
        ),
        ("encoder_cfad", "embedding_1 embedding_2 projection_1 projection_2 loss"),
    ],
    indirect=["case"],
)
def test_every_stored_output_is_compared(case, compared):
    assert case.expected.keys() == set(compared.split())


@pretrained
def test_the_fixture_tells_the_two_graphs_and_the_number_of_neighbours_apart(case):
    """Agreement would mean little if a wrong model agreed too."""
    encoder, picture = case.model.encoder, to_picture(case.frames[0])
    expected = torch.from_numpy(case.expected["embedding_1"])
    fewer = SpectralTemporalEncoder(
        WIDTH,
        N_FRAMES,
        encoder.config.model_copy(update={"neighbours": encoder.config.neighbours - 1}),
    ).eval()
    fewer.load_state_dict(encoder.state_dict())
    with torch.no_grad():
        swapped = torch.cat(encoder(picture)[1::-1], dim=-1)
        for wrong in (fewer(picture).joint, swapped):
            assert (wrong - expected).abs().max() / expected.abs().max() > 100 * TOLERANCE

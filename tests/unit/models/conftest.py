"""Checkpoints of the published form, with weights that follow from their names."""

import hashlib
from typing import NamedTuple

import numpy as np
import pytest
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

CHANNELS, LAYERS, HEAD = 32, 5, (256, 128, 80)
WAV2VEC2 = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "conv_dim": [8] * 7,
    "conv_bias": True,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}
GAINS = {"wav2vec": 2.0, "stem": 1.4, "criterion": 0.2}


def tensor_for(key, shape, salt=""):
    """Draw the tensor of one key; its values depend on key, shape and salt alone."""
    seed = int.from_bytes(hashlib.sha256(f"{salt}{key}".encode()).digest()[:8], "little")
    rng = np.random.Generator(np.random.Philox(seed))
    if key.endswith("num_batches_tracked"):
        return torch.tensor(7)
    if key.endswith("running_var"):
        values = rng.uniform(0.5, 1.5, shape)
    elif key.endswith("weight") and len(shape) == 1:  # scales of normalisation
        values = rng.uniform(0.8, 1.2, shape)
    elif len(shape) <= 1:
        values = rng.normal(0.0, 0.1 if key.endswith("running_mean") else 0.05, shape)
    else:
        gain = next((gain for part, gain in GAINS.items() if part in key), 0.7)
        values = rng.normal(0.0, gain * np.prod(shape[1:]) ** -0.5, shape)
    return torch.from_numpy(values.astype(np.float32))


def norm_shapes(name, width, *, running):
    shapes = {f"{name}.weight": [width], f"{name}.bias": [width]}
    if running:
        shapes |= {f"{name}.running_mean": [width], f"{name}.running_var": [width]}
        shapes[f"{name}.num_batches_tracked"] = []
    return shapes


def layer_shapes(encoder, index, width):
    half = width // 2
    gnn = f"{encoder}.gnn"
    return {
        f"{gnn}.gconv.{index}.bias": [half],
        f"{gnn}.gconv.{index}.lin.weight": [half, width],
        f"{gnn}.conv1d.{index}.weight": [half, 4, 1],
        f"{gnn}.conv1d.{index}.bias": [half],
        **norm_shapes(f"{gnn}.batch_norms_gconv.{index}", half, running=True),
        **norm_shapes(f"{gnn}.layer_norms_gconv.{index}", half, running=False),
        **norm_shapes(f"{gnn}.batch_norms_conv1d.{index}", half, running=True),
        **norm_shapes(f"{gnn}.layer_norms_conv1d.{index}", half, running=False),
        f"{gnn}.fc_res.{index}.weight": [half, width],
        f"{gnn}.fc_res.{index}.bias": [half],
    }


def stem_shapes():
    depths = [1, CHANNELS // 8, CHANNELS // 4, CHANNELS // 2, CHANNELS, CHANNELS]
    shapes = {}
    for i in range(5):
        shapes[f"stem.convs.{3 * i}.weight"] = [depths[i + 1], depths[i], 3, 3]
        shapes[f"stem.convs.{3 * i}.bias"] = [depths[i + 1]]
        shapes |= norm_shapes(f"stem.convs.{3 * i + 1}", depths[i + 1], running=True)
    return shapes


def head_shapes(name, width):
    widths = [width, *HEAD]
    return {
        key: shape
        for i in range(3)
        for key, shape in {
            f"{name}.{3 * i}.weight": [widths[i + 1], widths[i]],
            f"{name}.{3 * i}.bias": [widths[i + 1]],
        }.items()
    }


def published_shapes(kind, nodes, wav2vec2):
    """Return the keys of a published checkpoint, with their shapes."""
    with torch.device("meta"):
        frontend = Wav2Vec2Model(Wav2Vec2Config(**wav2vec2)).state_dict()
    width = CHANNELS * nodes
    shapes = {f"wav2vec.{name}": list(tensor.shape) for name, tensor in frontend.items()}
    for encoder in ("encoder_t", "encoder_f"):
        for index in range(LAYERS):
            shapes |= layer_shapes(encoder, index, width >> index)
    head = "g" if kind == "encoder" else "fcn"
    shapes |= stem_shapes() | head_shapes(head, 2 * nodes * width >> LAYERS)
    if kind == "encoder":
        return shapes
    prefixed = {f"model.{key}": shape for key, shape in shapes.items()}
    criterion = {"weight": [2, HEAD[-1]], "bias": [2], "ce.weight": [2]}
    return prefixed | {f"criterion.{key}": shape for key, shape in criterion.items()}


class Published(NamedTuple):
    """What a published checkpoint holds under ``state_dict``, and its front-end's fields."""

    state: dict[str, torch.Tensor]
    wav2vec2: dict[str, object]


@pytest.fixture(scope="session")
def publish():
    """Return a function that makes the tensors of a published checkpoint."""

    def make(kind, *, nodes=4, salt="", wav2vec2=WAV2VEC2):
        shapes = published_shapes(kind, nodes, wav2vec2)
        state = {key: tensor_for(key, shape, salt) for key, shape in shapes.items()}
        if kind == "classifier":
            state["criterion.ce.weight"] = torch.tensor([0.1, 0.9])
        return Published(state, wav2vec2)

    return make

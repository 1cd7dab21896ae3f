"""Fixtures of the features' tests: a tiny speech model, encoded audio, shards of it."""

import io

import numpy as np
import pytest
import soundfile
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from signl.corpora.shards import ShardWriter, read_members


@pytest.fixture(scope="session")
def speech_model_folder(tmp_path_factory):
    """A folder in Hugging Face's format: the convolutions of XLS-R, little behind them."""
    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(8,) * 7,
        conv_bias=True,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Wav2Vec2Model(config)
    folder = tmp_path_factory.mktemp("speech-model")
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def encode():
    """Return a function that gives the FLAC of some seconds of noise."""

    def encoded(seconds, *, seed=0, rate_hz=16_000):
        rng = np.random.default_rng(seed)
        samples = (0.1 * rng.standard_normal(round(seconds * rate_hz))).clip(-1, 1)
        buffer = io.BytesIO()
        soundfile.write(buffer, samples, rate_hz, format="FLAC", subtype="PCM_16")
        return buffer.getvalue()

    return encoded


@pytest.fixture
def pack(tmp_path):
    """Return a function that packs member -> bytes into one audio shard and gives its path."""

    def packed(utterances, archive="DF"):
        path = tmp_path / "audio" / archive / "0000-of-0001.parquet"
        with ShardWriter([path], {"archive": archive}) as writer:
            for member, encoded in utterances.items():
                writer.add(member, encoded)
        assert read_members(path) == list(utterances)
        return path

    return packed

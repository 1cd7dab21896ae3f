"""Fixtures of the features' tests: a tiny speech model, encoded audio, shards of it."""

import io

import numpy as np
import pytest
import soundfile
import torch
from baseline_fixtures import compare, read_fixture
from transformers import (
    SeamlessM4TFeatureExtractor,
    Wav2Vec2BertConfig,
    Wav2Vec2BertModel,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperModel,
)

from signl.corpora.audio_shards import ShardWriter, read_members


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


#: A small Whisper with as few positions as suffice: a second of audio.
WHISPER = {
    "d_model": 16,
    "encoder_layers": 2,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_layers": 1,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 32,
    "vocab_size": 20,
    "max_source_positions": 50,
    "max_target_positions": 4,
    "pad_token_id": 0,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "decoder_start_token_id": 0,
}


@pytest.fixture(scope="session")
def make_whisper():
    """Return a function that makes a small Whisper, or its encoder alone."""

    def make(kind=WhisperModel, **more):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return kind(WhisperConfig(**(WHISPER | more))).eval()

    return make


@pytest.fixture(scope="session")
def whisper_folder(make_whisper, tmp_path_factory):
    """The folder of a small Whisper, with decoder and preprocessor; not to be written to."""
    folder = tmp_path_factory.mktemp("whisper")
    make_whisper().save_pretrained(folder)
    WhisperFeatureExtractor(chunk_length=1).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def w2v_bert_folder(tmp_path_factory):
    """The folder of a small w2v-BERT, with its preprocessor; not to be written to."""
    folder = tmp_path_factory.mktemp("w2v-bert")
    config = Wav2Vec2BertConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        Wav2Vec2BertModel(config).save_pretrained(folder)
    SeamlessM4TFeatureExtractor().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def fixture_of(shared):
    """Return a function that reads what a published front-end gave."""
    return lambda name: read_fixture(shared, name)


@pytest.fixture(scope="session")
def assert_close():
    """Return a function that compares with the largest expected value as the scale."""
    return compare

"""Fixtures of the features' tests: a tiny speech model, encoded audio, shards of it."""

import io

import numpy as np
import pytest
import soundfile

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

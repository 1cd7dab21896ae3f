import pickle

import numpy as np
import pytest

from signl.corpora import audio_shards as shards
from signl.corpora.audio_shards import ShardWriter, iterate_audio
from signl.corpora.random_access import AudioShard, AudioStore
from signl.errors import ArtefactError


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """Two shards of an archive, of many small row groups."""
    monkeypatch.setattr(shards, "ROW_GROUP_BYTES", 300)
    rng = np.random.default_rng(0)
    paths = [tmp_path / "CFAD" / f"{index:04d}-of-0002.parquet" for index in (0, 1)]
    with ShardWriter(paths, {}) as writer:
        for number in range(60):
            writer.add(f"{number}.wav", rng.bytes(int(rng.integers(0, 200))))
    return paths


def test_rows_in_any_order_are_those_of_a_pass(packed):
    for path in packed:
        expected = {row: audio for row, _, audio in iterate_audio(path)}
        shard = AudioShard(path)
        assert len(shard) == len(expected)
        for row in np.random.default_rng(1).permutation(len(shard)):
            assert shard.audio(int(row)) == expected[row]


@pytest.mark.parametrize("row", [-1, 1000])
def test_a_row_that_is_not_there_is_named(packed, row):
    with pytest.raises(ArtefactError, match=rf"0000-of-0002\.parquet has \d+ rows, row {row} is"):
        AudioShard(packed[0]).audio(row)


def test_a_store_finds_shards_by_archive_and_number(packed):
    store = AudioStore(packed)
    expected = [audio for _, _, audio in iterate_audio(packed[1])]
    assert store.audio("CFAD", 1, 2) == expected[2]
    assert pickle.loads(pickle.dumps(store)).audio("CFAD", 1, 2) == expected[2]


@pytest.mark.parametrize(("archive", "shard"), [("LA", 0), ("CFAD", 2)])
def test_a_shard_that_was_not_given_is_named(packed, archive, shard):
    with pytest.raises(ArtefactError, match=f"no audio shard {shard} of archive '{archive}'"):
        AudioStore(packed).audio(archive, shard, 0)

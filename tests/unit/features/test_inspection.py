import pytest

from signl import stages
from signl.artefacts import table_made_by
from signl.corpora.audio_shards import ShardWriter
from signl.features.index import read_index
from signl.features.inspection import inspect_audio


@pytest.fixture
def inspected(encode, tmp_path):
    """An inspected shard: a long utterance, one that is no audio, a short one."""
    audio, output = tmp_path / "audio.parquet", tmp_path / "inspected.parquet"
    with ShardWriter([audio], {}) as writer:
        writer.add("long.flac", encode(3.0))
        writer.add("broken.flac", b"fLaC, but no more")
        writer.add("short.flac", encode(0.5, rate_hz=8000))
    inspect_audio(audio, output, options={"clip_s": 2.0})
    return output


def test_what_cannot_be_decoded_says_why(inspected):
    rows = read_index(inspected).to_pylist()
    assert [row["member"] for row in rows] == ["long.flac", "broken.flac", "short.flac"]
    assert [row["reason"] is None for row in rows] == [True, False, True]
    assert "neither libsndfile" in rows[1]["reason"]


def test_durations_are_of_what_a_clip_uses(inspected):
    durations = [row["duration_s"] for row in read_index(inspected).to_pylist()]
    assert durations == [2.0, 0.0, 0.5]


def test_the_index_says_what_made_it(inspected):
    made_by = table_made_by(inspected)
    assert (made_by.stage, made_by.revision) == ("inspect_audio", stages.INSPECTIONS.revision)

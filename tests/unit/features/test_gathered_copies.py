import pyarrow as pa
import pytest

from signl import stages
from signl.artefacts import MadeBy, table_made_by, write_table
from signl.corpora.resynthesising import COPIES_SCHEMA
from signl.errors import ArtefactError, AudioError
from signl.features.gathered_copies import gather_copies, read_copies
from signl.features.index import INDEX_SCHEMA
from signl.seals import text_digest

NAMES = ["a/channel-0", "a/pseudo_spoof-0", "b/channel-0"]


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a shard of copies and an index of their features."""

    def run(archive, members, *, lost=(), indexed=None):
        places = [tmp_path / kind / archive / "0001-of-0002.parquet" for kind in ("c", "f")]
        rows = [
            {
                "member": member,
                "audio": b"",
                "utterance_id": member.split("/")[0],
                "role": member.split("/")[1].split("-")[0],
                "method": "phase",
                "number": 0,
            }
            for member in members
        ]
        made_by = MadeBy(stage="resynthesise", revision=stages.COPIES.revision, options={})
        write_table(places[0], pa.Table.from_pylist(rows, schema=COPIES_SCHEMA), made_by)
        named = indexed or members
        index = [
            {
                "member": member,
                "n_frames": 0 if member in lost else 7,
                "duration_s": 1.5,
                "reason": "silence" if member in lost else None,
            }
            for member in named
        ]
        made_by = MadeBy(
            stage="extract_features",
            revision=stages.FEATURES.revision,
            options={},
            digests={"members": text_digest(named)},
        )
        write_table(places[1], pa.Table.from_pylist(index, schema=INDEX_SCHEMA), made_by)
        return places

    return run


def gather(pairs, output, share=0.0):
    copies, indexes = zip(*pairs, strict=True)
    gather_copies(copies, indexes, output, options={"max_undecodable": share})
    return read_copies(output)


def test_each_copy_is_where_its_features_are(write, tmp_path):
    pairs = [write("X@c@r", NAMES), write("Y@c@r", ["d/channel-0"])]
    table = gather(pairs, tmp_path / "out.parquet")
    assert "label" not in table.column_names
    found = [
        (row["utterance_id"], row["role"], row["packed_archive"], row["shard"], row["row"])
        for row in table.to_pylist()
    ]
    assert found == [
        ("a", "channel", "X@c@r", 1, 0),
        ("a", "pseudo_spoof", "X@c@r", 1, 1),
        ("b", "channel", "X@c@r", 1, 2),
        ("d", "channel", "Y@c@r", 1, 0),
    ]
    digests = table_made_by(tmp_path / "out.parquet").digests
    assert digests["X@c@r/0001-of-0002"] == text_digest(NAMES)


def test_copies_without_features_are_told_and_limited(write, tmp_path, caplog):
    pairs = [write("X@c@r", NAMES, lost=NAMES[1:2])]
    with pytest.raises(AudioError, match=r"1 of 3 copies cannot be used(.|\n)*a/pseudo_spoof-0"):
        gather(pairs, tmp_path / "out.parquet", share=0.3)
    table = gather(pairs, tmp_path / "out.parquet", share=0.4)
    assert table["row"].to_pylist() == [0, 2]
    assert "a copy cannot be used: a/pseudo_spoof-0: silence" in caplog.text


def test_an_index_of_other_copies_is_refused(write, tmp_path):
    with pytest.raises(ArtefactError, match="is of other copies"):
        gather([write("X@c@r", NAMES, indexed=NAMES[::-1])], tmp_path / "out.parquet")

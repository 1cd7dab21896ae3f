"""Pools: the utterances and labels of several corpora, told apart by the names of these."""

import pyarrow as pa
import pytest

from signl import stages
from signl.artefacts import MadeBy, table_made_by, write_table
from signl.errors import ManifestError
from signl.features.usable import check_members, read_usable
from signl.training.corpus_pools import pool_labels, pool_utterances
from signl.training.label_subsets import COLUMNS, read_labelled, read_labels

POOL = "cfad+mine"


@pytest.fixture
def usable(tmp_path):
    """Return a function that writes usable trials of a corpus, as they are gathered."""

    def write(corpus, archive):
        rows = [
            {
                "utterance_id": f"U_{row}",
                "partition": "train",
                "label": "spoof" if row else "bonafide",
                "attack": "A01" if row else None,
                "packed_archive": archive,
                "shard": 0,
                "n_shards": 1,
                "row": row,
            }
            for row in range(3)
        ]
        path = tmp_path / f"{corpus}.parquet"
        digests = {"quarantine": "q", f"{archive}/0000-of-0001": f"members of {archive}"}
        header = MadeBy(
            stage=stages.USABLE.rule, revision=stages.USABLE.revision, options={}, digests=digests
        )
        write_table(path, pa.Table.from_pylist(rows), header)
        return path

    return write


@pytest.fixture
def labels(tmp_path):
    """Return a function that writes a labelled subset of a corpus."""

    def write(corpus, *names):
        rows = [dict(zip(COLUMNS, (name, "train", "spoof", "A01"), strict=True)) for name in names]
        path = tmp_path / f"{corpus}-labels.parquet"
        revision = stages.LABELS.revision
        header = MadeBy(stage=stages.LABELS.rule, revision=revision, options={})
        write_table(path, pa.Table.from_pylist(rows), header)
        return path

    return write


def test_utterances_of_one_name_are_two_in_a_pool(usable, tmp_path):
    output = tmp_path / "pool.parquet"
    pool_utterances([usable("cfad", "CFAD"), usable("mine", "mine")], output, pool=POOL)
    pooled = read_usable(output)
    expected = [f"{corpus}/U_{row}" for corpus in ("cfad", "mine") for row in range(3)]
    assert pooled["utterance_id"].to_pylist() == expected
    assert pooled["packed_archive"].to_pylist() == ["CFAD"] * 3 + ["mine"] * 3
    assert pooled.drop_columns(["utterance_id", "packed_archive"])[3:] == (
        read_usable(tmp_path / "mine.parquet").drop_columns(["utterance_id", "packed_archive"])
    )


def test_shards_of_a_pool_are_those_that_its_corpora_were_gathered_from(usable, tmp_path):
    output = tmp_path / "pool.parquet"
    pool_utterances([usable("cfad", "CFAD"), usable("mine", "mine")], output, pool=POOL)
    digests = table_made_by(output).digests
    assert digests["CFAD/0000-of-0001"] == "members of CFAD"
    shard = tmp_path / "mine" / "0000-of-0001.safetensors"
    check_members([output], [(shard, "members of mine")])
    with pytest.raises(Exception, match="holds other utterances"):
        check_members([output], [(shard, "members of another")])


def test_corpora_that_share_a_recording_are_no_pool(usable, tmp_path):
    with pytest.raises(ManifestError, match=r"3 recordings of archive CFAD are in two"):
        pool_utterances(
            [usable("cfad", "CFAD"), usable("mine", "CFAD")], tmp_path / "pool.parquet", pool=POOL
        )


def test_labels_of_a_pool_are_those_of_its_corpora(usable, labels, tmp_path):
    pooled, subset = tmp_path / "pool.parquet", tmp_path / "subset.parquet"
    pool_utterances([usable("cfad", "CFAD"), usable("mine", "mine")], pooled, pool=POOL)
    both = [labels("cfad", "U_0"), labels("mine", "U_1", "U_2")]
    pool_labels(both, subset, pool=POOL, seed=1, percent=5.0)
    names = ["cfad/U_0", "mine/U_1", "mine/U_2"]
    assert read_labels(subset)["utterance_id"].to_pylist() == names
    labelled = read_labelled(pooled, subset)
    assert labelled["utterance_id"].to_pylist() == names
    assert table_made_by(subset).options == {"corpus": POOL, "seed": 1, "percent": 5.0}

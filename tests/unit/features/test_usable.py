from dataclasses import replace

import pyarrow as pa
import pyarrow.csv
import pytest
import torch

from signl import stages
from signl.artefacts import MadeBy, table_made_by, write_table
from signl.corpora.trial_tables import TRIALS_SCHEMA
from signl.errors import ArtefactError, AudioError, ManifestError
from signl.features.feature_shards import Shape, write_shard
from signl.features.usable import gather_utterances, read_usable
from signl.seals import file_digest, text_digest

SHAPE = Shape(width=2, window_samples=400, hop_samples=320, clip_frames=449)
#: Archive -> for each of its shards the frames of each row; 0 cannot be decoded.
SHARDS = {"DF_part00": [[449, 0, 30], [20, 10]], "LA": [[7]]}


def trial(name, archive, shard, row, partition="eval"):
    return {
        "utterance_id": name,
        "archive": archive,
        "member": f"{shard}-{row}.flac",
        "partition": partition,
        "protocols": ["eval", "all"],
        "label": "spoof",
        "attack": "A07",
        "packed_archive": archive,
        "shard": shard,
        "n_shards": len(SHARDS.get(archive, [])),
        "row": row,
    }


#: Not in the order of the shards.
TRIALS = [
    trial("e", "DF_part00", 1, 1),
    trial("t", "LA", 0, 0, partition="train"),
    trial("b", "DF_part00", 0, 1),
    trial("a", "DF_part00", 0, 0),
    trial("d", "DF_part00", 1, 0),
    trial("c", "DF_part00", 0, 2),
]


@pytest.fixture
def indexes(tmp_path):
    paths = []
    for archive, shards in SHARDS.items():
        for number, counts in enumerate(shards):
            path = tmp_path / archive / f"{number:04d}-of-{len(shards):04d}.parquet"
            rows = [
                {
                    "member": f"{number}-{place}.flac",
                    "n_frames": n_frames,
                    "duration_s": n_frames / 50,
                    "reason": None if n_frames else 'neither "a", nor b',
                }
                for place, n_frames in enumerate(counts)
            ]
            write_shard(
                path.with_suffix(".safetensors"),
                path,
                frames=[torch.zeros(sum(counts), 2).half()],
                index=rows,
                shape=SHAPE,
                options={},
            )
            paths.append(path)
    return paths


@pytest.fixture
def gather(tmp_path):
    """Return a function that gathers a partition of trials: what is usable, the quarantine."""

    def gathered(indexes, *, trials=TRIALS, partition="eval", max_undecodable=0.2):
        path, output = tmp_path / "trials.parquet", tmp_path / "out" / "eval.parquet"
        table = pa.Table.from_pylist(trials, schema=TRIALS_SCHEMA)
        made_by = MadeBy(stage="locate_trials", revision=stages.TRIALS.revision, options={})
        write_table(path, table, made_by)
        gather_utterances(
            path,
            indexes,
            output,
            output.with_suffix(".quarantine.csv"),
            partition=partition,
            options={"max_undecodable": max_undecodable},
        )
        return read_usable(output), pyarrow.csv.read_csv(output.with_suffix(".quarantine.csv"))

    return gathered


def test_usable_trials_keep_their_order_and_columns(gather, indexes):
    usable, _ = gather(indexes)
    assert usable["utterance_id"].to_pylist() == ["e", "a", "d", "c"]
    assert usable["n_frames"].to_pylist() == [10, 449, 20, 30]
    assert usable["duration_s"].to_pylist() == pytest.approx([0.2, 8.98, 0.4, 0.6])
    assert usable.column_names == [*TRIALS_SCHEMA.names, "n_frames", "duration_s"]
    assert usable["protocols"].to_pylist() == [["eval", "all"]] * 4


def test_the_quarantine_says_which_and_why(gather, indexes):
    _, quarantine = gather(indexes)
    assert quarantine.to_pylist() == [
        {
            "utterance_id": "b",
            "packed_archive": "DF_part00",
            "member": "0-1.flac",
            "reason": 'neither "a", nor b',
        }
    ]


def test_other_partitions_are_left_alone(gather, indexes):
    usable, quarantine = gather(indexes, partition="train", max_undecodable=0)
    assert usable["utterance_id"].to_pylist() == ["t"]
    assert quarantine.num_rows == 0
    assert quarantine.column_names == ["utterance_id", "packed_archive", "member", "reason"]


def test_the_limit_is_a_share_of_the_trials(gather, indexes):
    gather(indexes, max_undecodable=1 / 5)
    with pytest.raises(AudioError, match=r"1 of 5 utterances cannot be used, .* share 0\.19"):
        gather(indexes, max_undecodable=0.19)


def test_too_many_are_refused_naming_the_first_ten(gather, indexes, tmp_path):
    trials = [trial(f"b{number:02d}", "DF_part00", 0, 1) for number in range(12)]
    with pytest.raises(AudioError) as refused:
        gather(indexes, trials=trials, max_undecodable=0.5)
    message = str(refused.value)
    assert message.startswith("12 of 12 utterances cannot be used, more than the share 0.5 that")
    assert "limits.undecodable" in message
    for number in range(10):
        assert f'b{number:02d} (DF_part00:0-1.flac): neither "a", nor b' in message
    assert "b10" not in message
    # All of them are in the quarantine, which is there to be looked at.
    quarantine = pyarrow.csv.read_csv(tmp_path / "out" / "eval.quarantine.csv")
    assert quarantine.num_rows == 12
    assert not (tmp_path / "out" / "eval.parquet").exists()


@pytest.mark.parametrize("lost", [trial("x", "DF_part00", 1, 2), trial("x", "DF_part01", 0, 0)])
def test_trials_of_which_no_shard_knows_are_refused(gather, indexes, lost):
    with pytest.raises(ManifestError, match=r"1 trials are not where they should be .*\['x'\] of"):
        gather(indexes, trials=[*TRIALS, lost])


def test_features_of_other_utterances_are_refused(gather, indexes):
    """As many of them, so that only their names tell."""
    other = trial("e", "DF_part00", 1, 1) | {"member": "other.flac"}
    with pytest.raises(
        ManifestError, match=r"0001-of-0002: .* do not belong together; .*make it anew"
    ):
        gather(indexes, trials=[other, *TRIALS[1:]])


def test_the_header_tells_of_the_quarantine_and_the_shards(gather, indexes, tmp_path):
    gather(indexes)
    digests = table_made_by(tmp_path / "out" / "eval.parquet").digests
    assert digests["quarantine"] == file_digest(tmp_path / "out" / "eval.quarantine.csv")
    assert digests["LA/0000-of-0001"] == text_digest(["0-0.flac"])


def test_a_partition_without_trials_is_refused(gather, indexes):
    with pytest.raises(ManifestError, match="has no trial of partition 'dev'"):
        gather(indexes, partition="dev")


def test_indexes_of_another_revision_are_refused(gather, indexes, monkeypatch):
    raised = replace(stages.FEATURES, revision=stages.FEATURES.revision + 1)
    monkeypatch.setattr(stages, "FEATURES", raised)
    with pytest.raises(ArtefactError, match=r"0000-of-0002\.parquet was made by extract_features"):
        gather(indexes)

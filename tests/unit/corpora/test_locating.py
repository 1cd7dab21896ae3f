import logging

import pytest

from signl import stages
from signl.artefacts import MadeBy, write_table
from signl.corpora.audio_shards import iterate_audio
from signl.corpora.locating import locate_trials
from signl.corpora.manifest import STAGE, to_table
from signl.corpora.packing import pack_audio
from signl.corpora.trial_tables import TRIALS_SCHEMA, read_trials
from signl.corpora.trials import Trial
from signl.errors import ArtefactError, ConfigError, ManifestError
from signl.seeds import shard_names

NAMES = [f"flac_T/{index:02d}.flac" for index in range(40)]


@pytest.fixture
def manifest(tmp_path):
    trials = [Trial(name, "flac_T", name, "train", (), "spoof") for name in reversed(NAMES)]
    trials.append(Trial("E", "flac_E", "flac_E_eval/e.flac", "eval", ("eval",), "bonafide"))
    path = tmp_path / "m.parquet"
    write_table(
        path, to_table(trials), MadeBy(stage=STAGE, revision=stages.MANIFEST.revision, options={})
    )
    return path


@pytest.fixture
def pack(tmp_path, published, manifest):
    def run(archive, names, n_shards=3):
        path = published.write_tar(tmp_path / f"{archive}.tar", {n: n.encode() for n in names})
        outputs = [tmp_path / f"{archive}/{name}.parquet" for name in shard_names(n_shards)]
        pack_audio([path], manifest, outputs, options={"archive": archive})
        return outputs

    return run


def test_each_trial_is_found_where_it_is(tmp_path, manifest, pack):
    shards = {
        "flac_T_aa": pack("flac_T_aa", NAMES[:25]),
        "flac_T_ab": pack("flac_T_ab", NAMES[25:], 2),
        "flac_E_aa": pack("flac_E_aa", ["flac_E_eval/e.flac"], 1),
    }
    locate_trials(manifest, shards, tmp_path / "t.parquet", options={})
    table = read_trials(tmp_path / "t.parquet")
    assert table.schema.equals(TRIALS_SCHEMA)
    rows = table.to_pylist()
    assert [row["member"] for row in rows] == [*reversed(NAMES), "flac_E_eval/e.flac"]
    for row in rows:
        paths = shards[row["packed_archive"]]
        assert row["n_shards"] == len(paths)
        audio = list(iterate_audio(paths[row["shard"]]))[row["row"]]
        assert audio.member == row["member"]


def test_a_trial_without_audio_is_named_and_fatal(tmp_path, manifest, pack):
    shards = {"flac_T_aa": pack("flac_T_aa", NAMES[:25])}
    with pytest.raises(ManifestError, match="16 of 41 trials have no audio in flac_T_aa") as caught:
        locate_trials(manifest, shards, tmp_path / "t.parquet", options={})
    assert "15 of flac_T, 1 of flac_E" in str(caught.value)
    assert f"{', '.join(reversed(NAMES[30:]))}, ..." in str(caught.value)
    assert not (tmp_path / "t.parquet").exists()


def test_a_share_may_be_missing_if_the_options_allow_it(tmp_path, manifest, pack, caplog):
    shards = {"flac_T_aa": pack("flac_T_aa", NAMES)}
    with caplog.at_level(logging.WARNING):
        locate_trials(manifest, shards, tmp_path / "t.parquet", options={"max_missing": 0.03})
    assert read_trials(tmp_path / "t.parquet").num_rows == 40
    assert "1 of 41 trials have no audio" in caplog.text
    with pytest.raises(ManifestError, match="max_missing"):
        locate_trials(manifest, shards, tmp_path / "t.parquet", options={"max_missing": 0.02})


def test_partitions_that_are_not_used_need_no_audio(tmp_path, manifest, pack):
    shards = {"flac_T_aa": pack("flac_T_aa", NAMES)}
    options = {"partitions": ["train", "dev"]}
    locate_trials(manifest, shards, tmp_path / "t.parquet", options=options)
    assert read_trials(tmp_path / "t.parquet").num_rows == 40


def test_an_utterance_in_two_archives_of_a_set_is_refused(tmp_path, manifest, pack):
    shards = {
        "flac_T_aa": pack("flac_T_aa", NAMES),
        "flac_T_ab": pack("flac_T_ab", NAMES[7:8]),
        "flac_E_aa": pack("flac_E_aa", ["flac_E_eval/e.flac"], 1),
    }
    with pytest.raises(
        ManifestError, match=r"first flac_T/07\.flac, in flac_T_aa and flac_T_ab; get"
    ):
        locate_trials(manifest, shards, tmp_path / "t.parquet", options={})


def test_shards_that_are_exchanged_are_refused(tmp_path, manifest, pack):
    shards = {"flac_T_aa": pack("flac_T_aa", NAMES)[::-1]}
    with pytest.raises(ArtefactError, match=r"parquet holds .*'shard': 2.* expected .*'shard': 0"):
        locate_trials(manifest, shards, tmp_path / "t.parquet", options={})


@pytest.mark.parametrize(
    "options", [{"max_missing": 1.0}, {"max_missing": -0.1}, {"partitions": ["test"]}, {"x": 1}]
)
def test_wrong_options_are_refused(tmp_path, manifest, options):
    with pytest.raises(ConfigError, match=r"  locate_trials\.(max_missing|partitions\.0|x) is"):
        locate_trials(manifest, {}, tmp_path / "t.parquet", options=options)

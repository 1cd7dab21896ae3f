"""Real recordings in the published forms, if the environment says where they have been built."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from signl.corpora.audio_shards import iterate_audio
from signl.corpora.locating import locate_trials
from signl.corpora.manifest import build_manifest
from signl.corpora.packing import pack_audio
from signl.corpora.registry import CORPORA, locate_archives
from signl.corpora.trial_tables import read_trials
from signl.seeds import shard_names

FOLDER = os.environ.get("SIGNL_REAL_SPEECH", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="SIGNL_REAL_SPEECH names no folder")

SPLITS = {
    "asvspoof2021_df": ("ASVspoof2021", ["train", "dev", "df_eval", "df_progress", "df_hidden"]),
    "asvspoof5": ("ASVspoof5", ["train", "dev", "eval"]),
    "cfad": ("CFAD", ["train", "dev", "test_seen", "test_unseen"]),
    "in_the_wild": ("InTheWild", ["eval"]),
}


@pytest.mark.parametrize("corpus", SPLITS)
def test_all_that_is_there_is_found(tmp_path, corpus):
    manifest, output, shards = tmp_path / "m.parquet", tmp_path / "t.parquet", {}
    build_manifest(corpus, FOLDER, manifest, options={"subset": True})
    for item in locate_archives(corpus, FOLDER, subset=True):
        if item.archive.n_utterances:
            paths = [tmp_path / f"{item.name}/{name}.parquet" for name in shard_names(2)]
            pack_audio(item.paths, manifest, paths, options={"archive": item.name})
            shards[item.name] = paths
    locate_trials(manifest, shards, output, options={})
    rows = read_trials(output).to_pylist()
    folder, splits = SPLITS[corpus]
    truth = json.loads((Path(FOLDER) / "truth.json").read_text())["corpora"][folder]["splits"]
    for label in ("bonafide", "spoof"):
        expected = {name for split in splits for name in truth[split]["ids"][label]}
        assert {row["utterance_id"] for row in rows if row["label"] == label} == expected
    attacks = {}
    for split in splits:
        attacks |= truth[split]["attack_of_id"]
    if corpus != "in_the_wild":  # its protocol names no attack
        assert {r["utterance_id"]: r["attack"] for r in rows if r["attack"]} == attacks
    starts = {
        item.audio[:4] for paths in shards.values() for p in paths for item in iterate_audio(p)
    }
    assert starts <= {b"fLaC", b"RIFF"}
    partitions = Counter(row["partition"] for row in rows)
    assert set(partitions) == set(CORPORA[corpus].partitions)

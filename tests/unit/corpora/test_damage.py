"""Damage to any archive of any corpus, on the whole way from the archives to packed audio."""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signl.corpora.locating import locate_trials
from signl.corpora.manifest import build_manifest
from signl.corpora.packing import pack_audio
from signl.corpora.registry import CORPORA, locate_archives
from signl.errors import ArchiveError
from signl.seeds import shard_names


def ingest(corpus, archives, results):
    """Run all stages; parts that hold nothing wanted are left out."""
    manifest, shards = results / "m.parquet", {}
    build_manifest(corpus, archives, manifest, options={"subset": True})
    for item in locate_archives(corpus, archives, subset=True):
        paths = [results / f"{item.name}/{name}.parquet" for name in shard_names(1)]
        if not item.archive.n_utterances:
            continue
        try:
            pack_audio(item.paths, manifest, paths, options={"archive": item.name})
        except ArchiveError as error:
            if "holds none of" not in str(error):
                raise
        else:
            shards[item.name] = paths
    locate_trials(manifest, shards, results / "t.parquet", options={})


def damage(path, choice):
    """Overwrite a few bytes, and perhaps cut off the end."""
    content = bytearray(path.read_bytes())
    for position in choice.draw(st.lists(st.integers(0, len(content) - 1), max_size=3)):
        patch = choice.draw(st.binary(min_size=1, max_size=6))
        content[position : position + len(patch)] = patch
    if choice.draw(st.booleans()):
        content = content[: choice.draw(st.integers(0, len(content)))]
    path.write_bytes(content)


@pytest.mark.parametrize("corpus", [c.name for c in CORPORA.values() if c.packed_by == c.name])
def test_undamaged_archives_are_ingested(archives, tmp_path, corpus):
    ingest(corpus, archives, tmp_path / "results")


@pytest.mark.parametrize(
    "name",
    [
        "ASVspoof2021/LA.zip",
        "ASVspoof2021/DF-keys-full.tar.gz",
        "ASVspoof2021/ASVspoof2021_DF_eval_part01.tar.gz",
        "ASVspoof5/ASVspoof5_protocols.tar.gz",
        "ASVspoof5/flac_T_aa.tar",
        "CFAD/CFAD.z02",
        "CFAD/CFAD.zip",
        "InTheWild/release_in_the_wild.zip",
    ],
)
@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(choice=st.data())
def test_damage_gives_no_error_but_ours(archives, published, tmp_path, name, choice):
    original = (archives / name).read_bytes()
    corpora = {"CFAD": "cfad", "InTheWild": "in_the_wild", "ASVspoof2021": "asvspoof2021_df"}
    corpus = corpora.get(name.split("/")[0], "asvspoof5")
    results = tmp_path / "results"
    try:
        damage(archives / name, choice)
        message = published.refusal(lambda: ingest(corpus, archives, results))
        assert message != ""
        assert not list(results.rglob("*.part"))
        assert {item.name for item in tmp_path.iterdir()} <= {"archives", "results"}
    finally:
        (archives / name).write_bytes(original)
        shutil.rmtree(results, ignore_errors=True)

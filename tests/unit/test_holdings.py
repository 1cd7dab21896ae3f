from pathlib import Path

import pytest
import yaml

from signl import stages
from signl.errors import ConfigError
from signl.experiment import Experiment


@pytest.fixture
def holdings_of(repository):
    """Return a function that gives the holdings of the embedded experiment, with other archives."""
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    return lambda archives: Experiment(config | {"archives": str(archives)}).holdings


def touch(path):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).touch()


def test_archives_that_are_not_there_are_a_problem(holdings_of, tmp_path):
    assert "LA.zip" in holdings_of(tmp_path / "none").problem


def test_embedded_archives_are_none(holdings_of):
    assert holdings_of("results/demo/archives").problem == ""


def test_packed_audio_stands_in_for_archives_by_word_alone(holdings_of, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "archives is 'packed', and of what was packed" in holdings_of("packed").problem
    embedded = holdings_of("results/demo/archives")
    for archive in embedded.archives:
        for shard in embedded.shards_of(archive):
            for path in stages.AUDIO.paths(archive=archive, shard=shard):
                touch(path)
    for corpus in embedded.manifests:
        touch(stages.MANIFEST.paths(corpus=corpus)[0])
    packed = holdings_of("packed")
    assert packed.problem == ""
    assert packed.are_packed
    assert set(packed.archives) == set(embedded.archives)
    assert packed.protocol_files("cfad") == packed.archive_files("CFAD") == packed.files == []
    assert packed.audio_archives("cfad", "eval") == ["CFAD"]
    shard = Path(stages.AUDIO.paths(archive="CFAD", shard="0000-of-0001")[0])
    shard.unlink()
    assert f"1 files are missing, first {shard}" in holdings_of("packed").problem


def test_an_archive_of_no_corpus_in_use_is_refused(holdings_of):
    with pytest.raises(ConfigError, match="no corpus in use has an archive 'flac_X'"):
        holdings_of("results/demo/archives").packing_corpus("flac_X")


def test_shards_of_a_partition_fill_a_template(holdings_of):
    shards = holdings_of("results/demo/archives").shards_with("{archive}/{shard}", "cfad", "dev")
    assert shards == ["CFAD/0000-of-0001"]

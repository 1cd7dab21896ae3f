"""A corpus of a table in a configuration: its names, files, manifest, and when it is stale."""

import copy
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from signl import stages
from signl.artefacts import table_made_by
from signl.corpora.audio_shards import read_members
from signl.corpora.checking import check_archives, format_archives
from signl.corpora.locating import locate_trials
from signl.corpora.manifest import build_manifest
from signl.corpora.packing import pack_audio
from signl.corpora.registry import archive_named, corpus_named, set_named
from signl.corpora.table.table_making import layouts
from signl.corpora.trial_tables import read_manifest, read_trials
from signl.errors import ArchiveError, ConfigError, ManifestError, ProtocolError
from signl.experiment import Experiment
from signl.jobs import jobs_of
from signl.planning import plan_experiment
from signl.staleness import stale_artefacts

MANIFEST = "results/manifests/mine.parquet"


def make_manifest(config):
    holdings = Experiment(config).holdings
    options = holdings.corpus_options("mine")
    build_manifest("mine", config["archives"], MANIFEST, options=options)


def changed(config, **options):
    config = copy.deepcopy(config)
    config["corpora"]["mine"] |= options
    return config


def refusal_of(config):
    with pytest.raises(ConfigError) as refused:
        Experiment(config)
    return str(refused.value)


def test_a_table_is_a_corpus_with_jobs_like_any_other(recordings, config):
    experiment = Experiment(config)
    jobs = {job.stage.rule: job for job in jobs_of(experiment)}
    assert jobs["build_manifest"].archives == ("data/mine.csv",)
    assert jobs["pack_audio"].archives == ("data/wavs",)
    assert jobs["pack_audio"].outputs == ["results/audio/table-mine/0000-of-0001.parquet"]
    assert experiment.protocols_of("mine") == ("all",)
    assert experiment.holdings.problem == ""
    assert experiment.holdings.published_in_use == []
    sharded = Experiment(changed(config, shards={"table-mine": 3})).holdings
    assert len(sharded.shards_of("table-mine")) == 3


def test_names_lead_back_to_the_same_archive(options_of):
    corpus = corpus_named("mine", options_of())
    (audio,) = (each for each in corpus.sets if not each.holds_protocols)
    assert (audio.name, audio.archives[0].name) == ("table-mine", "table-mine")
    described = archive_named("table-mine")
    assert (described.set, described.root) == (audio.name, audio.archives[0].root)
    assert set_named("table-mine").name == audio.name


def test_it_stands_beside_the_embedded_corpora(recordings, config):
    config |= {"archives": "results/demo/archives"}
    config["corpora"]["in_the_wild"] = {}
    config["experiments"]["mine"]["evaluate_on"] = ["mine", "in_the_wild"]
    holdings = Experiment(config).holdings
    assert holdings.problem == ""
    assert holdings.archive_files("table-mine") == ["data/wavs"]
    assert "release_in_the_wild.zip" in holdings.archive_files("release_in_the_wild")[0]
    (recordings / "data/mine.csv").unlink()
    assert "data/mine.csv  (mine: protocols; from what corpora.mine.table" in (
        Experiment(config).holdings.problem
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": {"real": "genuine"}}, "corpora.mine.labels.real is 'genuine'; allowed is"),
        ({"labels": {"A": "spoof", "a": "spoof"}}, "allowed is each word once"),
        ({"columns": {"file": "path"}}, "corpora.mine.columns.file"),
        ({"shares": {"train": 0.5, "eval": 0.4}}, "they sum to 0.9; allowed is 1"),
        ({"protocols": ["Seen"]}, "'Seen' is no name; allowed are small letters"),
        ({"protocols": ["all", "all"]}, "allowed is each name once"),
        ({"subset": True}, "corpora.mine.subset is True; allowed is False"),
        ({"tables": "x"}, "corpora.mine.tables is no key; known are"),
        ({"audio": "."}, "corpora.mine.audio is '.', a folder in which the results lie too"),
        ({"audio": ".."}, "corpora.mine.audio is '..', a folder in which the results lie too"),
        ({"shards": {"mine": 2}}, "archive is 'mine'; allowed are ['table-mine'"),
        ({"table": "$NO_SUCH_FOLDER/mine.csv"}, "the variable NO_SUCH_FOLDER is not set"),
        ({"shares": {"eval": 1.0}}, "corpus with a train partition is 'mine'; allowed are []"),
    ],
)
def test_options_that_do_not_fit_are_refused(recordings, config, options, words):
    assert words in refusal_of(changed(config, **options))


def test_names_that_are_none_are_refused(recordings, config, entry):
    for name in ("my corpus", "../mine", ""):
        config["corpora"] = {name: entry}
        assert "is no name for a corpus" in refusal_of(config)
    config["corpora"] = {"mine": {}}
    assert re.search(r"mine is no corpus; known .* any with kind: table", refusal_of(config))
    config["corpora"] = {"cfad": entry}
    assert "corpora.cfad.kind is no key" in refusal_of(config)
    with pytest.raises(ConfigError, match="corpus 'mine' is none of"):
        corpus_named("mine")


def test_the_manifest_says_how_the_table_was_divided(recordings, config):
    make_manifest(config)
    rows = read_manifest(MANIFEST).to_pylist()
    assert Counter(row["label"] for row in rows) == {"bonafide": 6, "spoof": 6}
    assert {row["archive"] for row in rows} == {"table-mine"}
    assert all(row["protocols"] == ["all"] * (row["partition"] == "eval") for row in rows)
    options = table_made_by(MANIFEST).options
    assert (options["corpus"], options["kind"], options["split"]) == ("mine", "table", "by speaker")


def test_a_changed_table_or_option_makes_the_manifest_stale(recordings, config):
    make_manifest(config)

    def reasons(config):
        jobs = jobs_of(Experiment(config))
        return [each.reason for each in stale_artefacts(jobs, only={MANIFEST})]

    assert reasons(config) == []
    table = Path("data/mine.csv")
    os.utime(table, ns=(1, 1))
    assert reasons(config) == []
    assert reasons(changed(config, seed=5)) == ["seed was 0, now 5"]
    table.write_text(table.read_text().replace("S3", "S4"))
    (reason,) = reasons(config)
    assert "/data/mine.csv had a digest of" in reason


def test_bad_rows_stop_the_manifest_and_are_counted(recordings, config):
    table = Path("data/mine.csv")
    table.write_text(table.read_text().replace("real", "genuine"))
    with pytest.raises(ProtocolError, match=r"mine\.csv: 6 problems in 6 of 12 rows\n  row 2, col"):
        make_manifest(config)


def test_a_protocol_of_one_class_is_refused(recordings, config):
    config = changed(config, protocols=["all", "hard"])
    with pytest.raises(ManifestError, match="protocol hard of eval has 0 bona fide trials and 0"):
        make_manifest(config)


def write_archive(form):
    """Write the recordings as an archive of a form; return its path."""
    files = sorted(Path("data/wavs").iterdir())
    if form == "folder":
        return "data/wavs"
    if form == "zip":
        with zipfile.ZipFile("data/wavs.zip", "w") as archive:
            for file in files:
                archive.write(file, file.name)
        return "data/wavs.zip"
    path = f"data/wavs.{form}"
    with tarfile.open(path, "w:gz" if form.endswith("gz") else "w") as archive:
        for file in files:
            archive.add(file, f"./{file.name}")
    return path


@pytest.mark.parametrize("form", ["folder", "zip", "tar", "tar.gz"])
def test_audio_of_any_form_is_packed_and_located(recordings, config, form):
    config = changed(config, audio=write_archive(form))
    make_manifest(config)
    holdings = Experiment(config).holdings
    shards = stages.AUDIO.paths(archive="table-mine", shard="0000-of-0001")
    paths = holdings.archive_files("table-mine")
    pack_audio(paths, MANIFEST, shards, options={"archive": "table-mine"})
    assert sorted(read_members(shards[0])) == sorted(f"{number}.wav" for number in range(12))
    locate_trials(MANIFEST, {"table-mine": shards}, "trials.parquet", options={})
    assert len(read_trials("trials.parquet")) == 12


def test_a_folder_in_the_audio_has_any_name(recordings, config):
    inner = Path("data/wavs/wavs/wavs")
    inner.mkdir(parents=True)
    for file in Path("data/wavs").glob("*.wav"):
        file.rename(inner / file.name)
    table = Path("data/mine.csv")
    table.write_text(re.sub(r"(\d+\.wav)", r"wavs/wavs/\1", table.read_text()))
    make_manifest(config)
    pack_audio(["data/wavs"], MANIFEST, ["shard.parquet"], options={"archive": "table-mine"})
    assert len(read_members("shard.parquet")) == 12


def test_what_is_missing_is_told_with_the_option_that_names_it(recordings, config):
    config = changed(config, audio="data/elsewhere")
    holdings = Experiment(config).holdings
    assert "data/elsewhere  (mine: train, dev, eval; from what corpora.mine.audio names)" in (
        holdings.problem
    )
    assert "MISSING" in format_archives(check_archives(**holdings.archive_check))
    (recordings / "data/mine.csv").unlink()
    with pytest.raises(ArchiveError, match=r"data/mine\.csv"):
        make_manifest(config)


def test_packed_audio_stands_in_for_it(recordings, config):
    make_manifest(config)
    (shard,) = stages.AUDIO.paths(archive="table-mine", shard="0000-of-0001")
    pack_audio(["data/wavs"], MANIFEST, [shard], options={"archive": "table-mine"})
    holdings = Experiment(config | {"archives": "packed"}).holdings
    assert holdings.problem == ""
    assert holdings.files == []
    assert holdings.shards_with("{archive}/{shard}", "mine", "dev") == ["table-mine/0000-of-0001"]


def test_a_plan_counts_the_rows_of_the_table(recordings, config):
    plan = {stage.rule: stage for stage in plan_experiment(Experiment(config))}
    assert plan["pack_audio"].audio_h == pytest.approx(12 * 4 / 3600)
    make_manifest(config)
    n_eval = read_manifest(MANIFEST)["partition"].to_pylist().count("eval")
    # Crops of 1 s are scored.
    assert plan["score"].audio_h == pytest.approx(n_eval / 3600)


def test_a_configuration_with_a_table_imports_nothing_heavy(recordings, config, repository):
    program = (
        "import json, sys\nfrom signl.experiment import Experiment\n"
        "Experiment(json.loads(sys.argv[1]))\n"
        "assert not {'torch', 'pandas', 'transformers', 'soundfile'} & sys.modules.keys()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(config)],
        env={"PYTHONPATH": str(repository), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_rows_without_a_label_are_told_apart_in_the_manifest(recordings, config):
    table = Path("data/mine.csv")
    text = table.read_text().replace("0.wav,real,S0", "0.wav,,")
    table.write_text(text.replace("10.wav,,", "10.wav,real,S0"))
    make_manifest(config)
    rows = read_manifest(MANIFEST, columns=["utterance_id", "partition", "label"])
    unlabelled = rows.filter(pa.compute.equal(rows["label"], "unlabelled")).to_pylist()
    assert unlabelled == [{"utterance_id": "0.wav", "partition": "train", "label": "unlabelled"}]


def test_what_the_page_shows_is_taken(repository, options_of):
    page = (repository / "docs" / "corpora.md").read_text(encoding="utf-8")
    section = page.partition("## A corpus that a table describes")[2].partition("\n## ")[0]
    first, second = re.findall(r"^```yaml\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    entry = yaml.safe_load(first)["corpora"]["mine"]
    others = yaml.safe_load(second)
    options = options_of(**entry, **others)
    assert options.audio_place == "data/recordings"
    # What are said to be the defaults are.
    said = {"shares", "seed", "protocols"}
    fields = {name: options_of(**entry).dump()[name] for name in said}
    assert {name: options.dump()[name] for name in said} == fields
    assert set(type(options).model_fields) - {"subset"} == entry.keys() | others.keys()
    assert layouts().keys() <= set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))

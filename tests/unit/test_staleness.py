"""Artefacts that their jobs would now make otherwise, by what their headers say."""

import json
import os

import pyarrow as pa
import pytest
import yaml

from signl import stages
from signl.archives.facts import archive_facts
from signl.artefacts import MadeBy, write_document, write_table
from signl.experiment import Experiment
from signl.features.frontends import frontend_options
from signl.jobs import Job, jobs_of
from signl.staleness import Stale, header_of, stale_artefacts, told

TABLE = pa.table({"utterance_id": ["a"]})
CELL = {"frontend": "toy", "archive": "LA", "shard": "0000-of-0001"}
LOGMEL = frontend_options({"kind": "logmel", "n_mels": 16})


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(job, options, *, revision=None, **others):
    """Write the table of a job as made with some options."""
    path = next(path for path in job.outputs if path.endswith(".parquet"))
    stage = job.stage
    made_by = MadeBy(stage=stage.rule, revision=revision or stage.revision, options=options)
    write_table(path, TABLE, made_by, **others)
    return path


def reasons(job):
    return [stale.reason for stale in stale_artefacts([job])]


def test_what_is_not_there_is_not_stale():
    assert reasons(Job(stages.FEATURES, CELL, LOGMEL)) == []


def test_equal_options_are_not_stale_whether_defaults_are_written_or_not():
    job = Job(stages.FEATURES, CELL, LOGMEL)
    for options in (LOGMEL.dump(), LOGMEL.dump_given()):
        write(job, options)
        assert reasons(job) == []


@pytest.mark.parametrize(
    "name",
    ["", ".labels", ".labels.signl", ".paper", ".pretraining", ".strong", ".systems"],
)
def test_nothing_of_a_configuration_is_stale_once_it_is_made(repository, name):
    """What headers keep, all values with defaults among them, is read back as the same options."""
    config = yaml.safe_load((repository / f"config{name}.yaml").read_text(encoding="utf-8"))
    for frontend in config["frontends"].values():
        if str(frontend.get("model", "")).endswith("whisper-base"):
            frontend |= {"model": "openai/whisper-base", "revision": "0" * 40}
    jobs = [job for job in jobs_of(Experiment(config)) if job.options is not None]
    assert len(jobs) > 10
    for options in {str(job.options): job.options for job in jobs}.values():
        assert type(options).model_validate(options.dump()) == options


def test_another_option_is_told_as_it_was_and_as_it_is():
    job = Job(stages.FEATURES, CELL, LOGMEL)
    path = write(job, {**LOGMEL.dump(), "n_mels": 20})
    assert list(stale_artefacts([job])) == [Stale(path, "n_mels was 20, now 16")]
    assert list(stale_artefacts([job], only={"another"})) == []


def test_options_of_before_are_told():
    job = Job(stages.FEATURES, CELL, LOGMEL)
    write(job, {**LOGMEL.dump(), "n_mels": "many"})
    assert reasons(job) == ["options that are no longer known (1 of them)"]


def test_another_revision_is_told():
    job = Job(stages.FEATURES, CELL, LOGMEL)
    write(job, LOGMEL.dump(), revision=99)
    assert reasons(job) == [f"revision 99 of extract_features, now {stages.FEATURES.revision}"]


def test_another_seed_is_told():
    job = Job(stages.TRIALS, {"corpus": "cfad", "partition": "dev"}, also={"max_missing": 0.0})
    write(job, {"max_missing": 0.5})
    assert reasons(job) == ["max_missing was 0.5, now 0.0"]


def test_documents_are_compared_too():
    job = Job(stages.DEMO_FRONTEND, also={"seed": 1})
    made_by = MadeBy(stage="make_demo_frontend", revision=1, options={"seed": 2})
    write_document(job.outputs[0], {}, made_by)
    assert reasons(job) == ["seed was 2, now 1"]


def test_metrics_without_a_protocol_that_is_asked_for_are_told(folder):
    cell = {"recipe": "r", "corpus": "a", "percent": "5", "seed": "1", "eval_corpus": "b"}
    job = Job(stages.METRICS, cell, also={"protocols": ["all", "all without hifigan"]})
    options = {"protocols": ["all"]}
    made_by = MadeBy(stage="measure", revision=stages.METRICS.revision, options=options)
    write_document(job.outputs[0], {}, made_by)
    (reason,) = reasons(job)
    assert "all without hifigan" in reason


@pytest.fixture
def packed(folder):
    """A packed archive."""
    archive = folder / "LA.zip"
    archive.write_bytes(bytes(2_000_000))
    job = Job(stages.AUDIO, {"archive": "LA"}, shards=("0000-of-0001",), archives=(str(archive),))
    write(job, {}, archives=archive_facts([archive]), digest="0")
    assert reasons(job) == []
    return job, archive


@pytest.mark.parametrize("by_ns", [-(10**9), 10**9])
def test_an_archive_of_another_date_is_told_older_or_newer(packed, by_ns):
    job, archive = packed
    then = archive.stat().st_mtime_ns
    os.utime(archive, ns=(then + by_ns, then + by_ns))
    (reason,) = reasons(job)
    assert reason == f"{archive} had a date of {then}, now {then + by_ns}"


def test_an_archive_of_another_size_is_told(packed):
    job, archive = packed
    then = archive.stat().st_mtime_ns
    archive.write_bytes(bytes(2_000_001))
    os.utime(archive, ns=(then, then))
    assert reasons(job) == [f"{archive} had bytes of 2000000, now 2000001"]


def test_an_archive_elsewhere_is_told(packed, folder):
    job, archive = packed
    moved = folder / "elsewhere.zip"
    moved.write_bytes(archive.read_bytes())
    other = Job(stages.AUDIO, job.wildcards, shards=job.shards, archives=(str(moved),))
    (reason,) = reasons(other)
    assert reason == f"made of {[str(archive)]}, now there are {[str(moved)]}"


@pytest.mark.parametrize("content", [b"", b"PAR1", b"{}", json.dumps({"made_by": 3}).encode()])
@pytest.mark.parametrize("suffix", [".parquet", ".safetensors", ".json", ".csv"])
def test_a_damaged_file_has_no_header(folder, content, suffix):
    path = folder / f"file{suffix}"
    path.write_bytes(content)
    assert header_of(path) is None


def test_a_run_says_what_it_makes_anew():
    first = Stale("results/a", "n_mels was 20, now 16")
    assert "results/a: n_mels was 20, now 16" in told([first])
    assert told([first] * 1001).endswith("and 1,000 others")


def test_a_small_file_is_told_by_what_it_holds(folder):
    protocol = folder / "protocol.txt"
    protocol.write_text("a bonafide")
    job = Job(stages.MANIFEST, {"corpus": "cfad"}, archives=(str(protocol),))
    write(job, {}, archives=archive_facts([protocol]), digest="0")
    os.utime(protocol, ns=(1, 1))
    assert reasons(job) == []
    protocol.write_text("b bonafide")
    (reason,) = reasons(job)
    assert "had a digest of" in reason


def test_collected_metrics_know_their_cells():
    then = Job(stages.COLLECTED, also={"metrics": ["results/metrics/a.json"]})
    write(then, dict(then.also))
    assert reasons(then) == []
    now = Job(
        stages.COLLECTED, also={"metrics": ["results/metrics/a.json", "results/metrics/b.json"]}
    )
    (reason,) = reasons(now)
    assert reason == "metrics: 0 of them are gone and 1 are new, ['results/metrics/b.json']"


def test_a_table_without_a_header_has_a_row_for_each_of_what_it_is_made_of(folder):
    histories = ("results/encoders/a/history.jsonl", "results/encoders/b/history.jsonl")
    table = folder / "results" / "pretraining.csv"
    table.parent.mkdir()
    table.write_text("recipe\na\n")
    job = Job(stages.PRETRAINING_TABLE, rows=histories)
    assert reasons(job) == [f"made without {histories[0]}"]
    for history in histories:
        (folder / history).parent.mkdir(parents=True)
        (folder / history).touch()
    assert reasons(job) == ["number of rows was 1, now 2"]
    table.write_text("recipe\na\nb\n")
    assert reasons(job) == []

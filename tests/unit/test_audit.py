"""What an audit finds in a small results folder with an artefact of every form."""

import json
import shutil

import pyarrow as pa
import pytest
import torch

from signl import stages
from signl.artefacts import MadeBy, digests_of, table_made_by, write_document, write_table
from signl.audit import audit, format_report
from signl.corpora.audio_shards import ShardWriter, iterate_audio
from signl.errors import ArtefactError
from signl.evaluation.collecting import collect_metrics
from signl.evaluation.scores import write_scores
from signl.evaluation.tables import tabulate, tabulate_breakdown
from signl.features.feature_shards import Shape, write_shard
from signl.jobs import Job
from signl.models.saving import save_model
from signl.models.signl.options import SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder
from signl.seals import file_digest, text_digest

SHAPE = Shape(width=4, window_samples=400, hop_samples=320, clip_frames=5)
ARCHIVES = ("CFAD", "LA")
SHARD = "0000-of-0001"
TABLES = {
    "manifests": ("build_manifest", stages.MANIFEST.revision, "{}"),
    "trials": ("locate_trials", stages.TRIALS.revision, "cfad/{}"),
    "labels": ("sample_labels", stages.LABELS.revision, "cfad/seed-1/{}"),
    "scores": ("score", stages.SCORES.revision, "toy/cfad/labels-5/seed-1/{}"),
}


def write_archive(results, archive):
    members = [f"{archive}/{number}.flac" for number in range(3)]
    audio = results / "audio" / archive / f"{SHARD}.parquet"
    with ShardWriter([audio], {"archive": archive}) as writer:
        for member in members:
            writer.add(member, member.encode() * 50)
    features = results / "features" / "toy" / archive / f"{SHARD}.safetensors"
    rows = [{"member": name, "n_frames": 2, "duration_s": 0.1, "reason": None} for name in members]
    write_shard(
        features,
        features.with_suffix(".parquet"),
        frames=[torch.arange(24).half().reshape(6, 4)],
        index=rows,
        shape=SHAPE,
        options={},
    )


def write_usable(results, partition):
    path = results / "usable" / "toy" / "cfad" / f"{partition}.parquet"
    quarantine = path.with_suffix(".quarantine.csv")
    quarantine.parent.mkdir(parents=True, exist_ok=True)
    quarantine.write_text(f"utterance_id,reason\n{partition},silence\n")
    digests = {
        "quarantine": file_digest(quarantine),
        f"CFAD/{SHARD}": text_digest([f"CFAD/{number}.flac" for number in range(3)]),
    }
    made_by = MadeBy(
        stage="gather_utterances", revision=stages.USABLE.revision, options={}, digests=digests
    )
    write_table(path, pa.table({"utterance_id": [partition]}), made_by)


def write_encoder(results, seed, *, weights=0):
    folder = results / "encoders" / "toy" / "cfad" / f"seed-{seed}"
    torch.manual_seed(weights)
    config = SignlOptions(nodes=4, channels=8, neighbours=2, layers=2)
    made_by = MadeBy(stage="pretrain_encoder", revision=stages.PRETRAINING.revision, options={})
    records = [{"epoch": epoch, "dev_loss": epoch + seed / 10} for epoch in range(2)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "history.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in records))
    save_model(
        folder / "model.safetensors",
        folder / "config.json",
        SpectralTemporalEncoder(8, 16, config),
        made_by=made_by,
        card={"dev": records[0]},
    )


def write_point(results, seed):
    """An operating point, of another model each, without the model."""
    folder = results / "classifiers" / "toy" / "cfad" / "labels-5" / f"seed-{seed}"
    made_by = MadeBy(stage="score", revision=stages.DEV_SCORES.revision, options={})
    write_document(folder / stages.OPERATING_POINT, {"threshold": 0.5 * seed}, made_by)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A results folder with two artefacts of every form."""
    results = tmp_path_factory.mktemp("sound") / "results"
    for archive in ARCHIVES:
        write_archive(results, archive)
    for number, name in enumerate(("dev", "train")):
        write_usable(results, name)
        write_encoder(results, number)
        write_point(results, number)
        for folder, (stage, revision, place) in TABLES.items():
            made_by = MadeBy(stage=stage, revision=revision, options={})
            path = results / folder / place.format(f"{name}.parquet")
            write_table(path, pa.table({"utterance_id": [f"{name}{i}" for i in range(9)]}), made_by)
        metrics = results / f"metrics/toy/cfad/labels-5/seed-1/cfad/{name}.json"
        made_by = MadeBy(stage="measure", revision=stages.METRICS.revision, options={})
        write_document(metrics, {"eer": 0.1 * number}, made_by)
    return results


@pytest.fixture
def results(sound, tmp_path):
    """A copy of it, to be spoilt."""
    return shutil.copytree(sound, tmp_path / "results")


def audited(results, jobs=()):
    return audit(results, jobs)


#: Of each form a file, and one that could be taken for it.
PAIRS = [
    ("manifests/dev.parquet", "manifests/train.parquet"),
    ("trials/cfad/dev.parquet", "trials/cfad/train.parquet"),
    ("labels/cfad/seed-1/dev.parquet", "labels/cfad/seed-1/train.parquet"),
    (
        "scores/toy/cfad/labels-5/seed-1/dev.parquet",
        "scores/toy/cfad/labels-5/seed-1/train.parquet",
    ),
    (f"audio/CFAD/{SHARD}.parquet", f"audio/LA/{SHARD}.parquet"),
    (f"features/toy/CFAD/{SHARD}.safetensors", f"features/toy/LA/{SHARD}.safetensors"),
    (f"features/toy/CFAD/{SHARD}.parquet", f"features/toy/LA/{SHARD}.parquet"),
    ("usable/toy/cfad/dev.parquet", "usable/toy/cfad/train.parquet"),
    ("usable/toy/cfad/dev.quarantine.csv", "usable/toy/cfad/train.quarantine.csv"),
    ("encoders/toy/cfad/seed-0/model.safetensors", "encoders/toy/cfad/seed-1/model.safetensors"),
    ("encoders/toy/cfad/seed-0/config.json", "encoders/toy/cfad/seed-1/config.json"),
    ("encoders/toy/cfad/seed-0/history.jsonl", "encoders/toy/cfad/seed-1/history.jsonl"),
    (
        "classifiers/toy/cfad/labels-5/seed-0/operating_point.json",
        "classifiers/toy/cfad/labels-5/seed-1/operating_point.json",
    ),
    (
        "metrics/toy/cfad/labels-5/seed-1/cfad/dev.json",
        "metrics/toy/cfad/labels-5/seed-1/cfad/train.json",
    ),
]


def test_sound_results_have_no_problem(sound):
    report = audited(sound)
    report.check()
    assert not report.problems
    # The pairs, and the cards of the two encoders.
    assert report.made.total() == 2 * len(PAIRS) + 2
    assert report.n_bytes.total() == sum(
        path.stat().st_size for path in sound.rglob("*") if path.is_file()
    )
    assert "30 files" in format_report(report)


def assert_found(report, *names):
    """The files are named, and it is said how they are made anew; no sound one is."""
    assert set(names) <= {problem.path for problem in report.problems}
    for problem in report.problems:
        assert problem.path in problem.message
        assert f"snakemake --cores 1 --force {problem.path}" in problem.message
    with pytest.raises(ArtefactError, match="not what they should be"):
        report.check()


@pytest.mark.parametrize(("name", "other"), PAIRS)
def test_swapped_files_are_found(results, name, other):
    path, sibling, aside = results / name, results / other, results.parent / "aside"
    path.rename(aside)
    sibling.rename(path)
    aside.rename(sibling)
    assert_found(audited(results), f"results/{name}", f"results/{other}")


@pytest.mark.parametrize("name", [name for name, _ in PAIRS])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.99])
def test_a_truncated_file_is_found(results, name, share):
    path = results / name
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert_found(audited(results), f"results/{name}")


@pytest.mark.parametrize("name", [name for name, _ in PAIRS if not name.endswith("jsonl")])
def test_a_flipped_bit_of_the_data_is_found(results, name):
    path = results / name
    content = bytearray(path.read_bytes())
    # Of a table the middle of the first page, of tensors the end, of a text a letter.
    place = {".parquet": 60, ".safetensors": -5}.get(path.suffix, len(content) // 2)
    content[place] ^= 1
    path.write_bytes(content)
    assert_found(audited(results), f"results/{name}")


@pytest.mark.parametrize(
    ("folder", "stage"), [(folder, stage) for folder, (stage, *_) in TABLES.items()]
)
def test_another_revision_is_found(results, folder, stage):
    path = next((results / folder).rglob("*.parquet"))
    made_by = MadeBy(stage=stage, revision=99, options={})
    write_table(path, pa.table({"utterance_id": ["a"]}), made_by)
    report = audited(results)
    assert_found(report, path.relative_to(results.parent).as_posix())
    assert f"was made by {stage} revision 99, expected" in format_report(report)


@pytest.mark.parametrize("name", ["README.md", "history.jsonl"])
def test_bytes_that_are_no_text_are_found(results, name):
    path = results / "encoders" / "toy" / "cfad" / "seed-0" / name
    path.write_bytes(b"\xff" + path.read_bytes())
    assert_found(audited(results), path.relative_to(results.parent).as_posix())


def test_features_of_other_utterances_are_found(results):
    path = results / "audio" / "CFAD" / f"{SHARD}.parquet"
    items = list(iterate_audio(path))[1:]
    with ShardWriter([path], {"archive": "CFAD"}) as writer:
        for item in items:
            writer.add(item.member, item.audio)
    shard = f"results/features/toy/CFAD/{SHARD}"
    report = audited(results)
    usable = [f"results/usable/toy/cfad/{partition}.parquet" for partition in ("dev", "train")]
    assert_found(report, f"{shard}.safetensors", f"{shard}.parquet", *usable)


def test_scores_of_another_model_are_found(results):
    model = results / "encoders" / "toy" / "cfad" / "seed-0" / "model.safetensors"
    scores = results / "scores" / "toy" / "cfad" / "labels-5" / "seed-1" / "dev.parquet"
    write_scores(scores, ["a"], [0.5], options={}, digests=digests_of(model))
    audited(results).check()
    write_encoder(results, 0, weights=7)
    report = audited(results)
    (problem,) = report.problems
    assert "was made with another results/encoders/toy/cfad/seed-0/model" in problem.message
    assert_found(report, scores.relative_to(results.parent).as_posix())


def test_what_is_not_made_is_counted_and_no_problem(results):
    cell = {"corpus": "cfad", "seed": "2", "percent": "5"}
    report = audited(results, [Job(stages.LABELS, cell)])
    assert report.missing == {"labels": 1}
    report.check()


def test_scratch_files_are_told_of(results):
    (results / "audio" / "LA" / ".0000-of-0001.parquet.part").write_text("half")
    report = audited(results)
    assert report.leftovers == ["results/audio/LA/.0000-of-0001.parquet.part"]
    assert "results/audio/LA/.0000-of-0001.parquet.part" in format_report(report)
    report.check()


def test_a_file_that_nothing_makes_is_found(results):
    (results / "audio" / "LA" / "notes.txt").write_text("mine")
    (problem,) = audited(results).problems
    assert (
        problem.message
        == "results/audio/LA/notes.txt is no file that pack_audio makes; take it away"
    )


def test_the_header_of_audio_tells_of_its_members(sound):
    made_by = table_made_by(sound / "audio" / "CFAD" / f"{SHARD}.parquet")
    assert made_by.made_for == f"results/audio/CFAD/{SHARD}.parquet"
    assert made_by.digests == {"members": text_digest([f"CFAD/{i}.flac" for i in range(3)])}


@pytest.fixture
def tabulated(tmp_path):
    """A results folder of metrics alone and what comes of them, and what it is made of."""
    results = tmp_path / "results"
    paths = [results / f"metrics/toy/cfad/labels-5/seed-{seed}/cfad.json" for seed in (1, 2)]
    for seed, path in enumerate(paths, start=1):
        write_metrics(path, seed=seed, eer=0.1 * seed)
    tables = [results / name for name in ("metrics.parquet", "breakdown.parquet")]
    collect_metrics(paths, *tables)
    tabulate(tables[0], results / "indomain.csv", table="indomain", options={})
    tabulate_breakdown(tables[1], results / "breakdown.csv")
    cell = {"recipe": "toy", "corpus": "cfad", "percent": "5", "eval_corpus": "cfad"}
    jobs = [Job(stages.METRICS, cell | {"seed": str(seed)}) for seed in (1, 2)]
    jobs += [Job(stages.COLLECTED), Job(stages.TABLES, {"table": "indomain"})]
    return results, [*jobs, Job(stages.BREAKDOWN_TABLE)]


def write_metrics(path, *, seed, eer):
    figures = {"n_bonafide": 2, "n_spoof": 4, "eer": eer, "eer_threshold": 0.0}
    figures["remarks"] = []
    figures |= {"eer_interval": [0.0, 1.0], "min_dcf": 0.5, "act_dcf": 0.5, "cllr": 0.5}
    dev = {"n_bonafide": 0, "n_spoof": 0, "eer": None, "remarks": []}
    part = {"eer": eer, "eer_interval": [0.0, 1.0], "n_bonafide": 2, "n_spoof": 4}
    parts = {"attacks": {}, "codecs": {"mp3": part}}
    found = {**figures, **parts, "dev": dev, "transfer": None, "calibrated": None}
    cell = {"recipe": "toy", "frontend": "toy", "train_corpus": "cfad", "eval_corpus": "cfad"}
    cell |= {"label_percent": 5.0, "seed": seed}
    made_by = MadeBy(stage="measure", revision=stages.METRICS.revision, options={})
    write_document(path, {"cell": cell, "protocols": {"all": found}}, made_by)


def test_tables_are_what_the_metrics_give(tabulated):
    results, jobs = tabulated
    report = audit(results, jobs)
    report.check()
    assert report.made == {"metrics": 2, "tables": 4}


def test_collected_metrics_that_are_stale_are_found(tabulated):
    results, jobs = tabulated
    write_metrics(results / "metrics/toy/cfad/labels-5/seed-2/cfad.json", seed=2, eer=0.4)
    report = audit(results, jobs)
    assert_found(report, "results/metrics.parquet", "results/breakdown.parquet")


def test_a_table_of_other_metrics_is_found(tabulated):
    results, jobs = tabulated
    table = results / "indomain.csv"
    table.write_text(table.read_text().replace("15.0000", "14.0000"))
    (problem,) = audit(results, jobs).problems
    assert problem.path == "results/indomain.csv"


def test_a_flipped_bit_of_the_collected_metrics_is_found(tabulated):
    results, jobs = tabulated
    path = results / "metrics.parquet"
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)
    assert "results/metrics.parquet" in {problem.path for problem in audit(results, jobs).problems}


def test_what_was_made_with_other_options_is_found(results):
    cell = {"corpus": "cfad", "percent": "5", "seed": "1"}
    path = results.parent / stages.LABELS.paths(**cell)[0]
    made_by = MadeBy(stage="sample_labels", revision=stages.LABELS.revision, options={"seed": 3})
    write_table(path, pa.table({"utterance_id": ["a"]}), made_by)
    audited(results, [Job(stages.LABELS, cell, also={"seed": 3})]).check()
    report = audited(results, [Job(stages.LABELS, cell, also={"seed": 4})])
    (problem,) = report.problems
    assert "was made otherwise: seed was 3, now 4" in problem.message
    assert_found(report, stages.LABELS.paths(**cell)[0])

"""The toy experiment: every stage, from archives to tables."""

import csv
import json
import time
import zipfile
from pathlib import Path

import pytest

import signl
from signl.evaluation.scores import read_scores
from signl.training.label_subsets import read_labels

pytestmark = pytest.mark.workflow


def rows_of(workflow, table):
    with (workflow.folder / "results" / table).open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_tables_have_a_row_for_every_cell(toy):
    cells = {
        table: [
            (row["train_corpus"], row["eval_corpus"], row["protocol"])
            for row in rows_of(toy, table)
        ]
        for table in ("indomain.csv", "crossdomain.csv")
    }
    seen_unseen = ("all", "seen", "unseen")
    assert cells["indomain.csv"] == [("cfad", "cfad", protocol) for protocol in seen_unseen]
    assert cells["crossdomain.csv"] == [
        *[("asvspoof2021_df", "cfad", protocol) for protocol in seen_unseen],
        ("asvspoof2021_df", "cfad+in_the_wild", "pooled"),
        ("asvspoof2021_df", "in_the_wild", "all"),
        ("cfad", "in_the_wild", "all"),
    ]


def test_cells_count_their_trials(toy):
    counts = {
        (row["protocol"], int(row["n_bonafide"]), int(row["n_spoof"]))
        for row in rows_of(toy, "indomain.csv")
    }
    by_protocol = {protocol: (bonafide, spoof) for protocol, bonafide, spoof in counts}
    assert len(by_protocol) == 3
    for index in (0, 1):
        parts = by_protocol["seen"][index] + by_protocol["unseen"][index]
        assert by_protocol["all"][index] == parts > 0


def test_dev_scores_are_those_of_the_labelled_dev_utterances(toy):
    results = toy.folder / "results"
    for corpus in ("asvspoof2021_df", "cfad"):
        labels = read_labels(results / f"labels/{corpus}/seed-1/labels-50.parquet").to_pylist()
        labelled = {row["utterance_id"] for row in labels if row["partition"] == "dev"}
        scores = read_scores(results / f"dev_scores/toy/{corpus}/labels-50/seed-1.parquet")
        assert set(scores["utterance_id"].to_pylist()) == labelled


def test_a_classifier_scores_files_as_the_workflow_scores_trials(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(toy.folder)
    with zipfile.ZipFile("results/demo/archives/InTheWild/release_in_the_wild.zip") as archive:
        archive.extractall(tmp_path)
    cell = "toy/cfad/labels-50/seed-1"
    scorer = signl.load(f"results/classifiers/{cell}")
    table = read_scores(f"results/scores/{cell}/in_the_wild.parquet").to_pylist()
    expected = {row["utterance_id"]: row["score"] for row in table}
    files = {path.name: path for path in tmp_path.rglob("*.wav") if path.name in expected}
    assert files.keys() == expected.keys()
    found = {name: scorer.score(path) for name, path in files.items()}
    for name, each in found.items():
        assert each.score == pytest.approx(expected[name], abs=1e-6)
    metrics = Path(f"results/metrics/{cell}/in_the_wild.json").read_text(encoding="utf-8")
    transfer = json.loads(metrics)["protocols"]["all"]["transfer"]
    assert {each.threshold for each in found.values()} == {transfer["threshold"]}


def test_what_dev_fixes_stands_in_the_tables(toy):
    for row in [*rows_of(toy, "indomain.csv"), *rows_of(toy, "crossdomain.csv")]:
        rates = [float(row[f"transfer_{name}_mean"]) for name in ("miss", "false_alarm", "hter")]
        assert rates[2] == pytest.approx((rates[0] + rates[1]) / 2, abs=1e-3)
        assert 0 <= float(row["dev_eer_mean"]) <= 100
        # The toy experiment has too few dev utterances to calibrate with, and its metrics say so.
        assert row["calibrated_cllr_mean"] == ""
    metrics = toy.folder / "results/metrics/toy/cfad/labels-50/seed-1/cfad.json"
    calibrated = json.loads(metrics.read_text(encoding="utf-8"))["protocols"]["all"]["calibrated"]
    assert calibrated["remarks"] == [
        "dev has 4 bona fide and 8 spoof scores, and a calibration takes at least 10 of each"
    ]


def test_the_breakdown_has_every_attack_and_codec_of_the_protocols(toy):
    rows = rows_of(toy, "breakdown.csv")
    tables = [*rows_of(toy, "indomain.csv"), *rows_of(toy, "crossdomain.csv")]
    for cell in tables:
        names = ("train_corpus", "eval_corpus", "protocol")
        mine = [row for row in rows if all(row[name] == cell[name] for name in names)]
        attacks = [row for row in mine if row["part"] == "attack"]
        # In-the-Wild names no attacks; every spoof of CFAD is of one.
        n_spoof = int(cell["n_spoof"]) if cell["eval_corpus"] == "cfad" else 0
        assert sum(int(row["n_spoof"]) for row in attacks) == n_spoof
        assert {row["n_bonafide"] for row in attacks} <= {cell["n_bonafide"]}


def test_every_pretraining_has_a_row(toy):
    rows = rows_of(toy, "pretraining.csv")
    assert [(row["recipe"], row["train_corpus"], row["seed"]) for row in rows] == [
        ("toy", "asvspoof2021_df", "1"),
        ("toy", "cfad", "1"),
    ]
    assert {row["n_epochs"] for row in rows} == {"2"}
    assert {row["collapsed"] for row in rows} <= {"yes", "no"}


def test_the_report_holds_the_tables_and_says_what_a_collapse_means(toy, toy_config, tmp_path):
    path = tmp_path / "report.zip"
    toy.make(toy_config, "--report", str(path))
    with zipfile.ZipFile(path) as archive:
        files = [name for name in archive.namelist() if not name.endswith("/")]
        texts = {name.rsplit("/", 1)[-1]: archive.read(name).decode() for name in files}
    for table in ("indomain", "crossdomain", "breakdown", "pretraining", "quarantine"):
        written = (toy.folder / "results" / f"{table}.csv").read_text(encoding="utf-8")
        assert texts[f"{table}.csv"] == written
    assert "before any result" in texts["report.html"]


def test_a_second_run_has_nothing_to_do(toy, toy_config):
    began = time.monotonic()
    said = toy.make(toy_config)
    assert "Nothing to be done" in said
    assert time.monotonic() - began < 15


def test_no_scratch_file_is_left(toy):
    assert not [
        path
        for path in (toy.folder / "results").rglob("*")
        if path.name.endswith((".part", ".ckpt"))
    ]


@pytest.mark.slow
def test_tables_do_not_depend_on_cores_or_folder(toy, toy_config, elsewhere):
    elsewhere.make(toy_config, "--cores", "1")
    for table in ("indomain.csv", "crossdomain.csv"):
        first = (toy.folder / "results" / table).read_bytes()
        assert (elsewhere.folder / "results" / table).read_bytes() == first

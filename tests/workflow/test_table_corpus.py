"""A folder of recordings and a table of them, from there to the tables of results."""

import csv
import re
import textwrap

import pyarrow.parquet as pq
import pytest
import yaml
from table_corpora import config_of, write_corpus
from typer.testing import CliRunner

from signl.cli.commands import app
from signl.training.label_subsets import read_labels

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

CONFIG = config_of(
    {
        "kind": "table",
        "table": "mine.csv",
        "audio": "recordings",
        "columns": {"path": "file", "label": "class"},
        "labels": {"real": "bonafide", "fake": "spoof"},
        "shares": {"train": 0.5, "dev": 0.2, "eval": 0.3},
    }
)


def test_a_table_leads_to_results_and_a_changed_one_to_new_ones(elsewhere):
    write_corpus(elsewhere.folder)
    elsewhere.make(CONFIG, "results/indomain.csv")
    results = elsewhere.folder / "results"
    with (results / "indomain.csv").open(encoding="utf-8") as handle:
        (row,) = csv.DictReader(handle)
    assert (row["train_corpus"], row["eval_corpus"], row["protocol"]) == ("mine", "mine", "all")
    # 3 of 10 speakers; without their recordings of no label.
    assert (row["n_bonafide"], row["n_spoof"]) == ("6", "6")
    assert float(row["eer_mean"]) < 20
    log = (results / "logs/build_manifest/mine.log").read_text(encoding="utf-8")
    assert "divided by speaker, stratified by label, seed 0: train 25 (50 %), dev 8" in log
    train = pq.read_table(results / "usable/mel/mine/train.parquet")
    assert train["label"].to_pylist().count("unlabelled") == 5
    labels = read_labels(results / "labels/mine/seed-1/labels-100.parquet")
    assert set(labels["label"].to_pylist()) == {"bonafide", "spoof"}
    assert len(labels) == 20 + 8

    target = "results/indomain.csv"
    assert "Nothing to be done" in elsewhere.make(CONFIG, "--dry-run", target)
    table = elsewhere.folder / "mine.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(",noise", ",hiss"), encoding="utf-8")
    jobs = elsewhere.plan(CONFIG, target)
    assert {"build_manifest mine", "pack_audio_table-mine"} & jobs == {"build_manifest mine"}


def test_the_page_on_a_corpus_of_ones_own_leads_to_its_classifier(
    elsewhere, repository, monkeypatch
):
    page = (repository / "docs" / "own_corpus.md").read_text(encoding="utf-8")
    write_corpus(elsewhere.folder)
    table = elsewhere.folder / "mine.csv"
    text = table.read_text(encoding="utf-8").replace("file,class", "path,label")
    table.write_text(text.replace(",real,", ",bonafide,").replace(",fake,", ",spoof,"))
    monkeypatch.chdir(elsewhere.folder)
    command = re.search(r"^ *signl (corpus inspect .*)$", page, flags=re.MULTILINE)[1]
    done = CliRunner().invoke(app, command.split())
    assert done.exit_code == 0, done.output
    assert "nothing is wrong" in done.output
    block = re.search(r"^ *```yaml\n(.*?)^ *```$", page, flags=re.MULTILINE | re.DOTALL)[1]
    elsewhere.make(yaml.safe_load(textwrap.dedent(block)), "results/indomain.csv")
    (classifier,) = re.findall(r"`(results/classifiers/[^`]+)`", page)
    assert (elsewhere.folder / classifier / "model.safetensors").is_file()

"""Results know what made them: options and archives, also without Snakemake's own records."""

import copy
import os
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

WILD = "results/demo/archives/InTheWild/release_in_the_wild.zip"
#: What is made of the archives of two corpora, and nothing else.
TRIALS = [f"results/trials/{corpus}.parquet" for corpus in ("in_the_wild/eval", "cfad/dev")]
CLASSIFIER = "results/classifiers/toy/cfad/labels-50/seed-1/model.safetensors"


@pytest.fixture
def finished(toy, elsewhere):
    """The toy experiment's results as they are copied: without what Snakemake knows of them."""
    shutil.copytree(toy.folder / "results", elsewhere.folder / "results", symlinks=True)
    return elsewhere


def test_copied_results_are_taken_as_they_are(finished, toy_config):
    assert finished.plan(toy_config) == set()


def test_results_of_another_option_are_made_anew(finished, toy_config):
    config = copy.deepcopy(toy_config)
    config["recipes"]["toy"]["finetuning"]["epochs"] = 2
    said = finished.make(config, "--dry-run")
    assert "Made anew, for it was made otherwise than this configuration asks" in said
    assert "finetuning.epochs was 3, now 2" in said
    planned = finished.plan(config)
    assert "train_classifier toy cfad 50 1" in planned
    assert not any(job.startswith(("pretrain_encoder", "extract_features")) for job in planned)


@pytest.mark.slow
def test_results_that_were_made_anew_are_those_of_the_option(finished, toy_config):
    config = copy.deepcopy(toy_config)
    config["recipes"]["toy"]["finetuning"]["epochs"] = 2
    finished.make(config, CLASSIFIER)
    assert finished.plan(config, CLASSIFIER) == set()


def test_what_no_target_needs_is_left_alone(finished, toy_config):
    config = copy.deepcopy(toy_config)
    config["recipes"]["toy"]["finetuning"]["epochs"] = 2
    trained = CLASSIFIER.replace("cfad", "asvspoof2021_df")
    assert finished.plan(config, trained) == {"train_classifier toy asvspoof2021_df 50 1"}
    assert "Made anew" not in finished.make(config, "--dry-run", *TRIALS)


def test_another_seed_of_the_embedded_archives_makes_them_anew(finished, toy_config):
    config = copy.deepcopy(toy_config)
    config["demo"]["archives"]["seed"] = 1
    assert "make_demo_archives" in finished.plan(config)


@pytest.mark.slow
def test_archives_that_are_not_there_are_told_although_all_is_made(finished, toy_config):
    config = toy_config | {"archives": "/no/such/folder"}
    done = finished.run(config, "--dry-run")
    assert done.returncode != 0
    assert "/no/such/folder" in done.stdout
    assert "archive files are missing" in done.stdout
    assert "MISSING" in finished.make(config, "check_archives")


@pytest.mark.slow
def test_an_archive_of_an_older_date_is_packed_anew(finished, toy_config):
    elsewhere = finished.folder / "elsewhere"
    (finished.folder / "results" / "demo" / "archives").rename(elsewhere)
    config = toy_config | {"archives": str(elsewhere)}
    finished.make(config, *TRIALS)
    assert finished.plan(config, *TRIALS) == set()
    archive = elsewhere / Path(WILD).relative_to("results/demo/archives")
    os.utime(archive, (1.6e9, 1.6e9))
    planned = finished.plan(config, *TRIALS)
    # The protocol lies in the same archive.
    assert {"pack_audio_release_in_the_wild", "build_manifest in_the_wild"} <= planned
    assert not any("pack_audio_CFAD" in job for job in planned)


@pytest.mark.slow
def test_archives_may_be_taken_away_by_word(finished, toy_config, changed):
    shutil.rmtree(finished.folder / "results" / "demo" / "archives")
    packed = {"archives": "packed"}
    assert finished.plan(toy_config | packed) == set()
    # Something new is made of the packed audio.
    planned = finished.plan(changed(seeds=[1, 2]) | packed)
    assert "train_classifier toy cfad 50 2" in planned
    assert not any(job.startswith(("pack_audio", "build_manifest")) for job in planned)
    shard = next((finished.folder / "results" / "audio" / "CFAD").iterdir())
    shard.unlink()
    done = finished.run(toy_config | packed, "--dry-run")
    assert done.returncode != 0
    assert "archives is 'packed', and of what was packed 1 files are missing" in done.stdout


def test_records_of_no_bytes_hide_nothing(toy, elsewhere, toy_config):
    shutil.copytree(toy.folder, elsewhere.folder, dirs_exist_ok=True, symlinks=True)
    for record in (elsewhere.folder / ".snakemake" / "metadata").rglob("*"):
        if record.is_file():
            record.write_bytes(b"")
    config = copy.deepcopy(toy_config)
    config["frontends"]["toy"]["n_mels"] = 20
    done = elsewhere.run(config, "--dry-run")
    assert done.returncode != 0 or "extract_features" in done.stdout


def test_an_audit_finds_results_of_other_options(finished, toy_config):
    config = copy.deepcopy(toy_config)
    config["frontends"]["toy"]["n_mels"] = 20
    done = finished.run(config, "audit")
    assert done.returncode != 0
    assert "was made otherwise: n_mels was 16, now 20" in done.stdout

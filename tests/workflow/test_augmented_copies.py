"""Augmented copies of a training partition, from the audio to what is measured."""

import copy
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from signl.corpora.resynthesising import read_origins
from signl.corpora.trial_tables import read_trials
from signl.features.gathered_copies import read_copies
from signl.labels import TRAIN

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

SHARD = "0000-of-0001"
COPIES = f"results/copies/CFAD@cfad@changed/{SHARD}.parquet"
ENCODER = "results/encoders/drawing/cfad/seed-1/config.json"
METRICS = "results/metrics/drawing/cfad/labels-50/seed-1/cfad.json"
N_COPIES = 2
TRAINING = {
    "pretrain_encoder drawing cfad 1",
    "train_classifier drawing cfad 50 1",
    *("score drawing cfad 50 1 cfad", "score_dev drawing cfad 50 1"),
    "measure drawing cfad 50 1 cfad",
}
#: From the copies on; all before is there already.
MAKING = {
    f"resynthesise CFAD cfad changed {SHARD}",
    f"extract_features toy CFAD@cfad@changed {SHARD}",
    "gather_copies toy changed cfad",
    *TRAINING,
}


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """A folder of noise."""
    folder = tmp_path_factory.mktemp("noises")
    noise = 0.1 * np.random.default_rng(0).standard_normal(8_000)
    soundfile.write(folder / "hall.wav", noise, 16_000)
    return folder


@pytest.fixture(scope="module")
def config(toy_config, sounds):
    """The toy experiment, and a recipe on its front-end that draws of copies."""
    given = copy.deepcopy(toy_config)
    chain = [{"kind": "noise", "folder": str(sounds)}, {"kind": "speed"}]
    given["augmented_copies"] = {"changed": {"chain": chain, "copies": N_COPIES}}
    given["recipes"]["drawing"] = copy.deepcopy(given["recipes"]["toy"])
    for training in ("pretraining", "finetuning"):
        given["recipes"]["drawing"][training]["augmented_copies"] = "changed"
    given["experiments"]["drawing"] = given["experiments"]["toy"] | {
        "recipes": ["drawing"],
        "train_corpora": ["cfad"],
        "evaluate_on": ["cfad"],
    }
    return given


@pytest.fixture(scope="module")
def finished(toy, tmp_path_factory, config):
    """A copy of the finished toy experiment, with the recipe made too."""
    folder = tmp_path_factory.mktemp("drawing") / "toy"
    shutil.copytree(toy.folder, folder)
    workflow = replace(toy, folder=folder)
    assert workflow.plan(config, METRICS) == MAKING
    workflow.make(config, METRICS)
    return workflow


def test_copies_are_of_train_alone_and_trainings_draw_of_them(finished, config):
    """The one archive of CFAD holds the utterances of all partitions."""
    results = finished.folder / "results"
    train = read_trials(results / f"trials/cfad/{TRAIN}.parquet")["utterance_id"].to_pylist()
    origins = read_origins(finished.folder / COPIES)
    made = zip(origins["utterance_id"].to_pylist(), origins["number"].to_pylist(), strict=True)
    assert sorted(made) == sorted((name, number) for name in train for number in range(N_COPIES))
    assert len(read_copies(results / "gathered_copies/toy/changed/cfad.parquet")) == len(origins)
    assert not list(results.glob("copies/*@dev"))
    document = json.loads((finished.folder / ENCODER).read_text())
    assert document["card"]["n_utterances"]["train"] == len(train)
    table = "results/gathered_copies/toy/changed/cfad.parquet"
    assert table in document["made_by"]["digests"]
    assert 0 <= json.loads((finished.folder / METRICS).read_text())["protocols"]["all"]["eer"] <= 1
    assert finished.plan(config, METRICS) == set()


def test_another_number_of_copies_makes_them_anew_and_what_follows(finished, config):
    changed = copy.deepcopy(config)
    changed["augmented_copies"]["changed"]["copies"] = 3
    assert finished.plan(changed, METRICS) == MAKING
    # Of another training option the copies know nothing.
    tuned = copy.deepcopy(config)
    tuned["recipes"]["drawing"]["finetuning"]["epochs"] = 2
    assert finished.plan(tuned, METRICS) == TRAINING - {"pretrain_encoder drawing cfad 1"}


def test_another_sound_makes_them_anew_also_without_snakemakes_records(
    finished, config, sounds, tmp_path
):
    shutil.copytree(finished.folder / "results", tmp_path / "results")
    bare = replace(finished, folder=tmp_path)
    assert bare.plan(config, METRICS) == set()
    other = sounds / "street.wav"
    soundfile.write(other, np.zeros(100), 16_000)
    for workflow in (finished, bare):
        assert f"resynthesise CFAD cfad changed {SHARD}" in workflow.plan(config, METRICS)
    other.unlink()
    assert finished.plan(config, METRICS) == set()


def test_without_the_option_copies_are_not_needed(finished, config):
    plain = copy.deepcopy(config)
    for training in ("pretraining", "finetuning"):
        del plain["recipes"]["drawing"][training]["augmented_copies"]
    assert finished.plan(plain, METRICS) == TRAINING


def test_copies_that_are_lost_are_made_with_the_same_bytes(finished, config):
    path = finished.folder / COPIES
    before = path.read_bytes()
    path.unlink()
    finished.make(config, COPIES)
    assert path.read_bytes() == before


def test_the_audit_finds_copies_and_their_features_whole(finished, config):
    # The tables are of the toy experiment alone, without the recipe.
    for pattern in ("*.csv", "*.parquet"):
        for table in (finished.folder / "results").glob(pattern):
            table.unlink()
    said = finished.make(config, "audit")
    assert re.search(r"^copies +1 +0 +[\d.]+ +0$", said, re.MULTILINE)
    assert re.search(r"^gathered_copies +1 +0 +[\d.]+ +0$", said, re.MULTILINE)
    assert ", 0 problems" in said

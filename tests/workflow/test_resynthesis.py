"""Copies of a training partition, from the audio to what is measured of it."""

import copy
import json
import re
import shutil
from dataclasses import replace

import pytest
from safetensors.numpy import load_file

from signl.corpora.resynthesising import read_origins
from signl.corpora.trial_tables import read_trials
from signl.features.gathered_copies import read_copies
from signl.labels import DEV, TRAIN

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

SHARD = "0000-of-0001"
COPIES = f"results/copies/CFAD@cfad@made/{SHARD}.parquet"
COPIES_OF_DEV = f"results/copies/CFAD@cfad@made@dev/{SHARD}.parquet"
METRICS = "results/metrics/arm/cfad/labels-50/seed-1/cfad.json"
#: From the copies on; all before is there already.
TRAINING = {
    "train_classifier arm cfad 50 1",
    *("score arm cfad 50 1 cfad", "score_dev arm cfad 50 1", "measure arm cfad 50 1 cfad"),
}
MAKING = {
    f"resynthesise CFAD cfad made {SHARD}",
    f"extract_features toy CFAD@cfad@made {SHARD}",
    "gather_copies toy made cfad",
    *TRAINING,
}


#: An encoder that is pre-trained on the same copies, and on some of dev.
ENCODER = "results/encoders/hearing/cfad/seed-1/model.safetensors"
HEARING = {
    f"resynthesise CFAD cfad made@dev {SHARD}",
    f"extract_features toy CFAD@cfad@made@dev {SHARD}",
    "gather_copies toy made@dev cfad",
    "pretrain_encoder hearing cfad 1",
}


@pytest.fixture(scope="module")
def config(toy_config):
    """The toy experiment, and an arm on its front-end."""
    given = copy.deepcopy(toy_config)
    given["resynthesis"] = {
        "made": {
            "methods": [{"kind": "phase"}, {"kind": "griffin_lim"}, {"kind": "lpc"}],
            "pseudo_spoofs": 2,
            "channel": [{"kind": "gain"}],
        }
    }
    given["recipes"]["arm"] = {
        "frontend": "toy",
        "crop_s": 3.0,
        "model": {"kind": "mean_pool"},
        "finetuning": {"kind": "resynth_refine", "resynthesis": "made"},
    }
    given["recipes"]["hearing"] = copy.deepcopy(given["recipes"]["toy"])
    given["recipes"]["hearing"]["pretraining"]["objective"] = {
        "kind": "resynthesis",
        "copies": "made",
        "beside": {"kind": "vicreg"},
    }
    given["experiments"]["arms"] = given["experiments"]["toy"] | {
        "recipes": ["arm", "hearing"],
        "train_corpora": ["cfad"],
        "evaluate_on": ["cfad"],
    }
    return given


@pytest.fixture(scope="module")
def finished(toy, tmp_path_factory, config):
    """A copy of the finished toy experiment, with the arm made too."""
    folder = tmp_path_factory.mktemp("arms") / "toy"
    shutil.copytree(toy.folder, folder)
    workflow = replace(toy, folder=folder)
    assert workflow.plan(config, METRICS) == MAKING
    workflow.make(config, METRICS)
    return workflow


def test_copies_are_of_train_alone_and_the_arm_is_measured(finished, config):
    """The one archive of CFAD holds the utterances of all partitions."""
    results = finished.folder / "results"
    train = read_trials(results / f"trials/cfad/{TRAIN}.parquet")["utterance_id"].to_pylist()
    origins = read_origins(finished.folder / COPIES)
    assert sorted(set(origins["utterance_id"].to_pylist())) == sorted(train)
    assert len(origins) == 3 * len(train)
    gathered = read_copies(results / "gathered_copies/toy/made/cfad.parquet")
    assert len(gathered) == len(origins)
    measured = json.loads((finished.folder / METRICS).read_text())["protocols"]["all"]
    assert 0 <= measured["eer"] < 0.5
    assert finished.plan(config, METRICS) == set()


def test_an_encoder_is_pretrained_on_copies_of_train_and_dev(finished, config):
    """It takes the copies of train that there are; the encoder is one of the recipe's network."""
    assert finished.plan(config, ENCODER) == HEARING
    finished.make(config, ENCODER)
    results = finished.folder / "results"
    dev = read_trials(results / f"trials/cfad/{DEV}.parquet")["utterance_id"].to_pylist()
    origins = read_origins(finished.folder / COPIES_OF_DEV)
    assert sorted(set(origins["utterance_id"].to_pylist())) == sorted(dev)
    path = finished.folder / ENCODER
    document = json.loads(path.with_name("config.json").read_text())
    assert document["card"]["n_utterances"]["dev"] == len(dev)
    tables = {each for each in document["made_by"]["digests"] if "gathered_copies" in each}
    assert tables == {
        "results/gathered_copies/toy/made/cfad.parquet",
        "results/gathered_copies/toy/made@dev/cfad.parquet",
    }
    names = set(load_file(path))
    assert names == set(load_file(finished.folder / ENCODER.replace("hearing", "toy")))
    assert finished.plan(config, ENCODER) == set()
    # All copies are of the same methods.
    changed = copy.deepcopy(config)
    changed["resynthesis"]["made"]["without"] = ["lpc"]
    of_train = {each for each in MAKING if each.split()[0] != "train_classifier"} - TRAINING
    assert finished.plan(changed, ENCODER) == HEARING | of_train


def test_a_method_left_out_makes_copies_anew_and_what_follows(finished, config):
    changed = copy.deepcopy(config)
    changed["resynthesis"]["made"]["without"] = ["lpc"]
    assert finished.plan(changed, METRICS) == MAKING


def test_copies_that_were_made_otherwise_are_seen_without_snakemakes_records(
    finished, config, tmp_path
):
    changed = copy.deepcopy(config)
    changed["resynthesis"]["made"]["without"] = ["lpc"]
    shutil.copytree(finished.folder / "results", tmp_path / "results")
    bare = replace(finished, folder=tmp_path)
    assert bare.plan(config, METRICS) == set()
    assert f"resynthesise CFAD cfad made {SHARD}" in bare.plan(changed, METRICS)


def test_another_arm_takes_the_copies_that_there_are(finished, config):
    changed = copy.deepcopy(config)
    changed["recipes"]["arm"]["finetuning"] = {"kind": "zero_label", "resynthesis": "made"}
    assert finished.plan(changed, METRICS) == TRAINING


def test_a_joined_front_end_reads_the_copies_that_there_are(finished, config, tmp_path):
    changed = copy.deepcopy(config)
    changed["frontends"]["both"] = {
        "kind": "joined",
        "parts": [{"of": "toy", "pooled": pooled} for pooled in ("mean", "mean_and_deviation")],
    }
    changed["recipes"]["joined"] = config["recipes"]["arm"] | {
        "frontend": "both",
        "crop_s": 9.0,
        "model": {"kind": "mean_pool", "statistics": "mean"},
    }
    changed["experiments"]["arms"]["recipes"] = ["arm", "hearing", "joined"]
    shutil.copytree(finished.folder, tmp_path / "toy")
    workflow = replace(finished, folder=tmp_path / "toy")
    metrics = METRICS.replace("/arm/", "/joined/")
    planned = workflow.plan(changed, metrics)
    assert f"extract_features both CFAD@cfad@made {SHARD}" in planned
    assert not any(job.startswith(("resynthesise", "pack_audio")) for job in planned)
    workflow.make(changed, metrics)
    assert workflow.plan(changed, metrics) == set()
    measured = json.loads((workflow.folder / metrics).read_text())["protocols"]["all"]
    assert 0 <= measured["eer"] < 0.5


def test_the_audit_finds_copies_and_their_features_whole(finished, config):
    # The tables are of the toy experiment alone, without the arm.
    for pattern in ("*.csv", "*.parquet"):
        for table in (finished.folder / "results").glob(pattern):
            table.unlink()
    said = finished.make(config, "audit")
    assert re.search(r"^copies +2 +0 +[\d.]+ +0$", said, re.MULTILINE)
    assert re.search(r"^gathered_copies +2 +0 +[\d.]+ +0$", said, re.MULTILINE)
    assert ", 0 problems" in said

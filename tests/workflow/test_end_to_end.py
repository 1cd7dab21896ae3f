"""Recipes that train their front-end from audio, and recipes that start from a folder."""

import copy
import csv
import json
import shutil

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

FOLDER = "cfad/labels-50/seed-1"


@pytest.fixture
def config(toy_config):
    """One end-to-end recipe on the embedded wav2vec2, trained on CFAD."""
    config = copy.deepcopy(toy_config)
    toy = config["recipes"].pop("toy")
    # Epochs that read audio are long, and one shows all that is looked for here.
    toy = toy | {name: toy[name] | {"epochs": 1} for name in ("pretraining", "finetuning")}
    config["frontends"] = {"small": {"kind": "wav2vec2", "model": "results/demo/wav2vec2"}}
    config["recipes"]["whole"] = toy | {"frontend": "small", "trainable_frontend": True}
    config["experiments"]["toy"] |= {
        "recipes": ["whole"],
        "train_corpora": ["cfad"],
        "evaluate_on": ["in_the_wild"],
    }
    return config


def in_domain_metrics(folder, recipe):
    path = folder / f"results/metrics/{recipe}/{FOLDER}/in_the_wild.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["protocols"]["all"] | {"cell": document["cell"]}


def test_an_end_to_end_recipe_and_its_models_from_folders(elsewhere, config):
    folder = elsewhere.folder
    elsewhere.make(config)
    assert not (folder / "results/features").exists()
    with (folder / "results/crossdomain.csv").open(encoding="utf-8", newline="") as handle:
        (row,) = csv.DictReader(handle)
    assert (row["recipe"], row["frontend"]) == ("whole", "small (trained)")
    assert "Nothing to be done" in elsewhere.make(config)
    made = in_domain_metrics(folder, "whole")
    assert made["transfer"] is not None

    # A classifier from a folder is evaluated as it is, without its corpus's training archives.
    shutil.copytree(folder / f"results/classifiers/whole/{FOLDER}", folder / "classifier")
    shutil.copytree(folder / "results/encoders/whole/cfad/seed-1", folder / "encoder")
    whole = config["recipes"]["whole"]
    config["recipes"] = {
        "given": {"classifier": "classifier"},
        "downstream": {key: value for key, value in whole.items() if key != "pretraining"}
        | {"encoder": "encoder"},
    }
    config["experiments"]["toy"]["recipes"] = ["given"]
    jobs = elsewhere.plan(config)
    assert not {job for job in jobs if job.startswith(("train_", "pretrain_", "score_dev"))}
    elsewhere.make(config)
    given = in_domain_metrics(folder, "given")
    assert [given["eer"], given["cllr"]] == [made["eer"], made["cllr"]]
    assert given["transfer"] is None
    assert given["cell"]["frontend"] == "its own"

    # An encoder from a folder is fine-tuned, to the same end as in the run that made it.
    config["experiments"]["toy"]["recipes"] = ["downstream"]
    jobs = elsewhere.plan(config)
    assert {job.split()[0] for job in jobs} >= {"train_classifier", "score_dev"}
    assert not {job for job in jobs if job.startswith("pretrain_")}
    elsewhere.make(config)
    assert in_domain_metrics(folder, "downstream")["eer"] == made["eer"]


def test_a_classifier_of_another_corpus_is_refused(elsewhere, config):
    config["recipes"]["whole"].pop("pretraining")
    elsewhere.make(config, f"results/classifiers/whole/{FOLDER}/model.safetensors")
    shutil.copytree(
        elsewhere.folder / f"results/classifiers/whole/{FOLDER}", elsewhere.folder / "classifier"
    )
    config["recipes"] = {"given": {"classifier": "classifier"}}
    config["experiments"]["toy"] |= {"recipes": ["given"], "train_corpora": ["asvspoof2021_df"]}
    done = elsewhere.run(config)
    assert done.returncode != 0
    assert "was trained on cfad" in done.stdout
    assert "lists it under asvspoof2021_df" in done.stdout

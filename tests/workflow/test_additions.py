"""What is added to the configuration runs, and nothing else."""

import json

import numpy as np
import pytest

from signl.corpora.trial_tables import read_manifest
from signl.evaluation.scores import read_scores

pytestmark = pytest.mark.workflow

#: All metrics stand in one table: what comes of it runs anew with any of them.
TABLES = {
    *("collect_metrics", "tabulate indomain", "tabulate crossdomain", "tabulate_breakdown"),
    *("compare_recipes", "summarise"),
    "all",
}
#: Evaluation corpora of the toy experiment.
MEASURED = ("cfad", "in_the_wild")
TRAINED = ("asvspoof2021_df", "cfad")
#: What the first of them is evaluated on as one.
POOL = "+".join(MEASURED)


def test_a_new_seed(toy, changed):
    expected = {*TABLES, "tabulate_pretraining"}
    for corpus in TRAINED:
        expected |= {
            f"sample_labels {corpus} 50 2",
            f"pretrain_encoder toy {corpus} 2",
            f"train_classifier toy {corpus} 50 2",
            f"score_dev toy {corpus} 50 2",
            f"score toy {corpus} 50 2 cfad",
            f"score toy {corpus} 50 2 in_the_wild",
            *(f"measure toy {corpus} 50 2 {measured}" for measured in MEASURED),
        }
    expected |= {f"measure_pooled toy {TRAINED[0]} 50 2 {POOL}"}
    assert toy.plan(changed(seeds=[1, 2])) == expected


def test_a_new_label_percent(toy, changed):
    expected = set(TABLES)
    for corpus in TRAINED:
        expected |= {
            f"sample_labels {corpus} 20 1",
            f"train_classifier toy {corpus} 20 1",
            f"score_dev toy {corpus} 20 1",
            f"score toy {corpus} 20 1 cfad",
            f"score toy {corpus} 20 1 in_the_wild",
            *(f"measure toy {corpus} 20 1 {measured}" for measured in MEASURED),
        }
    expected |= {f"measure_pooled toy {TRAINED[0]} 20 1 {POOL}"}
    assert toy.plan(changed(label_percents=[20, 50])) == expected


@pytest.mark.slow
def test_a_recipe_that_takes_the_encoder_of_another(toy, changed):
    config = changed(recipes=["toy", "frozen"], train_corpora=["cfad"])
    config["recipes"]["frozen"] = config["recipes"]["toy"] | {
        "pretraining": None,
        "encoder_of": "toy",
        "finetuning": config["recipes"]["toy"]["finetuning"] | {"freeze_encoder": True},
    }
    classifier = "results/classifiers/frozen/cfad/labels-50/seed-1/model.safetensors"
    assert toy.plan(config, classifier) == {"train_classifier frozen cfad 50 1"}
    toy.make(config, classifier)
    assert toy.plan(config, classifier, "--forcerun", "pretrain_encoder") == {
        "pretrain_encoder toy cfad 1",
        "train_classifier frozen cfad 50 1",
    }


@pytest.mark.slow
def test_a_pool_of_corpora(toy, changed):
    pool = "asvspoof2021_df+cfad"
    config = changed(train_corpora=[*TRAINED, list(TRAINED)], evaluate_on=["cfad", "in_the_wild"])
    expected = {
        *TABLES,
        "tabulate_pretraining",
        *(f"pool_utterances toy {pool} {partition}" for partition in ("train", "dev")),
        f"pool_labels {pool} 50 1",
        f"pretrain_encoder toy {pool} 1",
        f"train_classifier toy {pool} 50 1",
        f"score_dev toy {pool} 50 1",
        *(f"score toy {pool} 50 1 {measured}" for measured in MEASURED),
        *(f"measure toy {pool} 50 1 {measured}" for measured in MEASURED),
    }
    assert toy.plan(config) == expected
    metrics = f"results/metrics/toy/{pool}/labels-50/seed-1/cfad.json"
    toy.make(config, metrics)
    card = json.loads((toy.folder / metrics).read_text(encoding="utf-8"))
    assert card["cell"]["train_corpus"] == pool
    # What is there of the pool is left alone, and known as made with these options.
    assert not {job for job in toy.plan(config, metrics) if "pool" in job}


@pytest.mark.slow
def test_a_given_classifier_is_scored_without_labels(toy, changed):
    config = changed(recipes=["toy", "given"], train_corpora=["cfad"], evaluate_on=["in_the_wild"])
    folder = "results/classifiers/toy/cfad/labels-50/seed-1"
    config["recipes"]["given"] = {"frontend": "toy", "classifier": folder}
    metrics = "results/metrics/given/cfad/labels-50/seed-1/in_the_wild.json"
    assert toy.plan(config, metrics) == {
        "score given cfad 50 1 in_the_wild",
        "measure given cfad 50 1 in_the_wild",
    }
    toy.make(config, metrics)
    document = json.loads((toy.folder / metrics).read_text(encoding="utf-8"))
    found = document["protocols"]["all"]
    assert (found["transfer"], found["calibrated"]) == (None, None)
    assert found["dev"]["remarks"]


@pytest.mark.slow
def test_scores_that_are_given_are_measured_beside_ours(toy, changed):
    config = changed(recipes=["toy", "theirs"], train_corpora=["cfad"], evaluate_on=["in_the_wild"])
    config["recipes"]["theirs"] = {"scores": "theirs"}
    manifest = read_manifest(toy.folder / "results/manifests/in_the_wild.parquet").to_pylist()
    (toy.folder / "theirs").mkdir()
    (toy.folder / "theirs/in_the_wild.csv").write_text(
        "file,score\n"
        + "".join(f"x/{row['utterance_id']},{row['label'] == 'bonafide'}\n" for row in manifest)
        .replace("True", "1.5")
        .replace("False", "-1.5"),
        encoding="utf-8",
    )
    metrics = "results/metrics/theirs/cfad/labels-50/seed-1/in_the_wild.json"
    assert toy.plan(config, metrics) == {
        "convert_scores theirs cfad 50 1 in_the_wild",
        "measure theirs cfad 50 1 in_the_wild",
    }
    toy.make(config, metrics)
    document = json.loads((toy.folder / metrics).read_text(encoding="utf-8"))
    assert document["protocols"]["all"]["eer"] == 0


@pytest.mark.slow
def test_the_mean_of_two_recipes_is_measured_beside_them(toy, changed):
    config = changed(recipes=["toy", "machine", "both"], train_corpora=["cfad"])
    config["recipes"]["machine"] = {
        **{key: config["recipes"]["toy"][key] for key in ("frontend", "crop_s")},
        "model": {"kind": "mean_pool"},
        "finetuning": {"kind": "svm"},
    }
    config["recipes"]["both"] = {"mean_of": ["toy", "machine"]}
    cell = "cfad/labels-50/seed-1"
    metrics = f"results/metrics/both/{cell}/in_the_wild.json"
    combining = {"combine_scores both cfad 50 1 in_the_wild", "combine_dev_scores both cfad 50 1"}
    assert toy.plan(config, metrics) == {
        "train_classifier machine cfad 50 1",
        "score machine cfad 50 1 in_the_wild",
        "score_dev machine cfad 50 1",
        *combining,
        "measure both cfad 50 1 in_the_wild",
    }
    toy.make(config, metrics)
    document = json.loads((toy.folder / metrics).read_text(encoding="utf-8"))
    measured = document["protocols"]["all"]
    assert document["cell"]["frontend"] == "toy"
    assert measured["dev"]["n_spoof"] > 0
    scores = read_scores(toy.folder / f"results/combined_scores/both/{cell}/in_the_wild.parquet")
    # What comes of the classifiers' own scores by hand.
    expected = []
    for recipe in ("toy", "machine"):
        one = read_scores(toy.folder / f"results/scores/{recipe}/{cell}/in_the_wild.parquet")
        dev = read_scores(toy.folder / f"results/dev_scores/{recipe}/{cell}.parquet")["score"]
        by_name = dict(zip(*(one[name].to_pylist() for name in one.column_names), strict=True))
        values = np.array([by_name[name] for name in scores["utterance_id"].to_pylist()])
        expected.append((values - np.mean(dev)) / np.std(dev))
    np.testing.assert_allclose(scores["score"], np.mean(expected, axis=0))
    assert toy.plan(config, metrics) == set()
    # Of other members it is another mean: they are in the headers.
    config["recipes"]["both"]["mean_of"] = ["machine", "toy"]
    assert toy.plan(config, metrics) == {*combining, "measure both cfad 50 1 in_the_wild"}


def test_a_new_eval_corpus_of_other_archives(toy, changed):
    archives = ("flac_E_aa", "flac_E_ab")
    expected = {
        *TABLES,
        "count_quarantine",
        "build_manifest asvspoof5",
        *(f"pack_audio_{archive}" for archive in archives),
        "locate_trials asvspoof5 eval",
        *(f"extract_features toy {archive} 0000-of-0001" for archive in archives),
        "gather_utterances toy asvspoof5 eval",
        *(f"score toy {corpus} 50 1 asvspoof5" for corpus in TRAINED),
        *(f"measure toy {corpus} 50 1 asvspoof5" for corpus in TRAINED),
        f"measure_pooled toy {TRAINED[0]} 50 1 asvspoof5+{POOL}",
        f"measure_pooled toy {TRAINED[1]} 50 1 asvspoof5+in_the_wild",
    }
    assert toy.plan(changed(evaluate_on=["cfad", "in_the_wild", "asvspoof5"])) == expected


def test_an_eval_corpus_that_is_trained_on_already(toy, changed):
    """Its eval partition lies in archives of its own; nothing is packed or trained anew."""
    parts = [f"ASVspoof2021_DF_eval_part0{part}" for part in range(4)]
    expected = {
        *TABLES,
        "count_quarantine",
        *(f"pack_audio_{part}" for part in parts),
        "locate_trials asvspoof2021_df eval",
        *(f"extract_features toy {part} 0000-of-0001" for part in parts),
        "gather_utterances toy asvspoof2021_df eval",
        *(f"score toy {corpus} 50 1 asvspoof2021_df" for corpus in TRAINED),
        *(f"measure toy {corpus} 50 1 asvspoof2021_df" for corpus in TRAINED),
        f"measure_pooled toy {TRAINED[1]} 50 1 asvspoof2021_df+in_the_wild",
    }
    planned = toy.plan(changed(evaluate_on=["cfad", "in_the_wild", "asvspoof2021_df"]))
    assert planned == expected

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from signl.errors import ConfigError
from signl.evaluation.scores import read_scores
from signl.evaluation.scoring import score_trials
from signl.features.frame_statistics import frame_statistics
from signl.metrics import equal_error_rate
from signl.models.saving import load_classifier
from signl.training.options import FINETUNINGS
from signl.training.regression import Labelled
from signl.training.svm import fit_machine
from signl.training.svm_options import SvmOptions
from signl.typed import build

IS_BONAFIDE = {name: np.arange(n) % 3 == 0 for name, n in (("train", 24), ("dev", 18))}


@pytest.fixture
def fit(recipe, finetune):
    """Return a function that fits a machine to pooled frames, into a folder of the test."""
    recipe["model"], recipe["finetuning"] = {"kind": "mean_pool"}, {"kind": "svm"}
    return finetune


def pooled(toy, partition, starts):
    """Mean and deviation of the frames of crops of each utterance, averaged over the crops."""
    frames = [toy.frames[f"{partition}-{n}"].float() for n in range(len(IS_BONAFIDE[partition]))]
    views = [
        torch.stack([one[torch.arange(at, at + 8) % len(one)].T for one in frames]) for at in starts
    ]
    return np.mean(
        [frame_statistics(view, "mean_and_deviation").double().numpy() for view in views], axis=0
    )


def scores_of(files, trials, toy, path):
    score_trials(files.model, files.config, trials, toy.features, path, options={})
    return read_scores(path)["score"].to_numpy()


def test_scores_of_its_folder_are_the_decision_function_of_scikit_learn(fit, toy, tmp_path):
    files = fit()
    oracle = make_pipeline(StandardScaler(), SVC(C=2, class_weight="balanced"))
    oracle.fit(pooled(toy, "train", [0]), IS_BONAFIDE["train"])
    expected = oracle.decision_function(pooled(toy, "dev", [0]))
    found = scores_of(files, toy.dev, toy, tmp_path / "scores.parquet")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    card = load_classifier(files.model, files.config).card
    is_bonafide = IS_BONAFIDE["dev"]
    eer = equal_error_rate(expected[is_bonafide], expected[~is_bonafide]).rate
    assert card["dev"]["dev_eer"] == pytest.approx(eer)
    assert card["dev"]["n_vectors"] == len(oracle[-1].support_vectors_)
    assert "Nothing was chosen by the development set." in files.card.read_text()


def test_of_several_crops_embeddings_are_averaged_to_fit_and_scores_to_score(fit, toy, tmp_path):
    files = fit(crops=3, strength=1.0, gamma=0.05)
    assert json.loads(Path(files.config).read_text())["crops"] == 3
    oracle = make_pipeline(StandardScaler(), SVC(C=1, gamma=0.05, class_weight="balanced"))
    oracle.fit(pooled(toy, "train", [0, 4, 8]), IS_BONAFIDE["train"])
    expected = [oracle.decision_function(pooled(toy, "dev", [at])) for at in (0, 4, 8)]
    found = scores_of(files, toy.dev, toy, tmp_path / "scores.parquet")
    np.testing.assert_allclose(found, np.mean(expected, axis=0), rtol=0, atol=1e-6)


def test_the_same_bytes_come_again(fit, same_bytes):
    assert same_bytes(fit(), fit("again"))


def test_a_channel_that_is_always_the_same_says_nothing():
    rng = np.random.default_rng(1)
    embeddings, classes = rng.standard_normal((20, 3)), np.arange(20) % 2
    constant = np.column_stack([embeddings, np.full(20, 7.0)])
    plain = fit_machine(Labelled(embeddings, classes), strength=2.0, gamma=0.2)
    padded = fit_machine(Labelled(constant, classes), strength=2.0, gamma=0.2)
    others = rng.standard_normal((5, 3))
    expected = plain.decide(others)
    np.testing.assert_allclose(padded.decide(np.column_stack([others, rng.random(5)])), expected)


def test_classes_weigh_the_same():
    """As if each spoof counted a fifth of each bona fide utterance, of which there are fewer."""
    rng = np.random.default_rng(2)
    bonafide, spoof = rng.standard_normal((6, 2)) + 1, rng.standard_normal((30, 2)) - 1
    train = Labelled(np.concatenate([bonafide, spoof]), np.repeat([1, 0], [6, 30]))
    mean, deviation = train.embeddings.mean(axis=0), train.embeddings.std(axis=0)
    weights = np.repeat([36 / 12, 36 / 60], [6, 30])
    oracle = SVC(C=2, gamma=0.5)
    oracle.fit((train.embeddings - mean) / deviation, train.is_bonafide, sample_weight=weights)
    others = rng.standard_normal((9, 2))
    found = fit_machine(train, strength=2.0, gamma=0.5).decide(others)
    expected = oracle.decision_function((others - mean) / deviation)
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strength": 0.0}, r"finetuning\.strength is 0"),
        ({"gamma": 0.0}, r"finetuning\.gamma is 0"),
        ({"epochs": 3}, r"finetuning\.epochs is no key"),
        ({"crops": 0}, r"finetuning\.crops is 0; allowed is at least 1"),
        ({"crops": 101}, r"finetuning\.crops is 101; allowed is at most 100"),
    ],
)
def test_what_no_machine_can_use_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        build(FINETUNINGS.options_of("svm"), options, "finetuning")
    assert FINETUNINGS.build({"kind": "svm"}) == SvmOptions()

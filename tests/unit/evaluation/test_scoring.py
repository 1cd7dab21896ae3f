import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from signl.devices import Resources
from signl.errors import ArtefactError, ConfigError
from signl.evaluation.scores import read_scores
from signl.evaluation.scoring import score_dev_sweep, score_sweep, score_trials
from signl.metrics import equal_error_rate
from signl.models.heads import score
from signl.models.saving import load_classifier
from signl.training.clips import FrameClips
from signl.training.finetune import FinetuningJob
from signl.training.job import train
from signl.training.model_files import ModelFiles

IS_BONAFIDE = np.arange(18) % 3 == 0


def train_classifier(toy, folder, seed, epochs):
    """Train a classifier of the toy task into a folder."""
    files = ModelFiles(folder / "model.safetensors", folder / "config.json", folder / "history")
    options = {
        "crop_s": 0.17,
        "model": {"kind": "signl", "nodes": 4, "channels": 8, "neighbours": 2, "layers": 2},
        "finetuning": {
            "epochs": epochs,
            "batch_size": 8,
            "learning_rate": 1e-2,
            "head_widths": [8, 6],
        },
    }
    job = FinetuningJob(
        train=toy.train,
        dev=toy.dev,
        labels=toy.labels,
        shards=toy.features,
        output=files,
        encoder=None,
        corpus="toy",
        percent=100.0,
        seed=seed,
        options=options,
    )
    train(job)
    return files


@pytest.fixture(scope="module")
def classifier(toy, tmp_path_factory):
    """A classifier that has learnt the toy task."""
    return train_classifier(toy, tmp_path_factory.mktemp("classifier"), seed=1, epochs=10)


@pytest.fixture
def score_toy(toy, classifier, tmp_path):
    """Return a function that scores the eval trials and gives their table."""

    def scored(corpus=toy, n_workers=0):
        output = tmp_path / "scores.parquet"
        score_trials(
            classifier.model,
            classifier.config,
            corpus.eval,
            corpus.features,
            output,
            options={},
            resources=Resources(n_workers=n_workers),
        )
        return read_scores(output)

    return scored


def test_scores_are_those_of_a_direct_pass_over_first_halves(score_toy, classifier, toy):
    table = score_toy()
    module = load_classifier(classifier.model, classifier.config).module
    frames = [toy.frames[f"eval-{place}"].float() for place in range(18)]
    pictures = torch.stack([of_one[torch.arange(8) % len(of_one)].T for of_one in frames])
    with torch.no_grad():
        expected = score(module(pictures[:, None]))
    assert table["utterance_id"].to_pylist() == [f"eval-{place}" for place in range(18)]
    np.testing.assert_allclose(table["score"].to_numpy(), expected, rtol=1e-5, atol=1e-6)


def test_higher_is_bona_fide(score_toy):
    scores = score_toy()["score"].to_numpy()
    assert scores[IS_BONAFIDE].mean() > scores[~IS_BONAFIDE].mean() + 1
    assert equal_error_rate(scores[IS_BONAFIDE], scores[~IS_BONAFIDE]).rate < 0.1


@pytest.mark.parametrize("batch_size", [1, 7])
def test_scores_do_not_depend_on_the_batches(score_toy, monkeypatch, batch_size):
    expected = score_toy()["score"].to_numpy()
    monkeypatch.setattr(FrameClips, "batch_size", batch_size)
    np.testing.assert_allclose(score_toy()["score"].to_numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_loading_processes_change_nothing(score_toy):
    assert score_toy(n_workers=1).equals(score_toy())


def test_features_of_another_frontend_are_refused(score_toy, make_toy_corpus, tmp_path):
    corpus = make_toy_corpus(tmp_path / "other", options={"kind": "lfcc"})
    message = r"was trained on features of {}, those of .* are of {'kind': 'lfcc'}"
    with pytest.raises(ArtefactError, match=message):
        score_toy(corpus)


def test_features_are_perturbed_as_the_trials_are_to_be(
    score_toy, make_toy_corpus, classifier, tmp_path
):
    noise = {"kind": "noise", "snr_db": [10.0, 10.0]}
    noisy = make_toy_corpus(tmp_path / "noisy", options={"perturbation": noise})
    files, output = classifier, tmp_path / "scores.parquet"
    given = (files.model, files.config, noisy.eval, noisy.features, output)
    score_trials(*given, options={"perturbation": noise})
    assert len(read_scores(output)) == 18
    with pytest.raises(ArtefactError, match=r"were perturbed by \{'kind': 'noise'.* by None; give"):
        score_trials(*given, options={})


def test_audio_shards_are_refused_where_the_network_reads_features(classifier, toy, tmp_path):
    with pytest.raises(ConfigError, match=r"0000\.parquet .* trainable_frontend: false"):
        score_trials(
            classifier.model,
            classifier.config,
            toy.eval,
            [Path("audio/toy/0000.parquet")],
            tmp_path / "scores",
            options={},
        )


@pytest.fixture
def score_dev(toy, classifier, tmp_path):
    """Return a function that scores the labelled dev trials and gives their table."""

    def scored(corpus=toy, labels=toy.labels):
        output = tmp_path / "dev_scores.parquet"
        files = (classifier.model, classifier.config, corpus.dev, corpus.features, output)
        score_trials(*files, labels=labels, options={})
        return read_scores(output)

    return scored


def test_labelled_dev_trials_alone_are_scored(score_dev, toy, write_labels, tmp_path):
    every = score_dev()
    assert every["utterance_id"].to_pylist() == [f"dev-{place}" for place in range(18)]
    table = pq.read_table(toy.labels)
    in_subset = [
        name in {"dev-3", "dev-7", "train-1"} for name in table["utterance_id"].to_pylist()
    ]
    few = write_labels(tmp_path / "labels.parquet", table.filter(in_subset).to_pylist())
    scored = score_dev(labels=few)
    assert scored["utterance_id"].to_pylist() == ["dev-3", "dev-7"]
    np.testing.assert_allclose(
        scored["score"].to_numpy(), every["score"].to_numpy()[[3, 7]], rtol=1e-5, atol=1e-6
    )


def test_the_dev_eer_of_the_training_is_that_of_the_dev_scores(score_dev, classifier):
    scores = score_dev()["score"].to_numpy()
    recorded = json.loads(Path(classifier.config).read_text())["card"]["dev"]["dev_eer"]
    found = equal_error_rate(scores[IS_BONAFIDE], scores[~IS_BONAFIDE]).rate
    assert found == pytest.approx(recorded)


def test_scoring_starts_without_what_only_training_needs():
    code = (
        "import sys, signl.evaluation.scoring; "
        "sys.exit(bool({'lightning_fabric', 'transformers'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_classifiers_of_a_sweep_have_the_scores_that_each_has_alone(
    score_toy, score_dev, toy, classifier, tmp_path
):
    two = [classifier, train_classifier(toy, tmp_path, seed=2, epochs=1)]
    models, configs = ([str(files[place]) for files in two] for place in (0, 1))
    outputs = [tmp_path / f"{name}.parquet" for name in ("one", "two")]
    score_sweep(models, configs, toy.eval, toy.features, outputs, options={})
    first, second = (read_scores(path)["score"].to_numpy() for path in outputs)
    np.testing.assert_array_equal(first, score_toy()["score"].to_numpy())
    assert not np.array_equal(first, second)
    points = [tmp_path / f"{name}.json" for name in ("one", "two")]
    common = {"trials": toy.dev, "shards": toy.features, "options": {}}
    score_dev_sweep(models, configs, [toy.labels] * 2, outputs, points, **common)
    first, second = (read_scores(path)["score"].to_numpy() for path in outputs)
    np.testing.assert_array_equal(first, score_dev()["score"].to_numpy())
    assert not np.array_equal(first, second)
    assert points[0].read_bytes() != points[1].read_bytes()

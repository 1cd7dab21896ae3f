"""Rule draw_embeddings: the embeddings behind the scores, and which trials are shown."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from signl.evaluation import embedding_drawing
from signl.evaluation.embedding_drawing import draw_embeddings, some_of
from signl.evaluation.scores import read_scores
from signl.evaluation.scoring import score_trials
from signl.models.saving import load_classifier
from signl.training.finetune import FinetuningJob
from signl.training.job import train
from signl.training.model_files import ModelFiles


@pytest.fixture
def classifier(toy, tmp_path):
    """A classifier of the toy task."""
    folder = tmp_path / "classifier"
    files = ModelFiles(folder / "model.safetensors", folder / "config.json", folder / "history")
    options = {
        "crop_s": 0.17,
        "model": {"kind": "signl", "nodes": 4, "channels": 8, "neighbours": 2, "layers": 2},
        "finetuning": {"epochs": 1, "batch_size": 8, "head_widths": [8, 6]},
    }
    inputs = {"train": toy.train, "dev": toy.dev, "labels": toy.labels, "shards": toy.features}
    cell = {"corpus": "toy", "percent": 100.0, "seed": 1}
    train(FinetuningJob(**inputs, output=files, encoder=None, options=options, **cell))
    return files


def test_what_is_drawn_are_the_embeddings_that_the_scores_come_from(
    toy, classifier, tmp_path, monkeypatch
):
    given = []
    own = embedding_drawing.embedding_points
    # What is handed to the map, on the way to it.
    monkeypatch.setattr(
        embedding_drawing,
        "embedding_points",
        lambda embeddings, *others: given.append(embeddings) or own(embeddings, *others),
    )
    model = (classifier.model, classifier.config, toy.eval, toy.features)
    outputs = [tmp_path / f"map.{form}" for form in ("svg", "pdf")]
    draw_embeddings(*model, outputs, title="a cell", options={"corpus": "toy"})
    assert all(path.stat().st_size > 1000 for path in outputs)
    score_trials(*model, tmp_path / "scores.parquet", options={"corpus": "toy"})
    head = load_classifier(classifier.model, classifier.config).module.eval().head
    with torch.inference_mode():
        scores = head.score(head(torch.tensor(given[0], dtype=torch.float32)))
    expected = read_scores(tmp_path / "scores.parquet")["score"].to_numpy()
    np.testing.assert_allclose(scores.double(), expected, atol=1e-5)


def test_of_many_trials_the_same_ones_are_shown_each_time(monkeypatch):
    names = [f"E_{n}" for n in range(50)]
    monkeypatch.setattr(embedding_drawing, "MOST_TRIALS", 20)
    some = some_of(pa.table({"utterance_id": names}))["utterance_id"].to_pylist()
    assert len(some) == 20
    assert some == sorted(some, key=names.index)
    turned = some_of(pa.table({"utterance_id": names[::-1]}))["utterance_id"].to_pylist()
    assert turned == some[::-1]
    assert len(some_of(pa.table({"utterance_id": names[:20]}))) == 20

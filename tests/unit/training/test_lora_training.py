"""Both trainings with a front-end that is trained by adapters, on a small wav2vec2."""

import json
import logging
import math
import shutil
import sys

import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file
from transformers import AutoModel

from signl.errors import ArtefactError, ConfigError
from signl.evaluation.scores import read_scores
from signl.evaluation.scoring import score_trials
from signl.features.speech_model.adapters import BaseModelError, weights_digest
from signl.models import saving
from signl.models.saving import from_pretrained
from signl.training import launching
from signl.training.finetune import Finetuning, FinetuningJob
from signl.training.job import train
from signl.training.model_files import EncoderFiles, ModelFiles
from signl.training.pretrain import Pretraining, PretrainingJob

CLIP_S, CROP_S = 0.6, 0.3
TRAINING = {"epochs": 2, "batch_size": 8, "learning_rate": 1e-3, "head_widths": [8, 6]}
#: Weights of adapters on the four projections of three layers of width 16, of rank 2.
N_ADAPTERS = 3 * 4 * 2 * 2 * 16
PROJECTIONS = {
    f"encoder.layers.{layer}.attention.{part}.weight"
    for layer in range(3)
    for part in ("q_proj", "k_proj", "v_proj", "out_proj")
}


@pytest.fixture
def options(speech_model_folder):
    frontend = {"kind": "wav2vec2", "clip_s": CLIP_S, "model": str(speech_model_folder)}
    model = {"kind": "signl", "nodes": 4, "channels": 8, "neighbours": 2, "layers": 2}
    lora = {"rank": 2, "dropout": 0.1, "learning_rate": 1e-2}
    return {"crop_s": CROP_S, "model": model, "frontend": frontend, "lora": lora}


@pytest.fixture
def common(audio_toy, tmp_path):
    """Return a function that gives what every training is given, into a folder of the test."""

    def given(name):
        names = ("model.safetensors", "config.json", "history.jsonl")
        return {
            **{key: audio_toy[key] for key in ("train", "dev", "shards")},
            "output": ModelFiles(*(tmp_path / name / each for each in names)),
            "corpus": "cfad",
            "seed": 1,
        }

    return given


@pytest.fixture
def pretrain(common, options):
    """Return a function that pre-trains; ``lora`` changes the adapters."""

    def run(name="encoder", lora=None, **changes):
        recipe = {**options, "lora": options["lora"] | (lora or {})}
        job = PretrainingJob(**common(name), options={**recipe, "pretraining": TRAINING | changes})
        train(job)
        return job.output

    return run


@pytest.fixture
def finetune(common, options, audio_toy):
    """Return a function that fine-tunes; ``lora`` changes the adapters, or is false for none."""

    def run(name="classifier", lora=None, encoder=None, **changes):
        adapters = None if lora is False else options["lora"] | (lora or {})
        job = FinetuningJob(
            **common(name),
            labels=audio_toy["labels"],
            encoder=encoder and EncoderFiles(encoder.model, encoder.config),
            percent=100.0,
            options={**options, "lora": adapters, "finetuning": TRAINING | changes},
        )
        train(job)
        return job.output

    return run


def frontend_of(files):
    """Return the tensors of a front-end as its file has them."""
    state = load_file(files.model)
    return {name.split("frontend.model.")[1]: t for name, t in state.items() if "frontend" in name}


def moved(one, other):
    assert one.keys() == other.keys()
    return {name for name in one if not torch.equal(one[name], other[name])}


def scores_of(files, audio_toy, output):
    score_trials(
        files.model, files.config, audio_toy["eval"], audio_toy["shards"], output, options={}
    )
    return read_scores(output)["score"].to_pylist()


def test_merged_the_front_end_is_a_plain_one_whose_projections_moved(
    pretrain, finetune, speech_model_folder, monkeypatch
):
    published = AutoModel.from_pretrained(speech_model_folder).state_dict()
    encoder = pretrain()
    classifier = finetune(encoder=encoder)
    assert moved(published, frontend_of(encoder)) == PROJECTIONS
    assert moved(frontend_of(encoder), frontend_of(classifier)) == PROJECTIONS
    delta = frontend_of(encoder)[min(PROJECTIONS)] - published[min(PROJECTIONS)]
    assert torch.linalg.matrix_rank(delta, rtol=1e-3) == 2
    # What is saved needs nothing of peft.
    monkeypatch.setitem(sys.modules, "peft", None)
    module = from_pretrained(classifier.model.parent).module
    assert type(module.encoder.frontend).__name__ == "TrainableSpeechModel"


def test_kept_adapters_are_stored_without_the_front_end(pretrain, finetune, speech_model_folder):
    encoder = pretrain(lora={"merge": False})
    classifier = finetune(encoder=encoder, lora={"merge": False})
    for files in (encoder, classifier):
        stored = frontend_of(files)
        adapters = {name for name in stored if ".lora_" in name}
        assert stored.keys() == adapters | {"masked_spec_embed"}
        assert sum(stored[name].numel() for name in adapters) == N_ADAPTERS
    # The adapters of pre-training are those that fine-tuning moves on.
    assert moved(frontend_of(encoder), frontend_of(classifier)) == adapters
    described = json.loads(classifier.config.read_text())["frontend"]
    published = AutoModel.from_pretrained(speech_model_folder).state_dict()
    digest = weights_digest(published)
    assert described["base"] == {
        "model": str(speech_model_folder),
        "revision": None,
        "digest": digest,
    }
    assert described["lora"]["rank"] == 2
    module = from_pretrained(classifier.model.parent).module
    base = module.encoder.frontend.base_weights()
    assert all(torch.equal(module.encoder.frontend.state_dict()[n], t) for n, t in base.items())
    assert f"weights of SHA-256 {digest}) is needed to load it" in classifier.card.read_text()


def test_merged_or_kept_the_scores_are_the_same(finetune, audio_toy, tmp_path):
    merged, kept = finetune("merged"), finetune("kept", lora={"merge": False})
    assert merged.history.read_bytes() == kept.history.read_bytes()
    assert kept.model.stat().st_size < merged.model.stat().st_size
    scores = [
        scores_of(each, audio_toy, tmp_path / each.model.parent.name / "scores.parquet")
        for each in (merged, kept)
    ]
    torch.testing.assert_close(*map(torch.tensor, scores), rtol=1e-5, atol=1e-6)


def test_a_kept_model_with_another_base_is_refused(finetune, options, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(options["frontend"]["model"], folder)
    options["frontend"]["model"] = str(folder)
    files = finetune(lora={"merge": False}, epochs=1)
    other = AutoModel.from_pretrained(folder)
    with torch.no_grad():
        other.encoder.layers[0].attention.q_proj.weight.mul_(1.5)
    other.save_pretrained(folder)
    with pytest.raises(BaseModelError, match="found are weights of digest"):
        from_pretrained(files.model.parent)


def test_a_kept_model_with_weights_of_its_base_is_refused(finetune, monkeypatch):
    # A file that somebody filled up: sealed, and with tensors that would be replaced unseen.
    monkeypatch.setattr(saving, "weights_to_save", lambda module: module.state_dict())
    files = finetune(lora={"merge": False}, epochs=1)
    with pytest.raises(ArtefactError, match=r"frontend.* is unknown, for adapters are saved"):
        from_pretrained(files.model.parent)


@pytest.mark.parametrize("merge", [True, False])
def test_killed_trainings_resume_to_the_same_bytes(
    pretrain, finetune, killed_before, caplog, merge
):
    lora = {"merge": merge}
    for run, stage in ((pretrain, Pretraining), (finetune, Finetuning)):
        whole = run(f"whole-{stage.__name__}", lora)
        name = f"killed-{stage.__name__}"
        killed_before(stage, 1, lambda: run(name, lora))  # noqa: B023
        caplog.clear()
        caplog.set_level("INFO")
        resumed = run(name, lora)
        assert "resumed after epoch 0" in caplog.text
        assert resumed.model.read_bytes() == whole.model.read_bytes()
        assert resumed.history.read_bytes() == whole.history.read_bytes()


def test_what_is_trained_is_counted_in_log_and_card(finetune, caplog):
    caplog.set_level(logging.INFO)
    files = finetune(epochs=1)
    counted = json.loads(files.config.read_text())["card"]["n_weights"]
    state = load_file(files.model)
    n_network = sum(
        t.numel()
        for n, t in state.items()
        if "frontend" not in n and "running" not in n and "num_batches" not in n
    )
    assert counted["trained"] == N_ADAPTERS + n_network
    shown = f"{counted['trained']:,} of {counted['all']:,}"
    assert f"training {shown} weights" in caplog.text
    card = files.card.read_text()
    assert f"weights that were trained: {shown}" in card
    assert "trained with it by LoRA of rank 2; the adapters were added to its weights" in card


def test_adapters_have_a_learning_rate_of_their_own(finetune, speech_model_folder):
    # Adam's steps are as long as its rate: slow adapters hardly move from B = 0.
    published = AutoModel.from_pretrained(speech_model_folder).state_dict()
    name = min(PROJECTIONS)
    fast, slow = (
        (frontend_of(finetune(str(rate), {"learning_rate": rate}))[name] - published[name]).norm()
        for rate in (1e-2, 1e-5)
    )
    assert 0 < slow < fast / 100


def test_a_frozen_encoder_keeps_its_front_end(pretrain, finetune):
    encoder = pretrain(epochs=1)
    frozen = finetune(encoder=encoder, freeze_encoder=True, epochs=1)
    assert not moved(frontend_of(encoder), frontend_of(frozen))
    counted = json.loads(frozen.config.read_text())["card"]["n_weights"]
    assert counted["trained"] < N_ADAPTERS


def test_gradient_checkpointing_and_momentum_copies_take_adapters(pretrain, speech_model_folder):
    published = AutoModel.from_pretrained(speech_model_folder).state_dict()
    encoder = pretrain(objective={"kind": "byol"}, gradient_checkpointing=True, epochs=1)
    assert moved(published, frontend_of(encoder)) == PROJECTIONS


@pytest.mark.parametrize("merge", [True, False])
def test_fine_tuning_runs_in_half_precision(finetune, monkeypatch, merge):
    def made(precision, resources, loggers):
        return Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")

    monkeypatch.setattr(launching, "make_fabric", made)
    files = finetune(lora={"merge": merge}, gradient_checkpointing=True, epochs=1)
    (record,) = map(json.loads, files.history.read_text().splitlines())
    assert math.isfinite(record["train_loss"])
    state = from_pretrained(files.model.parent).module.state_dict()
    assert {t.dtype for t in state.values()} == {torch.float32, torch.int64}


def test_a_logistic_regression_trains_no_adapters(common, options, audio_toy, pretrain):
    encoder = pretrain(epochs=1)
    job = FinetuningJob(
        **common("logistic"),
        labels=audio_toy["labels"],
        encoder=EncoderFiles(encoder.model, encoder.config),
        percent=100.0,
        options={**options, "finetuning": {"kind": "logistic"}},
    )
    train(job)
    assert not moved(frontend_of(encoder), frontend_of(job.output))
    counted = json.loads(job.output.config.read_text())["card"]["n_weights"]
    head = load_file(job.output.model)
    assert counted["trained"] == sum(t.numel() for n, t in head.items() if n.startswith("head."))


def test_an_encoder_that_keeps_adapters_wants_a_recipe_that_does(pretrain, finetune):
    kept, merged = pretrain("kept", {"merge": False}, epochs=1), pretrain("merged", epochs=1)
    for encoder, lora in (
        (kept, {}),
        (kept, False),
        (merged, {"merge": False}),
        (kept, {"merge": False, "rank": 3}),
    ):
        with pytest.raises(ConfigError, match="have the adapters that the encoder keeps"):
            finetune(lora=lora, encoder=encoder)
    # A merged front-end is as any other: it can be trained whole.
    whole = finetune(lora=False, encoder=merged, epochs=1)
    assert len(moved(frontend_of(merged), frontend_of(whole))) > len(PROJECTIONS)

"""Both trainings from audio, with the front-end trained too, on a small wav2vec2."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from signl.audio import load_clip
from signl.errors import ConfigError
from signl.evaluation.scores import read_scores
from signl.evaluation.scoring import score_trials
from signl.models.heads import score
from signl.models.saving import from_pretrained
from signl.objectives.objectives import OBJECTIVES
from signl.training import launching
from signl.training.clips import AudioClips, Place
from signl.training.finetune import FinetuningJob
from signl.training.job import train
from signl.training.model_files import EncoderFiles, ModelFiles
from signl.training.pretrain import Pretraining, PretrainingJob

CLIP_S, CROP_S = 0.6, 0.3
MODEL = {"kind": "signl", "nodes": 4, "channels": 8, "neighbours": 2, "layers": 2}
TRAINING = {"epochs": 2, "batch_size": 8, "learning_rate": 1e-3, "head_widths": [8, 6]}


@pytest.fixture(scope="session")
def options(speech_model_folder):
    """Options of both stages, as the workflow gives them for an end-to-end recipe."""
    frontend = {
        "kind": "wav2vec2",
        "clip_s": CLIP_S,
        "model": str(speech_model_folder),
        "layer": -1,
    }
    return {"crop_s": CROP_S, "model": MODEL, "frontend": frontend}


def files_in(folder):
    return ModelFiles(*(folder / n for n in ("model.safetensors", "config.json", "history.jsonl")))


@pytest.fixture
def pretrain(audio_toy, options, tmp_path):
    """Return a function that pre-trains end to end into a folder of the test."""

    def run(name="encoder", **changes):
        output = files_in(tmp_path / name)
        job = PretrainingJob(
            train=audio_toy["train"],
            dev=audio_toy["dev"],
            shards=audio_toy["shards"],
            output=output,
            corpus="cfad",
            seed=1,
            options={**options, "pretraining": TRAINING | changes},
        )
        train(job)
        return output

    return run


@pytest.fixture
def finetune(audio_toy, options, tmp_path):
    """Return a function that fine-tunes end to end into a folder of the test."""

    def run(name="classifier", *, encoder=None, **changes):
        output = files_in(tmp_path / name)
        job = FinetuningJob(
            train=audio_toy["train"],
            dev=audio_toy["dev"],
            labels=audio_toy["labels"],
            shards=audio_toy["shards"],
            output=output,
            encoder=encoder and EncoderFiles(encoder.model, encoder.config),
            corpus="cfad",
            percent=100.0,
            seed=1,
            options={**options, "finetuning": TRAINING | changes},
        )
        train(job)
        return output

    return run


def frontend_weights(files):
    state = from_pretrained(files.model.parent).module.state_dict()
    return {name.split("frontend.model.")[1]: t for name, t in state.items() if "frontend" in name}


def histories(files):
    return [json.loads(line) for line in files.history.read_text().splitlines()]


def test_a_clip_is_repeated_and_normalised_before_it_is_cropped(audio_toy):
    clips = AudioClips(audio_toy["shards"], clip_s=CLIP_S)
    name = "train-3"
    whole = load_clip(audio_toy["encoded"][name], clip_s=CLIP_S)
    assert len(whole) == clips.length == 9600
    assert torch.equal(whole[6400:], whole[:3200])
    torch.testing.assert_close(whole.mean(), torch.tensor(0.0), atol=1e-6, rtol=0)
    torch.testing.assert_close(whole.var(correction=0), torch.tensor(1.0))
    first, second = clips.crops(Place("toy", 0, audio_toy["places"][name]), [0, 4800], 4800)
    assert torch.equal(torch.cat([first, second]), whole)
    assert clips.crop_length(CROP_S) == 4800


@pytest.mark.parametrize("crop_s", [0.0, 0.7])
def test_a_crop_longer_than_the_clip_is_refused(audio_toy, crop_s):
    with pytest.raises(ValueError, match=r"samples, allowed are 1\.\.9600"):
        AudioClips(audio_toy["shards"], clip_s=CLIP_S).crop_length(crop_s)


def test_both_stages_move_the_front_end(pretrain, finetune, speech_model_folder):
    published = AutoModel.from_pretrained(speech_model_folder).state_dict()
    encoder = pretrain()
    classifier = finetune(encoder=encoder)
    stages = [published, frontend_weights(encoder), frontend_weights(classifier)]
    assert stages[0].keys() == stages[1].keys() == stages[2].keys()
    name = "encoder.layers.0.attention.q_proj.weight"
    assert not torch.equal(stages[0][name], stages[1][name])
    assert not torch.equal(stages[1][name], stages[2][name])
    assert len(histories(encoder)) == len(histories(classifier)) == 2
    assert "wav2vec2, trained with it" in encoder.card.read_text()


def test_a_front_end_in_training_hears_augmented_waveforms(finetune, pretrain):
    noise = [{"kind": "noise", "snr_db": 0}]
    for name, run in (("encoder", pretrain), ("classifier", finetune)):
        plain, noisy = (
            histories(run(f"{name}-{len(entries)}", epochs=1, waveform_augmentation=entries))
            for entries in ([], noise)
        )
        assert abs(plain[0]["train_loss"] - noisy[0]["train_loss"]) > 1e-6


def test_a_frozen_encoder_keeps_its_front_end(pretrain, finetune):
    encoder = pretrain(epochs=1)
    frozen = frontend_weights(finetune(encoder=encoder, freeze_encoder=True))
    assert all(torch.equal(frozen[name], t) for name, t in frontend_weights(encoder).items())


def test_scores_are_those_of_the_first_crop_of_each_clip(finetune, audio_toy, tmp_path):
    files, output = finetune(), tmp_path / "scores.parquet"
    score_trials(
        files.model, files.config, audio_toy["eval"], audio_toy["shards"], output, options={}
    )
    classifier = from_pretrained(files.model.parent).module
    names = [f"eval-{number}" for number in range(12)]
    clips = [load_clip(audio_toy["encoded"][name], clip_s=CLIP_S)[:4800] for name in names]
    with torch.no_grad():
        expected = score(classifier(torch.stack(clips)))
    table = read_scores(output)
    assert table["utterance_id"].to_pylist() == names
    np.testing.assert_allclose(table["score"].to_numpy(), expected, rtol=1e-5, atol=1e-6)


def test_features_are_refused_where_the_network_reads_audio(finetune, audio_toy, tmp_path):
    files, shards = finetune(), [Path("features/toy/0000.safetensors")]
    with pytest.raises(ConfigError, match=r"0000\.safetensors .* needs no frontend beside"):
        score_trials(
            files.model, files.config, audio_toy["eval"], shards, tmp_path / "scores", options={}
        )


def test_the_same_seed_gives_the_same_bytes(pretrain):
    first, second = pretrain("first"), pretrain("second")
    assert first.model.read_bytes() == second.model.read_bytes()
    assert first.history.read_bytes() == second.history.read_bytes()


@pytest.fixture
def in_half_precision(monkeypatch):
    """Let a CPU compute as a GPU does with bf16-mixed."""

    def made(precision, resources, loggers):
        return Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")

    monkeypatch.setattr(launching, "make_fabric", made)


# One that learns from copies reads cached features alone.
@pytest.mark.parametrize("objective", sorted({*OBJECTIVES.names} - {"resynthesis"}))
def test_both_stages_run_in_half_precision(pretrain, finetune, in_half_precision, objective):
    changes = {"epochs": 1, "gradient_checkpointing": True}
    small = {"queue": 9} if objective == "moco" else {}
    encoder = pretrain(objective={"kind": objective, **small}, **changes)
    records = histories(finetune(encoder=encoder, **changes))
    assert np.isfinite([records[0]["train_loss"], histories(encoder)[0]["train_loss"]]).all()
    state = from_pretrained(encoder.model.parent).module.state_dict()
    assert {t.dtype for t in state.values()} == {torch.float32, torch.int64}


def test_checkpointing_changes_no_gradient(pretrain):
    plain, thrifty = pretrain("plain"), pretrain("thrifty", gradient_checkpointing=True)
    losses = [[record["train_loss"] for record in histories(run)] for run in (plain, thrifty)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


def test_a_killed_run_resumes_in_its_next_epoch(pretrain, killed_before, caplog):
    whole = pretrain("whole")
    killed_before(Pretraining, 1, lambda: pretrain("killed"))
    caplog.set_level("INFO")
    resumed = pretrain("killed")
    assert "resumed after epoch 0" in caplog.text
    assert resumed.model.read_bytes() == whole.model.read_bytes()
    assert resumed.history.read_bytes() == whole.history.read_bytes()


def test_a_run_on_another_front_end_is_not_resumed(
    pretrain, killed_before, speech_model_folder, options, monkeypatch, tmp_path, caplog
):
    folder = tmp_path / "model"
    shutil.copytree(speech_model_folder, folder)
    monkeypatch.setitem(options, "frontend", options["frontend"] | {"model": str(folder)})
    killed_before(Pretraining, 1, lambda: pretrain("killed"))
    weights = load_file(folder / "model.safetensors")
    save_file({n: 1.01 * t for n, t in weights.items()}, folder / "model.safetensors", {})
    caplog.set_level("INFO")
    pretrain("killed")
    assert "is of another run, which is not resumed" in caplog.text


def test_an_encoder_of_another_crop_is_refused(pretrain, finetune, options, monkeypatch):
    encoder = pretrain(epochs=1)
    monkeypatch.setitem(options, "crop_s", 0.25)
    with pytest.raises(ConfigError, match=r"has .*'samples': 4800.*the recipe has .*4000"):
        finetune(encoder=encoder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "logmel", "clip_s": CLIP_S}, "a front-end of kind logmel cannot be trained"),
        (
            {"repeat": "frames"},
            "to be trained, repeat is 'frames'.* allowed is repeat: waveform",
        ),
    ],
    ids=["no weights", "repeated frames"],
)
def test_a_front_end_that_cannot_be_trained_is_refused(
    pretrain, options, monkeypatch, change, message
):
    frontend = change if "kind" in change else options["frontend"] | change
    monkeypatch.setitem(options, "frontend", frontend)
    with pytest.raises(ConfigError, match=message):
        pretrain()

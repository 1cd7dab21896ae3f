"""A network that reads waveforms itself: trained, saved, scored, without a front-end."""

import json

import numpy as np
import pytest
import torch

from signl.audio import load_clip, load_waveform, repeat_to
from signl.augmentation.chain import perturbation_of
from signl.errors import ConfigError
from signl.evaluation.scores import read_scores
from signl.evaluation.scoring import score_trials
from signl.models.saving import from_pretrained
from signl.training.clips import AudioClips, Place
from signl.training.finetune import FinetuningJob
from signl.training.job import train
from signl.training.model_files import EncoderFiles, ModelFiles
from signl.training.pretrain import PretrainingJob

CLIP_S, CROP_S = 0.6, 0.3
MODEL = {
    "kind": "aasist",
    "clip_s": CLIP_S,
    "filters": 9,
    "channels": [4, 6],
    "gat_dims": [8, 6],
    "dropout": 0.1,
}
TRAINING = {"epochs": 2, "batch_size": 9, "learning_rate": 1e-2, "patience": 9}


def files_in(folder):
    return ModelFiles(*(folder / n for n in ("model.safetensors", "config.json", "history.jsonl")))


@pytest.fixture
def run(audio_toy, tmp_path):
    """Return a function that trains into a folder of the test: pre-trains, or fine-tunes."""

    def made(job, name, *, model=MODEL, options=TRAINING, **others):
        output = files_in(tmp_path / name)
        stage = "pretraining" if job is PretrainingJob else "finetuning"
        values = {"crop_s": CROP_S, "model": model, stage: options}
        parts = {key: audio_toy[key] for key in ("train", "dev", "shards")}
        train(job(**parts, output=output, corpus="cfad", seed=1, options=values, **others))
        return output

    return made


@pytest.fixture
def finetune(run, audio_toy):
    def made(name="classifier", *, encoder=None, model=MODEL, **changes):
        return run(
            FinetuningJob,
            name,
            model=model,
            options={**TRAINING, "head_widths": [], **changes},
            labels=audio_toy["labels"],
            encoder=encoder and EncoderFiles(encoder.model, encoder.config),
            percent=100.0,
        )

    return made


def test_a_clip_is_taken_as_decoded(audio_toy):
    name = "train-3"
    encoded, place = audio_toy["encoded"][name], Place("toy", 0, audio_toy["places"][name])
    waveform = load_waveform(encoded, max_duration_s=CLIP_S)
    clips = AudioClips(audio_toy["shards"], clip_s=CLIP_S, normalises=False)
    (whole,) = clips.crops(place, [0], 9600)
    assert torch.equal(whole, repeat_to(waveform, 9600))
    assert clips.width == 1
    assert not torch.equal(whole, load_clip(encoded, clip_s=CLIP_S))


def test_it_learns_and_is_scored_on_the_beginnings_of_clips(finetune, audio_toy, tmp_path):
    files, output = finetune(epochs=6), tmp_path / "scores.parquet"
    history = [json.loads(line) for line in files.history.read_text().splitlines()]
    assert history[-1]["train_loss"] < 0.8 * history[0]["train_loss"]
    shards = audio_toy["shards"]
    score_trials(files.model, files.config, audio_toy["eval"], shards, output, options={})
    classifier = from_pretrained(files.model.parent).module
    names = [f"eval-{number}" for number in range(12)]
    clips = [load_clip(audio_toy["encoded"][n], clip_s=CLIP_S, normalises=False) for n in names]
    with torch.no_grad():
        expected = classifier(torch.stack(clips)[:, :4800])[:, 1]
    table = read_scores(output)
    assert table["utterance_id"].to_pylist() == names
    np.testing.assert_allclose(table["score"].to_numpy(), expected, rtol=1e-4, atol=1e-6)


def test_a_perturbed_corpus_is_perturbed_as_it_is_scored(finetune, audio_toy, tmp_path):
    files, output = finetune(epochs=1), tmp_path / "scores.parquet"
    noise = {"kind": "noise", "snr_db": [0.0, 0.0]}
    score_trials(
        files.model,
        files.config,
        audio_toy["eval"],
        audio_toy["shards"],
        output,
        options={"perturbation": noise},
    )
    perturb, clips = perturbation_of(noise), []
    for name in (f"eval-{number}" for number in range(12)):
        waveform = load_waveform(audio_toy["encoded"][name], max_duration_s=CLIP_S)
        clips.append(repeat_to(perturb(waveform, name), 4800))
    with torch.no_grad():
        expected = from_pretrained(files.model.parent).module(torch.stack(clips))[:, 1]
    scores = read_scores(output)["score"].to_numpy()
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)


def test_it_may_be_pretrained_and_its_encoder_is_one_of_the_recipe(run, finetune):
    options = {**TRAINING, "epochs": 1, "head_widths": [8, 6]}
    encoder = run(PretrainingJob, "encoder", options=options)
    finetune(encoder=encoder, epochs=1)
    with pytest.raises(ConfigError, match=r"has .*'samples': 4800.*the recipe has"):
        finetune("other", encoder=encoder, epochs=1, model={**MODEL, "filters": 15})


def test_the_same_seed_gives_the_same_bytes(finetune):
    model = {**MODEL, "masked_filters": 5}
    first, second = finetune("first", model=model), finetune("second", model=model)
    assert first.model.read_bytes() == second.model.read_bytes()
    assert first.history.read_bytes() == second.history.read_bytes()


def test_crops_too_short_for_the_network_are_refused(finetune):
    with pytest.raises(ConfigError, match="does not fit what it reads: a crop of 4800 samples"):
        finetune(model={**MODEL, "channels": [4] * 8})

"""Augmentation of waveforms in training: which draws, of what, and of what never."""

import json

import numpy as np
import pytest
import soundfile
import torch

from signl.audio import load_waveform, repeat_to
from signl.augmentation.augmentations import AUGMENTATIONS
from signl.augmentation.chain import Chain
from signl.devices import Resources
from signl.errors import ConfigError
from signl.features.usable import read_usable
from signl.training.clips import AudioClips, FrameClips, Place
from signl.training.crops import (
    FixedCrops,
    Loading,
    RandomCrops,
    Utterances,
    even_batches,
    load_batches,
)
from signl.training.finetune import Finetuning, FinetuningJob
from signl.training.job import train
from signl.training.model_files import ModelFiles
from signl.training.passes import Trainer
from signl.training.pretrain import PretrainingJob
from signl.training.sharing import Share

CLIP_S, CROP_S = 0.6, 0.1
MODEL = {"kind": "aasist", "clip_s": CLIP_S, "filters": 6, "channels": [3], "gat_dims": [4, 3]}
ENTRIES = [
    {"kind": "speed", "factors": [0.8, 1.25]},
    {"kind": "rawboost", "algorithm": 4},
    {"kind": "codec", "codecs": ["mulaw"], "probability": 0.5},
    {"kind": "noise", "snr_db": 10},
]


def chain(*entries):
    return Chain([AUGMENTATIONS.build(entry) for entry in entries])


@pytest.fixture
def clips(audio_toy):
    return AudioClips(audio_toy["shards"], clip_s=CLIP_S, normalises=False)


@pytest.fixture
def views(audio_toy, clips):
    """Return a function that loads the views of all utterances of ``train``."""
    utterances = Utterances.of(read_usable(audio_toy["train"]))

    def load(augmentation, *, epoch=0, seed=3, n_workers=0, share=None, batch_size=6):
        crops = RandomCrops(
            length=4800, n_views=2, seed=seed, epoch=epoch, augmentation=augmentation
        )
        loading = Loading(
            clips=clips,
            device=torch.device("cpu"),
            batch_size=batch_size,
            n_workers=n_workers,
            share=share or Share(),
        )
        batches = even_batches(np.arange(18), batch_size)
        loaded = list(load_batches(utterances, batches, crops, loading, name="test"))
        return [torch.stack(batch.views) for batch in loaded]

    return load


def test_a_view_is_a_crop_of_the_recording_changed_and_then_repeated(audio_toy, clips):
    fast = chain({"kind": "speed", "factors": [1.25]})
    crops = RandomCrops(length=9600, n_views=1, seed=3, epoch=0, augmentation=fast)
    for name, seconds in (("train-3", 0.4), ("train-4", 0.8)):
        place = Place("toy", 0, audio_toy["places"][name])
        (found,) = clips.crops(place, [0], 9600, crops.changes(name))
        # A clip of 0.6 s needs 0.75 s of what is played faster.
        waveform = load_waveform(audio_toy["encoded"][name], max_duration_s=min(seconds, 0.75))
        assert torch.equal(found, repeat_to(fast(waveform, 0), 9600))
    assert len(fast(waveform, 0)) == 9600


def test_clips_are_normalised_after_it(audio_toy):
    clips = AudioClips(audio_toy["shards"], clip_s=CLIP_S)
    crops = RandomCrops(length=9600, n_views=1, seed=3, epoch=0, augmentation=chain(*ENTRIES))
    (clip,) = clips.crops(Place("toy", 0, 0), [0], 9600, crops.changes("any"))
    torch.testing.assert_close(clip.mean(), torch.tensor(0.0), atol=1e-6, rtol=0)
    torch.testing.assert_close(clip.var(correction=0), torch.tensor(1.0), atol=1e-3, rtol=0)


def test_draws_differ_by_utterance_view_epoch_and_seed():
    def seeds(seed=1, epoch=0, names="abc"):
        crops = RandomCrops(length=1, n_views=2, seed=seed, epoch=epoch, augmentation=chain())
        return {change.seed for name in names for change in crops.changes(name)}

    assert len(seeds()) == 6
    assert seeds() == seeds()
    assert not seeds() & (seeds(seed=2) | seeds(epoch=1) | seeds(names="def"))


def test_draws_are_the_same_for_any_number_of_workers_and_processes(views):
    augmentation = chain(*ENTRIES)
    alone = views(augmentation)
    plain = views(None)
    assert not any(torch.equal(one, other) for one, other in zip(alone, plain, strict=True))
    for one, other in zip(alone, views(augmentation, n_workers=2), strict=True):
        assert torch.equal(one, other)
    shares = [views(augmentation, share=Share(rank, 2)) for rank in (0, 1)]
    for whole, *parts in zip(alone, *shares, strict=True):
        assert torch.equal(whole, torch.cat(parts, dim=1))
    of_other_batches = torch.cat(views(augmentation, batch_size=9), dim=1)
    assert torch.equal(of_other_batches, torch.cat(alone, dim=1))
    assert not torch.equal(views(augmentation, epoch=1)[0], alone[0])


def test_what_is_evaluated_is_never_augmented():
    assert FixedCrops(length=4800, n_views=2).changes("any") == []
    assert not hasattr(FixedCrops(length=4800), "augmentation")


def test_cached_frames_have_no_waveform_to_change(toy):
    changes = RandomCrops(length=8, n_views=1, seed=1, epoch=0, augmentation=chain()).changes("a")
    with pytest.raises(ValueError, match="cached frames have no waveform"):
        FrameClips(toy.features).crops(Place("toy", 0, 0), [0], 8, changes)


@pytest.fixture
def finetune(audio_toy, tmp_path):
    """Return a function that fine-tunes into a folder of the test."""

    def run(name="classifier", *, entries=ENTRIES, n_workers=0, job=FinetuningJob, **others):
        folder, fine = tmp_path / name, job is FinetuningJob
        names = ("model.safetensors", "config.json", "history.jsonl")
        output = ModelFiles(*(folder / each for each in names))
        options = {
            "epochs": 2,
            "batch_size": 9,
            "head_widths": [] if fine else [8, 6],
            "waveform_augmentation": entries,
        }
        stage = "finetuning" if fine else "pretraining"
        values = {"crop_s": CROP_S, "model": MODEL, stage: options, **others}
        parts = {key: audio_toy[key] for key in ("train", "dev", "shards")}
        if fine:
            parts |= {"labels": audio_toy["labels"], "encoder": None, "percent": 100.0}
        resources = Resources(n_workers=n_workers)
        train(
            job(**parts, output=output, corpus="cfad", seed=1, options=values, resources=resources)
        )
        return output

    return run


def same(one, other):
    return all(a.read_bytes() == b.read_bytes() for a, b in zip(one, other, strict=True))


def history(files):
    return [json.loads(line) for line in files.history.read_text().splitlines()]


def test_training_is_changed_by_it_and_the_first_look_at_dev_is_not(finetune, monkeypatch):
    heard = {}
    look = Trainer.validate

    def validate(trainer, step):
        def listen(batch):
            heard.setdefault(name, []).append(batch.views[0].clone())
            return step(batch)

        return look(trainer, listen)

    monkeypatch.setattr(Trainer, "validate", validate)
    files = {}
    for name, entries in (("plain", []), ("augmented", ENTRIES)):
        files[name] = finetune(name, entries=entries)
    losses = [history(each)[0]["train_loss"] for each in files.values()]
    assert abs(losses[0] - losses[1]) > 1e-6
    for plain, augmented in zip(*heard.values(), strict=True):
        assert torch.equal(plain, augmented)


def test_the_same_bytes_with_workers_and_after_a_kill(finetune, killed_before, caplog):
    whole = finetune("whole")
    assert same(whole, finetune("workers", n_workers=2))
    killed_before(Finetuning, 1, lambda: finetune("killed"))
    caplog.set_level("INFO")
    resumed = finetune("killed")
    assert "resumed after epoch 0" in caplog.text
    assert same(whole, resumed)


def test_pretraining_takes_it_too(finetune):
    changed, plain = (
        finetune(name, job=PretrainingJob, entries=entries)
        for name, entries in (("changed", ENTRIES), ("plain", []))
    )
    assert history(changed)[0]["train_loss"] != history(plain)[0]["train_loss"]
    said = json.loads(changed.config.read_text())["made_by"]["options"]["pretraining"]
    assert [each["kind"] for each in said["waveform_augmentation"]] == [
        each["kind"] for each in ENTRIES
    ]


def test_a_training_with_other_sounds_is_not_resumed(finetune, killed_before, tmp_path, caplog):
    folder = tmp_path / "noises"
    folder.mkdir()
    soundfile.write(folder / "a.wav", np.full(100, 0.1), 16_000)
    entries = [{"kind": "noise", "folder": str(folder)}]
    killed_before(Finetuning, 1, lambda: finetune(entries=entries))
    soundfile.write(folder / "b.wav", np.full(100, 0.1), 16_000)
    caplog.set_level("INFO")
    finetune(entries=entries)
    assert "is of another run, which is not resumed" in caplog.text


def test_cached_features_are_refused(toy, recipe, tmp_path):
    names = ("model.safetensors", "config.json", "history.jsonl")
    job = PretrainingJob(
        train=toy.train,
        dev=toy.dev,
        shards=toy.features,
        output=ModelFiles(*(tmp_path / each for each in names)),
        corpus="toy",
        seed=1,
        options={
            "crop_s": recipe["crop_s"],
            "model": recipe["model"],
            "pretraining": {**recipe["pretraining"], "waveform_augmentation": ENTRIES},
        },
    )
    with pytest.raises(
        ConfigError, match="trained on cached features; allowed is it with trainable_frontend: true"
    ):
        train(job)

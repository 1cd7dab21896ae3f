"""Runs of the two trainings on the toy corpus."""

import json

import pytest

from signl.devices import Resources
from signl.training.finetune import FinetuningJob
from signl.training.job import train
from signl.training.model_files import ModelFiles
from signl.training.pretrain import PretrainingJob


def files_in(folder):
    return ModelFiles(*(folder / n for n in ("model.safetensors", "config.json", "history.jsonl")))


@pytest.fixture
def pretrain(toy, recipe, tmp_path):
    """Return a function that pre-trains into a folder of the test and gives what it wrote."""

    def run(name="encoder", *, corpus=toy, seed=1, n_workers=0, **changes):
        output = files_in(tmp_path / name)
        job = PretrainingJob(
            train=corpus.train,
            dev=corpus.dev,
            shards=corpus.features,
            output=output,
            corpus="toy",
            seed=seed,
            options={
                "crop_s": changes.pop("crop_s", recipe["crop_s"]),
                "model": recipe["model"] | changes.pop("model", {}),
                "pretraining": recipe["pretraining"] | changes,
            },
            resources=Resources(n_workers=n_workers),
        )
        train(job)
        return output

    return run


@pytest.fixture
def finetune(toy, recipe, tmp_path):
    """Return a function that fine-tunes into a folder of the test and gives what it wrote."""

    def run(name="classifier", *, corpus=toy, seed=1, encoder=None, n_workers=0, **changes):
        output = files_in(tmp_path / name)
        job = FinetuningJob(
            train=corpus.train,
            dev=corpus.dev,
            labels=corpus.labels,
            shards=corpus.features,
            output=output,
            encoder=encoder,
            corpus="toy",
            percent=100.0,
            seed=seed,
            options={
                "crop_s": changes.pop("crop_s", recipe["crop_s"]),
                "model": recipe["model"] | changes.pop("model", {}),
                "finetuning": recipe["finetuning"] | changes,
            },
            resources=Resources(n_workers=n_workers),
        )
        train(job)
        return output

    return run


@pytest.fixture
def read_history():
    """Return a function that reads the records of a history."""

    def read(files):
        return [json.loads(line) for line in files.history.read_text().splitlines()]

    return read


@pytest.fixture
def same_bytes():
    """Return a function that tells whether two trainings wrote the same three files."""

    def same(first, second):
        return all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))

    return same


class Killed(BaseException):
    """Stands for the signal that ends a job."""


@pytest.fixture
def killed_before(monkeypatch):
    """Return a function that calls a training and kills it when an epoch begins."""

    def run(stage, epoch, train):
        begin = stage.train_epoch

        def train_epoch(self, number):
            if number == epoch:
                raise Killed
            return begin(self, number)

        with monkeypatch.context() as patch:
            patch.setattr(stage, "train_epoch", train_epoch)
            with pytest.raises(Killed):
                train()

    return run

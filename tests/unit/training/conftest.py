"""Runs of the two trainings on the toy corpus."""

import io
import json

import numpy as np
import pytest
import soundfile

from signl.corpora.audio_shards import ShardWriter, read_members
from signl.devices import Resources
from signl.training.finetune import FinetuningJob
from signl.training.job import train
from signl.training.model_files import ModelFiles
from signl.training.pretrain import PretrainingJob

LABELS = ("bonafide", "spoof", "spoof")


def files_in(folder):
    return ModelFiles(*(folder / n for n in ("model.safetensors", "config.json", "history.jsonl")))


@pytest.fixture
def pretrain(toy, recipe, tmp_path):
    """Return a function that pre-trains into a folder of the test and gives what it wrote."""

    def run(
        name="encoder",
        *,
        corpus=toy,
        seed=1,
        n_workers=0,
        metric_log=None,
        copies=(),
        **changes,
    ):
        output = files_in(tmp_path / name)
        job = PretrainingJob(
            train=corpus.train,
            dev=corpus.dev,
            copies=[each.table for each in copies],
            shards=[*corpus.features, *(path for each in copies for path in each.shards)],
            output=output,
            corpus="toy",
            seed=seed,
            options={
                "crop_s": changes.pop("crop_s", recipe["crop_s"]),
                "model": recipe["model"] | changes.pop("model", {}),
                "pretraining": recipe["pretraining"] | changes,
            },
            resources=Resources(n_workers=n_workers),
            metric_log=metric_log,
        )
        train(job)
        return output

    return run


@pytest.fixture
def finetune(toy, recipe, tmp_path):
    """Return a function that fine-tunes into a folder of the test and gives what it wrote."""

    def run(
        name="classifier",
        *,
        corpus=toy,
        seed=1,
        encoder=None,
        n_workers=0,
        copies=None,
        **changes,
    ):
        output = files_in(tmp_path / name)
        job = FinetuningJob(
            train=corpus.train,
            dev=corpus.dev,
            labels=corpus.labels,
            copies=[copies.table] if copies else [],
            shards=[*corpus.features, *(copies.shards if copies else [])],
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


@pytest.fixture(scope="session")
def audio_toy(tmp_path_factory, write_usable, write_labels):
    """Paths of a toy corpus of tones: bona fide below 500 Hz, spoofs above 2 kHz."""
    folder = tmp_path_factory.mktemp("audio")
    rng = np.random.default_rng(0)
    rows, encoded = {"train": [], "dev": [], "eval": []}, {}
    for partition, of_partition in rows.items():
        for number in range(18 if partition == "train" else 12):
            name, label = f"{partition}-{number}", LABELS[number % 3]
            pitch = rng.uniform(100, 500) if label == "bonafide" else rng.uniform(2000, 5000)
            seconds = 0.4 if number % 4 == 3 else 0.8
            time = np.arange(round(seconds * 16_000)) / 16_000
            samples = 0.3 * np.sin(2 * np.pi * pitch * time) + 0.02 * rng.normal(size=len(time))
            buffer = io.BytesIO()
            soundfile.write(buffer, samples, 16_000, format="FLAC", subtype="PCM_16")
            encoded[name] = buffer.getvalue()
            of_partition.append({"utterance_id": name, "partition": partition, "label": label})
    path = folder / "toy" / "0000-of-0001.parquet"
    with ShardWriter([path], {}) as writer:
        for name, audio in encoded.items():
            writer.add(name, audio)
    places = {name: row for row, name in enumerate(read_members(path))}
    for of_partition in rows.values():
        for row in of_partition:
            row |= {"attack": None if row["label"] == "bonafide" else "A01"}
            row |= {"packed_archive": "toy", "shard": 0, "row": places[row["utterance_id"]]}
    usable = {name: write_usable(folder / f"{name}.parquet", rows[name]) for name in rows}
    labels = write_labels(folder / "labels.parquet", [*rows["train"], *rows["dev"]])
    return {**usable, "labels": labels, "shards": [path], "encoded": encoded, "places": places}


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

"""A toy corpus for tests of training and scoring: small features, and classes to be learnt."""

import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from signl import stages
from signl.artefacts import MadeBy, write_table
from signl.features.feature_shards import Shape, write_shard
from signl.training.label_subsets import COLUMNS

#: Frames as short as of a front-end in use; a crop of 0.17 s has 8 of them.
SHAPE = Shape(width=8, window_samples=400, hop_samples=320, clip_frames=16)
CROP_S = 0.17
LABELS = ("bonafide", "spoof", "spoof")


class ToyCorpus(NamedTuple):
    """Paths of its tables and feature shards, and its frames by utterance id."""

    train: Path
    dev: Path
    eval: Path
    labels: Path
    features: list[Path]
    frames: dict[str, torch.Tensor]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system is not allowed here")
    yield folder
    # Lazily: what failed to write may keep its file open until its error is gone.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="session", name="write_usable")
def usable_writer():
    """Return a function that writes a table of usable trials."""
    return write_usable


@pytest.fixture(scope="session", name="write_labels")
def labels_writer():
    """Return a function that writes a table of labels."""
    return write_labels


def write_usable(path, rows):
    made_by = MadeBy(stage="gather_utterances", revision=stages.USABLE.revision, options={})
    write_table(path, pa.Table.from_pylist(rows), made_by)
    return path


def write_labels(path, rows):
    table = pa.table({name: [row[name] for row in rows] for name in COLUMNS})
    made_by = MadeBy(stage="sample_labels", revision=stages.LABELS.revision, options={})
    write_table(path, table, made_by)
    return path


def write_features(folder, shard, frames, *, shape, options):
    path = folder / "features" / "toy" / f"{shard:04d}-of-0002.safetensors"
    rows = [
        {"member": str(place), "n_frames": len(of_one), "duration_s": 0.3, "reason": None}
        for place, of_one in enumerate(frames)
    ]
    write_shard(
        path,
        path.with_suffix(".parquet"),
        frames=[of_one.half() for of_one in frames],
        index=rows,
        shape=shape,
        options=options,
    )
    return path


@pytest.fixture(scope="session")
def make_toy_corpus():
    """Return a function that writes a toy corpus into a folder.

    Bona fide utterances, a third, have more in the first half of the channels, spoofs in the
    second. Every fourth utterance is shorter than the clip.
    """

    def make(folder, *, n_train=24, n_others=18, shape=SHAPE, options=None, n_labelled=None):
        rng = np.random.default_rng(0)
        shards, rows, frames = ([], []), {"train": [], "dev": [], "eval": []}, {}
        for partition, of_partition in rows.items():
            for place in range(n_train if partition == "train" else n_others):
                name, label = f"{partition}-{place}", LABELS[place % 3]
                level = np.zeros(shape.width)
                level[: shape.width // 2] = 1.0 if label == "bonafide" else -1.0
                n_frames = 11 if place % 4 == 3 else shape.clip_frames
                drawn = rng.standard_normal((n_frames, shape.width)) + level
                frames[name] = torch.tensor(drawn, dtype=torch.float16)
                shard = place % 2
                of_partition.append(
                    {
                        "utterance_id": name,
                        "partition": partition,
                        "label": label,
                        "attack": None if label == "bonafide" else "A01",
                        "packed_archive": "toy",
                        "shard": shard,
                        "row": len(shards[shard]),
                    }
                )
                shards[shard].append(frames[name])
        usable = {name: write_usable(folder / f"{name}.parquet", rows[name]) for name in rows}
        labelled = [*rows["train"][:n_labelled], *rows["dev"]]
        features = [
            write_features(folder, shard, of_shard, shape=shape, options=options or {})
            for shard, of_shard in enumerate(shards)
        ]
        return ToyCorpus(
            **usable,
            labels=write_labels(folder / "labels.parquet", labelled),
            features=features,
            frames=frames,
        )

    return make


@pytest.fixture(scope="session")
def toy(make_toy_corpus, tmp_path_factory):
    """The toy corpus; not to be written to."""
    return make_toy_corpus(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def recipe():
    """A small recipe, as the configuration gives it; each test has its own to change."""
    return {
        "crop_s": CROP_S,
        "model": {"kind": "signl", "nodes": 4, "channels": 8, "neighbours": 2, "layers": 2},
        "pretraining": {
            "epochs": 3,
            "batch_size": 10,
            "learning_rate": 1e-3,
            "head_widths": [8, 6],
        },
        "finetuning": {
            "epochs": 3,
            "batch_size": 10,
            "learning_rate": 1e-2,
            "head_widths": [8, 6],
        },
    }


@pytest.fixture(scope="session")
def speech_model_folder(tmp_path_factory):
    """A folder in Hugging Face's format: the convolutions of XLS-R, little behind them."""
    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(8,) * 7,
        conv_bias=True,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Wav2Vec2Model(config)
    folder = tmp_path_factory.mktemp("speech-model")
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def open_folder():
    """A folder that all may pass, in contrast to those of pytest."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)

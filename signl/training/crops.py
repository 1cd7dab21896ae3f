"""Crops of cached frames as the pictures that the network sees.

The front-end has seen whole clips, and crops are taken of its frames ("encode, then crop").
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from signl.audio import SAMPLE_RATE_HZ
from signl.features.frontends import n_frames_of
from signl.features.shards import FeatureStore, Shape
from signl.labels import CLASS_INDEX
from signl.seeds import derive_seed


class Batch(NamedTuple):
    """Pictures of some utterances.

    Attributes
    ----------
    views : tuple of Tensor of shape (batch, 1, width, frame), float32
        One picture an utterance for each view.
    classes : Tensor of shape (batch,), int64
        Class indices (:data:`signl.labels.CLASS_INDEX`).
    """

    views: tuple[Tensor, ...]
    classes: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        views = tuple(view.to(device, non_blocking=True) for view in self.views)
        return Batch(views, self.classes.to(device, non_blocking=True))


@dataclass(frozen=True)
class Utterances:
    """The utterances of a partition: where their frames are, and their classes.

    Attributes
    ----------
    ids : list of str
        Utterance ids.
    archives : list of str
        Archive in which each was packed.
    shards, rows : ndarray of int
        Shard of that archive, and row in it.
    classes : ndarray of int
        Class indices.
    """

    ids: list[str]
    archives: list[str]
    shards: np.ndarray
    rows: np.ndarray
    classes: np.ndarray

    @classmethod
    def of(cls, usable: pa.Table) -> "Utterances":
        """Take what is needed of a table of usable trials."""
        return cls(
            ids=usable["utterance_id"].to_pylist(),
            archives=usable["packed_archive"].to_pylist(),
            shards=usable["shard"].to_numpy(),
            rows=usable["row"].to_numpy(),
            classes=np.array([CLASS_INDEX[label] for label in usable["label"].to_pylist()]),
        )

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self.ids)


def crop_frames(shape: Shape, crop_s: float) -> int:
    """Return how many frames a crop of ``crop_s`` seconds has.

    Raises
    ------
    ValueError
        If that is none, or more than a clip has.
    """
    n_frames = n_frames_of(
        round(crop_s * SAMPLE_RATE_HZ),
        window_samples=shape.window_samples,
        hop_samples=shape.hop_samples,
    )
    if not 1 <= n_frames <= shape.clip_frames:
        raise ValueError(
            f"a crop of {crop_s} s has {n_frames} frames, allowed are 1..{shape.clip_frames}"
        )
    return n_frames


@dataclass(frozen=True, kw_only=True)
class FixedCrops:
    """The crops of evaluation: the first frames of the clip, then the last ones.

    Of the two halves of a clip, 9 s as SIGNL has it, these are the frames.
    """

    n_frames: int
    n_views: int = 1

    def starts(self, utterance_id: str, clip_frames: int) -> list[int]:
        """Return the first frame of each view."""
        return [0, clip_frames - self.n_frames][: self.n_views]


@dataclass(frozen=True, kw_only=True)
class RandomCrops:
    """The crops of training: each view starts anywhere, anew in each epoch."""

    n_frames: int
    n_views: int
    seed: int
    epoch: int

    def starts(self, utterance_id: str, clip_frames: int) -> list[int]:
        """Return the first frame of each view."""
        n_starts = clip_frames - self.n_frames + 1
        return [
            derive_seed(self.seed, "crop", self.epoch, view, utterance_id) % n_starts
            for view in range(self.n_views)
        ]


class CropDataset(Dataset[tuple[list[Tensor], int]]):
    """Pictures of utterances, and their classes."""

    def __init__(
        self, utterances: Utterances, store: FeatureStore, crops: FixedCrops | RandomCrops
    ) -> None:
        self.utterances, self.store, self.crops = utterances, store, crops
        self.clip_frames = store.shape.clip_frames

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self.utterances)

    def __getitem__(self, index: int) -> tuple[list[Tensor], int]:
        """Return the views, each (1, width, frame) in float32, and the class of an utterance."""
        utterances = self.utterances
        views = [
            self.store.frames(
                utterances.archives[index],
                int(utterances.shards[index]),
                int(utterances.rows[index]),
                start,
                start + self.crops.n_frames,
            )
            for start in self.crops.starts(utterances.ids[index], self.clip_frames)
        ]
        return [view.T.float()[None] for view in views], int(utterances.classes[index])


def _collate(items: Sequence[tuple[list[Tensor], int]]) -> Batch:
    pictures, classes = zip(*items, strict=True)
    views = tuple(torch.stack(view) for view in zip(*pictures, strict=True))
    return Batch(views, torch.tensor(classes, dtype=torch.int64))


def even_batches(order: np.ndarray, batch_size: int) -> list[list[int]]:
    """Split an order into as few batches as ``batch_size`` allows, all of almost equal size.

    No utterance is dropped, and no batch is so small that its statistics mean nothing.
    """
    n_batches = -(-len(order) // batch_size)
    return [part.tolist() for part in np.array_split(order, n_batches)]


def shuffled(n_utterances: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order of the utterances in an epoch."""
    rng = np.random.default_rng(derive_seed(seed, "order", epoch))
    return rng.permutation(n_utterances)


@dataclass(frozen=True, kw_only=True)
class Loading:
    """How batches are loaded.

    Attributes
    ----------
    store : FeatureStore
        The feature shards.
    device : device
        Where the batches go.
    batch_size : int
        Utterances of a batch, at most.
    n_workers : int
        Processes that read; 0 reads in this one.
    """

    store: FeatureStore
    device: torch.device
    batch_size: int
    n_workers: int = 0


def load_batches(
    utterances: Utterances,
    order: np.ndarray,
    crops: FixedCrops | RandomCrops,
    loading: Loading,
    *,
    name: str,
) -> Iterator[Batch]:
    """Yield the batches of a pass over utterances, with a progress bar named ``name``."""
    loader = DataLoader(
        CropDataset(utterances, loading.store, crops),
        batch_sampler=even_batches(order, loading.batch_size),
        collate_fn=_collate,
        num_workers=loading.n_workers,
        pin_memory=loading.device.type == "cuda",
    )
    for batch in tqdm(loader, desc=name, unit=" batch", disable=None):
        yield batch.to(loading.device)

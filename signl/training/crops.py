"""Crops of clips, batch by batch: what the network sees of utterances.

A clip is a sequence of frames or of samples; :mod:`signl.training.clips` says where it comes from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from signl.augmentation.chain import Chain, Change
from signl.labels import BONAFIDE, CLASS_INDEX, NO_CLASS, SPOOF, UNLABELLED
from signl.progress import progress
from signl.seeds import derive_seed
from signl.training.clips import Clips, Place
from signl.training.sharing import Share

_CLASSES: Final = {**CLASS_INDEX, UNLABELLED: NO_CLASS}


class Batch(NamedTuple):
    """Crops of some utterances, of which this process may hold only some rows.

    Attributes
    ----------
    views : tuple of Tensor of shape (row, ...), float32
        For each view the pictures (row, 1, width, frame) or waveforms (row, time) of this
        process's rows.
    classes : Tensor of shape (utterance,), int64
        Class indices (:data:`signl.labels.CLASS_INDEX`) of the whole batch;
        :data:`signl.labels.NO_CLASS` of utterances without a label, which pre-training alone has.
        With resynthesis 0 for a recording, and from 1 on the method of a pseudo-spoof.
    first : int
        This process's first row of the batch.
    """

    views: tuple[Tensor, ...]
    classes: Tensor
    first: int = 0

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        views = tuple(view.to(device, non_blocking=True) for view in self.views)
        return Batch(views, self.classes.to(device, non_blocking=True), self.first)


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
        Class indices; :data:`signl.labels.NO_CLASS` without a label.
    together : int
        So many that follow each other in an order are never parted by batches.
    """

    together: ClassVar[int] = 1

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
            classes=np.array([_CLASSES[label] for label in usable["label"].to_pylist()]),
        )

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self.ids)

    @property
    def n_originals(self) -> int:
        """How many of them were recorded: all, where there are no copies."""
        return len(self)

    @property
    def originals(self) -> np.ndarray | None:
        """Of each the number of its utterance, where these are there in several versions."""
        return None

    @property
    def apart(self) -> "Utterances":
        """The same rows, each an utterance of its own: all crops of one are of it alone."""
        return Utterances(self.ids, self.archives, self.shards, self.rows, self.classes)

    def seen_in_views(self, index: int, n_views: int) -> list[int]:
        """Return the position of what each view of an utterance is taken of: of itself."""
        return [index] * n_views

    def fixed_order(self) -> np.ndarray:
        """Return the positions of those that an evaluation takes."""
        return np.arange(len(self))

    def drawn_order(self, seed: int, epoch: int) -> np.ndarray:
        """Return the positions of those that an epoch of training takes, as many, in its order."""
        return shuffled(len(self), seed, epoch)

    def balanced_order(self, seed: int, epoch: int) -> np.ndarray:
        """Return as many positions as :meth:`drawn_order`, in which the classes alternate."""
        return balanced(self.classes, seed, epoch)


@dataclass(frozen=True, kw_only=True)
class FixedCrops:
    """The crops of evaluation: the beginning of the clip or, of several, all at even steps.

    Two of 4.5 s are the halves of SIGNL's clip of 9 s.

    Attributes
    ----------
    length : int
        Frames or samples of a crop, as the clip has them.
    n_views : int
        Crops of a clip; the first is its beginning, the last of several its end.
    """

    length: int
    n_views: int = 1

    def starts(self, utterance_id: str, clip_length: int) -> list[int]:
        """Return where each view starts in the clip."""
        room, steps = clip_length - self.length, max(1, self.n_views - 1)
        return [room * view // steps for view in range(self.n_views)]

    def changes(self, utterance_id: str) -> list[Change]:
        """Return nothing: what is evaluated is never augmented."""
        return []


@dataclass(frozen=True, kw_only=True)
class RandomCrops:
    """The crops of training: each view starts anywhere, anew in each epoch.

    Attributes
    ----------
    length : int
        Frames or samples of a crop, as the clip has them.
    n_views : int
        Crops of an utterance.
    seed, epoch : int
        With utterance and view, what all draws follow from.
    augmentation : Chain, optional
        What is done to the waveform that each view is taken of.
    """

    length: int
    n_views: int
    seed: int
    epoch: int
    augmentation: Chain | None = None

    def starts(self, utterance_id: str, clip_length: int) -> list[int]:
        """Return where each view starts in the clip."""
        n_starts = clip_length - self.length + 1
        return [
            derive_seed(self.seed, "crop", self.epoch, view, utterance_id) % n_starts
            for view in range(self.n_views)
        ]

    def changes(self, utterance_id: str) -> list[Change]:
        """Return what is done to the waveform of each view; empty, where nothing is."""
        if self.augmentation is None:
            return []
        return [
            Change(
                self.augmentation,
                derive_seed(self.seed, "waveform", self.epoch, view, utterance_id),
            )
            for view in range(self.n_views)
        ]


class CropDataset(Dataset[list[Tensor]]):
    """The views of utterances."""

    def __init__(
        self, utterances: Utterances, clips: Clips, crops: FixedCrops | RandomCrops
    ) -> None:
        self.utterances, self.clips, self.crops = utterances, clips, crops

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self.utterances)

    def __getitem__(self, index: int) -> list[Tensor]:
        """Return the views of an utterance."""
        name, crops = self.utterances.ids[index], self.crops
        starts, changes = crops.starts(name, self.clips.length), crops.changes(name)
        seen = self.utterances.seen_in_views(index, crops.n_views)
        if len(set(seen)) == 1:
            # Read, and decoded, once.
            return self.clips.crops(self._place(seen[0]), starts, crops.length, changes)
        views = (
            self.clips.crops(self._place(at), [start], crops.length, changes[view : view + 1])
            for view, (at, start) in enumerate(zip(seen, starts, strict=True))
        )
        return [crop for crops_of_view in views for crop in crops_of_view]

    def _place(self, index: int) -> Place:
        """Return where an utterance lies."""
        of = self.utterances
        return Place(of.archives[index], int(of.shards[index]), int(of.rows[index]))


def _stack(items: Sequence[list[Tensor]]) -> tuple[Tensor, ...]:
    return tuple(torch.stack(view) for view in zip(*items, strict=True))


def even_batches(order: np.ndarray, batch_size: int, *, together: int = 1) -> list[list[int]]:
    """Split an order into as few batches as ``batch_size`` allows, all of almost equal size.

    No utterance is dropped, and no batch is so small that its statistics mean nothing.

    Parameters
    ----------
    order : ndarray of int
        Positions of utterances.
    batch_size : int
        Of a batch, at most.
    together : int
        So many that follow each other are not parted.
    """
    n_groups = len(order) // together
    return even_parts(order, -(-n_groups // (batch_size // together)), together=together)


def even_parts(
    items: np.ndarray | list[int], n_parts: int, *, together: int = 1
) -> list[list[int]]:
    """Split items into so many parts of almost equal size, or fewer where there are fewer items."""
    groups = np.reshape(items, (-1, together))
    parts = np.array_split(groups, min(n_parts, len(groups)))
    return [part.ravel().tolist() for part in parts]


def shuffled(n_utterances: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order of the utterances in an epoch."""
    rng = np.random.default_rng(derive_seed(seed, "order", epoch))
    return rng.permutation(n_utterances)


def balanced(classes: np.ndarray, seed: int, epoch: int) -> np.ndarray:
    """Return an order of utterances in which the classes alternate, as many as there are.

    Parameters
    ----------
    classes : ndarray of int, (utterance,)
        Class indices, of both classes.
    seed, epoch : int
        What the order follows from. An utterance of the rarer class is in it several times, one of
        the other class once or not at all.
    """
    rng = np.random.default_rng(derive_seed(seed, "order", epoch))
    order = np.empty(len(classes), dtype=np.int64)
    for first, label in enumerate((SPOOF, BONAFIDE)):
        places = np.flatnonzero(classes == CLASS_INDEX[label])
        drawn = order[first::2]
        n_rounds = -(-len(drawn) // len(places))
        rounds = [rng.permutation(places) for _ in range(n_rounds)]
        drawn[:] = np.concatenate([*rounds, places[:0]])[: len(drawn)]
    return order


@dataclass(frozen=True, kw_only=True)
class Loading:
    """How batches are loaded.

    Attributes
    ----------
    clips : Clips
        Where the clips come from.
    device : device
        Where the batches go.
    batch_size : int
        Utterances of a batch, at most, over all processes.
    n_workers : int
        Processes that read; 0 reads in this one.
    share : Share
        Which rows of a batch this process takes.
    """

    clips: Clips
    device: torch.device
    batch_size: int
    n_workers: int = 0
    share: Share = field(default_factory=Share)


def load_batches(
    utterances: Utterances,
    batches: Sequence[Sequence[int]],
    crops: FixedCrops | RandomCrops,
    loading: Loading,
    *,
    name: str,
) -> Iterator[Batch]:
    """Yield the batches of a pass over utterances, and tell of its progress as ``name``.

    Parameters
    ----------
    utterances : Utterances
    batches : sequence of sequences of int
        Positions of the utterances of each batch.
    crops : FixedCrops or RandomCrops
    loading : Loading
    name : str
    """
    shares = [loading.share.of(len(batch)) for batch in batches]
    loader = DataLoader(
        CropDataset(utterances, loading.clips, crops),
        batch_sampler=[list(batch[rows]) for batch, rows in zip(batches, shares, strict=True)],
        collate_fn=_stack,
        num_workers=loading.n_workers,
        pin_memory=loading.device.type == "cuda",
    )
    is_quiet = loading.share.rank > 0
    loaded = progress(loader, name, unit="batch", total=len(batches), quiet=is_quiet)
    for batch, rows, views in zip(batches, shares, loaded, strict=True):
        classes = torch.from_numpy(utterances.classes[list(batch)])
        yield Batch(views, classes, rows.start).to(loading.device)

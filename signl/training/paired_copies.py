"""Recordings and pseudo-spoofs of them, in pairs: what a pre-training hears synthesis in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa

from signl.features.usable import read_usable
from signl.seeds import derive_seed
from signl.training.copied_utterances import CHANNEL, PSEUDO_SPOOF, copies_of
from signl.training.crops import Utterances

_COLUMNS = ("utterance_id", "packed_archive", "shard", "row")


class Groups(NamedTuple):
    """What there is of each original to choose from: places that follow each other.

    Attributes
    ----------
    starts, counts : ndarray of int, (original,)
        The first place of each, and how many there are.
    """

    starts: np.ndarray
    counts: np.ndarray

    def drawn(self, rng: np.random.Generator) -> np.ndarray:
        """Return one of each original, drawn."""
        drawn: np.ndarray = self.starts + rng.integers(self.counts)
        return drawn

    def in_turn(self) -> np.ndarray:
        """Return one of each original: of the first its first, of the second its second, ..."""
        taken: np.ndarray = self.starts + np.arange(len(self.starts)) % self.counts
        return taken

    def beside(self, index: int, n_places: int) -> list[int]:
        """Return a place and those that follow it of the same original, round and round."""
        original = int(np.searchsorted(self.starts, index, side="right")) - 1
        start, count = int(self.starts[original]), int(self.counts[original])
        return [start + (index - start + place) % count for place in range(n_places)]


@dataclass(frozen=True)
class PairedCopies(Utterances):
    """Recordings and pseudo-spoofs of a partition.

    An order of them has for each original a recording, which is the original or a copy through a
    channel alone, and one of its pseudo-spoofs, of which some went through the channel too.
    Copies have the ids of their originals, and so both of a pair are cropped at the same place.

    Attributes
    ----------
    recordings, pseudo_spoofs : Groups
        Where the recordings of each original stand, and its pseudo-spoofs.
    methods : tuple of str
        What made the pseudo-spoofs: that of class 1, of class 2, and so on. Class 0 is a recording.
    channel_views : bool
        Whether the views of a recording are of different ones of its original.
    """

    together: ClassVar[int] = 2

    recordings: Groups
    pseudo_spoofs: Groups
    methods: tuple[str, ...]
    channel_views: bool = False

    def seen_in_views(self, index: int, n_views: int) -> list[int]:
        """Return the position of what each view is taken of: recordings of one original in turn."""
        groups = self.recordings
        if not self.channel_views or index >= self.pseudo_spoofs.starts[0]:
            return super().seen_in_views(index, n_views)
        return groups.beside(index, n_views)

    @property
    def n_originals(self) -> int:
        """How many utterances have pseudo-spoofs."""
        return len(self.recordings.starts)

    def fixed_order(self) -> np.ndarray:
        """Return a pair of each original, always the same."""
        pairs = (self.recordings.in_turn(), self.pseudo_spoofs.in_turn())
        return np.stack(pairs, axis=1).ravel()

    def drawn_order(self, seed: int, epoch: int) -> np.ndarray:
        """Return a pair of each original, drawn for an epoch, in an order that is drawn too."""
        rng = np.random.default_rng(derive_seed(seed, "order", epoch))
        pairs = (self.recordings.drawn(rng), self.pseudo_spoofs.drawn(rng))
        return rng.permutation(np.stack(pairs, axis=1)).ravel()


def read_paired(
    partitions: Mapping[str, str | Path],
    copies: Mapping[str, str | Path],
    *,
    channel_views: bool = False,
) -> dict[str, PairedCopies]:
    """Read all utterances of partitions with their copies; no label is looked at.

    Classes are those of all partitions together. Utterances without pseudo-spoofs are left out.

    Parameters
    ----------
    partitions : Mapping
        Usable trials, by the name of the partition.
    copies : Mapping
        What :func:`signl.features.gathered_copies.gather_copies` wrote of each.
    channel_views : bool
        Whether the views of a recording are of different ones of its original.

    Raises
    ------
    ManifestError
        If there is no pseudo-spoof of a usable trial of a partition.
    """
    roles = {name: copies_of(path, copies[name]) for name, path in partitions.items()}
    made = (of_role[PSEUDO_SPOOF]["method"].to_pylist() for of_role in roles.values())
    methods = sorted({method for of_partition in made for method in of_partition})
    paired = {
        name: _paired(read_usable(path), roles[name], methods) for name, path in partitions.items()
    }
    return {name: replace(part, channel_views=channel_views) for name, part in paired.items()}


def methods_of(partitions: Mapping[str, Utterances]) -> tuple[str, ...]:
    """Return the methods that made the pseudo-spoofs of partitions; of others none."""
    train = partitions["train"]
    return train.methods if isinstance(train, PairedCopies) else ()


def _paired(
    usable: pa.Table, roles: Mapping[str, pa.Table], methods: Sequence[str]
) -> PairedCopies:
    """Put originals beside their channel copies, and all pseudo-spoofs behind them."""
    place = {name: at for at, name in enumerate(usable["utterance_id"].to_pylist())}
    made, channel = (_sorted(roles[role], place) for role in (PSEUDO_SPOOF, CHANNEL))
    has_made = np.zeros(len(place), dtype=bool)
    has_made[_origins(made, place)] = True
    originals = usable.filter(pa.array(has_made))
    channel = channel.filter(pa.array(has_made[_origins(channel, place)]))
    recordings = pa.concat_tables(
        [originals.select(_COLUMNS), channel.select(_COLUMNS)], promote_options="permissive"
    )
    # A stable sort leaves each original before its copies.
    recordings = recordings.take(np.argsort(_origins(recordings, place), kind="stable"))
    both = pa.concat_tables([recordings, made.select(_COLUMNS)], promote_options="permissive")
    class_of = {method: number for number, method in enumerate(methods, start=1)}
    classes = [0] * len(recordings) + [class_of[each] for each in made["method"].to_pylist()]
    return PairedCopies(
        ids=both["utterance_id"].to_pylist(),
        archives=both["packed_archive"].to_pylist(),
        shards=both["shard"].to_numpy(),
        rows=both["row"].to_numpy(),
        classes=np.array(classes, dtype=np.int64),
        recordings=_groups(_origins(recordings, place), first=0),
        pseudo_spoofs=_groups(_origins(made, place), first=len(recordings)),
        methods=tuple(methods),
    )


def _sorted(copies: pa.Table, place: Mapping[str, int]) -> pa.Table:
    """Return copies in the order of their originals, and of their numbers."""
    return copies.take(np.lexsort((copies["number"].to_numpy(), _origins(copies, place))))


def _origins(table: pa.Table, place: Mapping[str, int]) -> np.ndarray:
    """Return the place of the original of each row."""
    return np.array([place[name] for name in table["utterance_id"].to_pylist()], dtype=np.int64)


def _groups(origins: np.ndarray, *, first: int) -> Groups:
    """Return where the rows of each original begin, of rows sorted by it."""
    _, starts, counts = np.unique(origins, return_index=True, return_counts=True)
    return Groups(first + starts, counts)

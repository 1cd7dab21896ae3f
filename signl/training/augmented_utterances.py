"""Utterances of train and the augmented copies of them, of which each epoch draws."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from signl.errors import ManifestError
from signl.features.gathered_copies import read_copies
from signl.seeds import derive_seed
from signl.training.crops import Utterances, balanced, shuffled
from signl.training.paired_copies import Groups

#: The role of these copies.
AUGMENTED: Final = "augmented"
_PLACES: Final = ("packed_archive", "shard", "row")


@dataclass(frozen=True)
class AugmentedUtterances(Utterances):
    """Utterances, each in several versions: as it was recorded, and its augmented copies.

    An order of them has one version of each, so that an epoch is as long as without copies. All
    versions of an utterance have the same chance, and which is drawn follows from seed and epoch
    alone; order and crops are those that there would be without copies.

    Attributes
    ----------
    versions : Groups
        Where the versions of each utterance stand, the recorded one first.
    """

    versions: Groups

    @property
    def n_originals(self) -> int:
        """How many utterances there are."""
        return len(self.versions.starts)

    @property
    def originals(self) -> np.ndarray:
        """Of each version the number of its utterance."""
        return np.repeat(np.arange(self.n_originals), self.versions.counts)

    def seen_in_views(self, index: int, n_views: int) -> list[int]:
        """Return the version that was drawn, and for further views those that follow it."""
        return self.versions.beside(index, n_views)

    def fixed_order(self) -> np.ndarray:
        """Return the positions of the recorded versions."""
        return self.versions.starts

    def drawn_order(self, seed: int, epoch: int) -> np.ndarray:
        """Return a version of each utterance, drawn for an epoch, in the order of the epoch."""
        order: np.ndarray = self._drawn(seed, epoch)[shuffled(self.n_originals, seed, epoch)]
        return order

    def balanced_order(self, seed: int, epoch: int) -> np.ndarray:
        """Return such an order in which the classes alternate.

        An utterance that is in it several times is the same version each time.
        """
        classes = self.classes[self.versions.starts]
        order: np.ndarray = self._drawn(seed, epoch)[balanced(classes, seed, epoch)]
        return order

    def _drawn(self, seed: int, epoch: int) -> np.ndarray:
        return self.versions.drawn(np.random.default_rng(derive_seed(seed, "version", epoch)))


def with_copies(trials: pa.Table, copies: str | Path) -> AugmentedUtterances:
    """Put the augmented copies of utterances beside them.

    Parameters
    ----------
    trials : Table
        The utterances, as :meth:`signl.training.crops.Utterances.of` takes them.
    copies : path
        What :func:`signl.features.gathered_copies.gather_copies` wrote of their partition; copies
        of other utterances are passed over. An utterance may have fewer than others, or none.

    Raises
    ------
    ManifestError
        If there is no augmented copy of any of them.
    """
    recorded = Utterances.of(trials)
    place = {name: at for at, name in enumerate(recorded.ids)}
    table = read_copies(copies)
    is_wanted = pc.and_(
        pc.equal(table["role"], AUGMENTED),
        pc.is_in(table["utterance_id"], value_set=trials["utterance_id"]),
    )
    table = table.filter(is_wanted)
    if not len(table):
        raise ManifestError(
            f"{copies} has no augmented copy of the {len(recorded)} utterances of train; see the "
            "log of resynthesise"
        )
    origins = np.array([place[name] for name in table["utterance_id"].to_pylist()], dtype=np.int64)
    numbers = table["number"].to_numpy()
    # Of each utterance the recorded version, -1, and then the copies by their numbers.
    of_all = np.concatenate([np.arange(len(recorded)), origins])
    order = np.lexsort((np.concatenate([np.full(len(recorded), -1), numbers]), of_all))
    archives, shards, rows = (
        np.concatenate([trials[name].to_numpy(), table[name].to_numpy()])[order] for name in _PLACES
    )
    of_all = of_all[order]
    _, starts, counts = np.unique(of_all, return_index=True, return_counts=True)
    return AugmentedUtterances(
        ids=[recorded.ids[at] for at in of_all],
        archives=archives.tolist(),
        shards=shards,
        rows=rows,
        classes=recorded.classes[of_all],
        versions=Groups(starts, counts),
    )

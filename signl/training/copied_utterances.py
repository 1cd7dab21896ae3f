"""The unlabelled utterances of a training partition, and the copies that were made of it."""

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from signl.errors import ManifestError
from signl.features.gathered_copies import read_copies
from signl.features.usable import read_usable
from signl.labels import NO_CLASS
from signl.training.crops import Utterances
from signl.training.label_subsets import read_labels

#: Names of these partitions, beside ``train`` and ``dev``; copies are called as their roles.
UNLABELLED_TRAIN: Final = "unlabelled"
CHANNEL: Final = "channel"
PSEUDO_SPOOF: Final = "pseudo_spoof"


def read_copied(train: str | Path, labels: str | Path, copies: str | Path) -> dict[str, Utterances]:
    """Read what a training partition holds besides its labelled utterances.

    No class is given with any of them: what has a label in the corpus but not in the subset counts
    as unlabelled. The ids of copies are those of their originals.

    Parameters
    ----------
    train : path
        Usable trials of the partition.
    labels : path
        The labelled subset.
    copies : path
        What :func:`signl.features.gathered_copies.gather_copies` wrote of the partition.

    Raises
    ------
    ManifestError
        If there is no pseudo-spoof of a usable trial.
    """
    usable = read_usable(train)
    is_labelled = pc.is_in(usable["utterance_id"], value_set=read_labels(labels)["utterance_id"])
    tables = {UNLABELLED_TRAIN: usable.filter(pc.invert(is_labelled)), **copies_of(train, copies)}
    return {name: _without_classes(table) for name, table in tables.items()}


def copies_of(partition: str | Path, copies: str | Path) -> dict[str, pa.Table]:
    """Return role -> copies of the usable trials of a partition; raise as :func:`read_copied`."""
    table, ids = read_copies(copies), read_usable(partition)["utterance_id"]
    kept = table.filter(pc.is_in(table["utterance_id"], value_set=ids))
    roles = {role: kept.filter(pc.equal(kept["role"], role)) for role in (CHANNEL, PSEUDO_SPOOF)}
    if not len(roles[PSEUDO_SPOOF]):
        raise ManifestError(
            f"{copies} has no pseudo-spoof of an utterance of {partition}; see the log of "
            "resynthesise"
        )
    return roles


def _without_classes(table: pa.Table) -> Utterances:
    return Utterances(
        ids=table["utterance_id"].to_pylist(),
        archives=table["packed_archive"].to_pylist(),
        shards=table["shard"].to_numpy(),
        rows=table["row"].to_numpy(),
        classes=np.full(len(table), NO_CLASS),
    )

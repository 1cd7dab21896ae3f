"""Partitions for a table that names none: drawn by speaker, or by recording.

A speaker's recordings, or a single one, are a group. Groups go, the largest first and those of
one size in drawn order, each to the partition that lacks most of the group's labels, as a share of
what it is to get. So partitions have like shares of labels, speakers are kept together, and where
there are groups enough no partition stays empty. The order of rows has no part in it.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from signl.corpora.table.options import TableOptions
from signl.corpora.trials import Trial
from signl.errors import ManifestError
from signl.labels import TRAIN, UNLABELLED
from signl.seeds import derive_seed

logger = logging.getLogger(__name__)

SPEAKER: Final = "speaker"
UTTERANCE: Final = "utterance"


class Divided(NamedTuple):
    """Trials with partitions, in their old order, and what a header says of it."""

    trials: list[Trial]
    notes: dict[str, Any]


def divide(trials: Sequence[Trial], options: TableOptions, source: str) -> Divided:
    """Give each trial a partition; those without a label go to train.

    Left out are recordings without a label of a speaker of dev or eval, where speakers are kept
    together, and all of them where train gets no share.

    Parameters
    ----------
    trials : sequence of Trial
        Without partitions.
    options : TableOptions
        ``shares``, ``split_by`` and ``seed``.
    source : str
        The table, for messages.

    Raises
    ------
    ManifestError
        If there are fewer groups than partitions, or speakers are to be kept together and none
        is named.
    """
    n_named = sum(trial.speaker is not None for trial in trials)
    by = options.split_by or (SPEAKER if n_named else UTTERANCE)
    if by == SPEAKER and not n_named:
        raise ManifestError(f"{source} names no speaker, and split_by is speaker; leave it out")
    groups = _groups(trials, by)
    partition_of = assign(groups, options.shares.given, seed=options.seed)
    shares = options.shares.given
    home = TRAIN if TRAIN in shares else ""
    divided = [
        trial._replace(partition=partition)
        for trial in trials
        if (partition := _partition(trial, partition_of.get(_key(trial, by), home)))
    ]
    empty = [name for name in shares if name not in partition_of.values()]
    if empty:
        raise ManifestError(
            f"{source} has labelled recordings of {len(groups):,} {by}s, too few for the "
            f"partitions {', '.join(shares)}; give it a column partition, fewer shares"
            + (", or split_by: utterance" if by == SPEAKER else "")
        )
    n_left_out = len(trials) - len(divided)
    _tell(divided, options, by, source, n_named=n_named, n_left_out=n_left_out)
    return Divided(divided, {"split": f"by {by}", "n_left_out": n_left_out})


def _key(trial: Trial, by: str) -> str:
    """Return what tells a trial's group; a recording without a speaker is one by itself."""
    if by == SPEAKER and trial.speaker is not None:
        return f"{SPEAKER} {trial.speaker}"
    return f"{UTTERANCE} {trial.utterance_id}"


def _partition(trial: Trial, of_group: str) -> str:
    """Return the partition of a trial; empty, where it is left out."""
    return "" if trial.label == UNLABELLED and of_group != TRAIN else of_group


def _groups(trials: Iterable[Trial], by: str) -> dict[str, Counter[str]]:
    """Return group -> how many recordings it has of each label, of those with a label."""
    groups: dict[str, Counter[str]] = {}
    for trial in trials:
        if trial.label != UNLABELLED:
            groups.setdefault(_key(trial, by), Counter())[trial.label] += 1
    return groups


def assign(
    groups: Mapping[str, Counter[str]], shares: Mapping[str, float], *, seed: int
) -> dict[str, str]:
    """Return group -> partition.

    Parameters
    ----------
    groups : Mapping
        Group -> how many recordings it has of each label.
    shares : Mapping
        Partition -> its share, above 0.
    seed : int
        Draws the order of groups of one size.
    """
    totals: Counter[str] = sum(groups.values(), Counter())
    # What a partition lacks of a label, as a share of what it is to get: from 1 down.
    lacks = {(name, label): 1.0 for name in shares for label in totals}
    order = sorted(
        groups, key=lambda key: (-groups[key].total(), derive_seed(seed, "partition", key), key)
    )
    partition_of = {}
    for key in order:
        counts = groups[key]
        chosen = max(
            shares, key=lambda name: sum(n * lacks[name, label] for label, n in counts.items())
        )
        for label, n in counts.items():
            lacks[chosen, label] -= n / (shares[chosen] * totals[label])
        partition_of[key] = chosen
    return partition_of


def _tell(
    divided: Sequence[Trial],
    options: TableOptions,
    by: str,
    source: str,
    *,
    n_named: int,
    n_left_out: int,
) -> None:
    """Log how a table was divided."""
    counts = Counter(trial.partition for trial in divided)
    parts = ", ".join(
        f"{name} {counts[name]:,} ({100 * share:g} %)"
        for name, share in options.shares.given.items()
    )
    logger.info(
        "%s has no column of partitions: divided by %s, stratified by label, seed %d: %s",
        *(source, by, options.seed, parts),
    )
    if by == SPEAKER and n_named < len(divided) + n_left_out:
        n_lacking = len(divided) + n_left_out - n_named
        logger.info("%s: %d recordings have no speaker, and stand alone", source, n_lacking)
    if n_left_out:
        logger.info(
            "%s: left out %d recordings without a label, which had no place in train",
            *(source, n_left_out),
        )

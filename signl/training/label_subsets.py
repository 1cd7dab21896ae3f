"""Rule ``sample_labels``: the labelled subset of a corpus, as a file.

Training and development partition are subsampled alike, stratified by attack, bona fide being
a stratum of its own; the evaluation partition never is. An utterance is in the subset if its
rank in its stratum is low enough, and the rank follows from the corpus, the seed and the
utterance's name alone. A subset is therefore part of every larger one of the same seed, and
does not depend on the order of the manifest. Utterances without a label are in none.
"""

import logging
import math
from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from signl import stages
from signl.artefacts import MadeBy, read_table, write_table
from signl.errors import ConfigError, ManifestError
from signl.features.usable import read_usable
from signl.labels import BONAFIDE, DEV, SPOOF, TRAIN, UNLABELLED
from signl.seeds import derive_seed

logger = logging.getLogger(__name__)

STAGE = stages.LABELS.rule
COLUMNS = ["utterance_id", "partition", "label", "attack"]


class _Row(NamedTuple):
    utterance_id: str
    place: int


class _Stratum(NamedTuple):
    partition: str
    label: str
    attack: str | None

    def __str__(self) -> str:
        return f"{self.partition} {self.label}" + (f" {self.attack}" if self.attack else "")


def sample_labels(
    manifest: Path,
    output: Path,
    *,
    corpus: str,
    seed: int,
    percent: float,
    options: Mapping[str, Any],
) -> None:
    """Write the labelled subset of a corpus.

    Parameters
    ----------
    manifest : Path
        Table of the corpus's trials.
    output : Path
        Table of the chosen utterances, in the manifest's order, with the columns
        ``utterance_id``, ``partition``, ``label`` and ``attack``.
    corpus : str
        Name of the corpus.
    seed : int
        Root seed.
    percent : float
        Share of every stratum, above 0 and at most 100; rounded half up to whole utterances,
        and never to none.
    options : Mapping
        For the header.

    Raises
    ------
    ConfigError
        If ``percent`` is out of range, or the corpus has nothing to train or to develop on.
    ManifestError
        If one of the two partitions has bona fide speech alone, or spoofs alone.
    """
    if not 0 < percent <= 100:
        raise ConfigError(f"label percent must be above 0 and at most 100, got {percent}")
    trials = read_table(
        manifest, stage="build_manifest", revision=stages.MANIFEST.revision, columns=COLUMNS
    )
    chosen: list[int] = []
    corpus_seed = derive_seed(seed, "labels", corpus)
    for stratum, rows in _rows_by_stratum(trials, corpus).items():
        ranked = sorted(rows, key=lambda row: (derive_seed(corpus_seed, row.utterance_id), row))
        n_kept = subset_size(len(rows), percent)
        chosen += (row.place for row in ranked[:n_kept])
        logger.info("%s: labels of %d of %d utterances, %s", corpus, n_kept, len(rows), stratum)
    header = {**options, "corpus": corpus, "seed": seed, "percent": percent}
    made_by = MadeBy(stage=STAGE, revision=stages.LABELS.revision, options=header)
    write_table(output, trials.take(pa.array(sorted(chosen), pa.int64())), made_by)


def read_labels(path: str | Path) -> pa.Table:
    """Read a labelled subset: ``utterance_id``, ``partition``, ``label`` and ``attack``.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    """
    return read_table(path, stage=STAGE, revision=stages.LABELS.revision, columns=COLUMNS)


def read_labelled(trials: str | Path, labels: str | Path) -> pa.Table:
    """Read those usable trials of a partition that are in a labelled subset.

    Raises
    ------
    ManifestError
        If none of them is bona fide, or none a spoof.
    ArtefactError
        If a file is damaged or was made by something else.
    """
    usable = read_usable(trials)
    named = read_labels(labels)["utterance_id"]
    table = usable.filter(pc.is_in(usable["utterance_id"], value_set=named))
    if missing := {BONAFIDE, SPOOF} - set(table["label"].to_pylist()):
        raise ManifestError(
            f"{labels} names no utterance of class {sorted(missing)} in {trials}, and both are "
            "needed; raise label_percents, or see in quarantine.csv and in the log of "
            "locate_trials what was left out"
        )
    return table


def subset_size(n_utterances: int, percent: float) -> int:
    """Return ``percent`` of a stratum of at least one, rounded half up, and at least one."""
    # The decimal that was written, not its binary neighbour, decides where half is.
    exact = Fraction(str(percent)) * n_utterances / 100
    return max(1, math.floor(exact + Fraction(1, 2)))


def _rows_by_stratum(trials: pa.Table, corpus: str) -> dict[_Stratum, list[_Row]]:
    """Group the rows with a label of the training and the development partition."""
    strata: dict[_Stratum, list[_Row]] = defaultdict(list)
    columns = (trials[name].to_pylist() for name in COLUMNS)
    for place, (utterance_id, *stratum) in enumerate(zip(*columns, strict=True)):
        partition, label, _ = stratum
        if partition in (TRAIN, DEV) and label != UNLABELLED:
            strata[_Stratum(*stratum)].append(_Row(utterance_id, place))
    present = {stratum.partition for stratum in strata}
    if missing := [name for name in (TRAIN, DEV) if name not in present]:
        raise ConfigError(f"{corpus} cannot be trained on: it has no labels in partition {missing}")
    _check_classes(strata, corpus)
    return dict(sorted(strata.items(), key=lambda item: str(item[0])))


def _check_classes(strata: Mapping[_Stratum, list[_Row]], corpus: str) -> None:
    """Refuse a partition of one class: the manifest tells, before all features and training."""
    for partition in (TRAIN, DEV):
        n_bonafide, n_spoof = (
            sum(len(rows) for each, rows in strata.items() if each[:2] == (partition, label))
            for label in (BONAFIDE, SPOOF)
        )
        if not (n_bonafide and n_spoof):
            raise ManifestError(
                f"{corpus}: partition {partition} has {n_bonafide:,} bona fide utterances and "
                f"{n_spoof:,} spoofs; a classifier is trained on both classes and chosen by both "
                "of dev. Complete the protocols and archives, or take the corpus out of "
                "train_corpora"
            )

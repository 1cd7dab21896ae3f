"""Manifests: a row per trial of a corpus, from its protocols.

See :class:`signl.corpora.trials.Trial` for the meaning of the columns.
"""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from signl import stages
from signl.archives.facts import witnessing
from signl.archives.members import shown
from signl.artefacts import MadeBy, write_table
from signl.corpora.checking import missing_archives_message
from signl.corpora.corpus import Corpus, Expected
from signl.corpora.registry import corpus_named, locate_protocols
from signl.corpora.trial_tables import MANIFEST_SCHEMA
from signl.corpora.trials import Reading, Trial
from signl.errors import ArchiveError, ManifestError
from signl.labels import BONAFIDE, EVAL, SPOOF
from signl.spreadsheets import inert
from signl.typed import build

logger = logging.getLogger(__name__)

STAGE: Final = stages.MANIFEST.rule


def build_manifest(
    corpus: str, archives_folder: str | Path, output: str | Path, *, options: Mapping[str, Any]
) -> None:
    """Write the manifest of a corpus.

    Rows stand in the order of the protocols: train, dev, eval.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    archives_folder : path
        Folder of the downloaded archives.
    output : path
        The manifest.
    options : Mapping
        Those of the corpus. ``subset``: whether the archives hold a subset of the corpus, so that
        its counts may differ from the published ones. ``version`` for CFAD; ``seed`` for
        asvspoof5_signl; those of a table say what it is.

    Raises
    ------
    ArchiveError
        If an archive that holds a protocol is missing, damaged or hostile.
    ProtocolError
        If a row does not follow its published form.
    ManifestError
        If an utterance stands in two partitions, the name of an attack is a formula, a partition
        is empty, an eval protocol lacks bona fide speech or spoofs, or the counts of a whole corpus
        are not the published ones.
    """
    description = corpus_named(corpus, options)
    chosen = build(description.options, options, f"corpora.{corpus}")
    archives = locate_protocols(description, archives_folder)
    if any(located.missing for located in archives):
        raise ArchiveError(missing_archives_message(corpus, archives, archives_folder))
    with witnessing([path for located in archives for path in located.paths]) as witness:
        reading = description.read_trials(archives, chosen)
    _check_partitions(reading, description)
    _check_protocols(reading, description)
    _check_attacks(reading, description)
    # How many shards there are is no matter of the manifest.
    values = chosen.model_dump(mode="json", exclude={"shards"})
    _check_counts(reading, description, values)
    made_by = MadeBy(
        stage=STAGE,
        revision=stages.MANIFEST.revision,
        options={"corpus": corpus, **values, **reading.notes},
    )
    for trial in reading.trials:
        witness.add(repr(tuple(trial)))
    write_table(output, to_table(reading.trials), made_by, **witness.header)
    _log_counts(reading.trials, corpus)
    for partition in reading.absent_partitions:
        logger.info("%s, %s: no protocol was found, so that it has no trials", corpus, partition)


def to_table(trials: Sequence[Trial]) -> pa.Table:
    """Return trials as a table of :data:`MANIFEST_SCHEMA`."""
    arrays = [
        _to_array([trial[index] for trial in trials], field.type)
        for index, field in enumerate(MANIFEST_SCHEMA)
    ]
    return pa.Table.from_arrays(arrays, schema=MANIFEST_SCHEMA)


def _to_array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Return a column; lists, of which there are few distinct ones, are converted once each."""
    if not pa.types.is_list(kind):
        return pa.array(values, type=kind)
    index = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return pa.array(index, type=kind).take(pa.array([index[value] for value in values], pa.int32()))


def _check_partitions(reading: Reading, corpus: Corpus) -> None:
    """Check that no partition is empty and no utterance stands in two."""
    names = {
        partition: {trial.utterance_id for trial in reading.trials if trial.partition == partition}
        for partition in corpus.partitions
    }
    for one, other in combinations(corpus.partitions, 2):
        if common := sorted(names[one] & names[other]):
            raise ManifestError(
                f"{corpus.name}: {len(common):,} utterances stand in the protocols of {one} and "
                f"of {other}, first {shown(common[0])}; restore the protocols as published"
            )
    empty = [
        partition
        for partition in corpus.partitions
        if not names[partition] and partition not in reading.absent_partitions
    ]
    if empty:
        raise ManifestError(
            f"{corpus.name}: the protocols list no trial of {', '.join(empty)}; restore them as "
            "published"
        )


def _check_protocols(reading: Reading, corpus: Corpus) -> None:
    """Check that each set of eval trials has both bona fide speech and spoofs.

    No error rate can be measured without; it would be found out after all training.
    """
    if EVAL not in corpus.partitions or EVAL in reading.absent_partitions:
        return
    kinds = Counter(map(attrgetter("protocols", "label"), reading.trials))
    for protocol in corpus.protocols:
        counts = {
            label: sum(n for (names, of), n in kinds.items() if protocol in names and of == label)
            for label in (BONAFIDE, SPOOF)
        }
        if not all(counts.values()):
            raise ManifestError(
                f"{corpus.name}: protocol {protocol} of eval has {counts[BONAFIDE]:,} bona fide "
                f"trials and {counts[SPOOF]:,} spoofs, and no error rate comes of one class alone; "
                "complete the protocols and archives, or take the corpus out of the configuration"
            )


def _check_attacks(reading: Reading, corpus: Corpus) -> None:
    """Refuse names of attacks that a spreadsheet would compute: no published one begins so."""
    for attack in dict.fromkeys(trial.attack for trial in reading.trials):
        if attack is not None and inert(attack) != attack:
            raise ManifestError(
                f"{corpus.name}: an attack is named {shown(attack)}, and a table with such a name "
                "runs it as a formula where it is opened; restore the protocols and the folders "
                "as published, or rename it to begin with a letter or a digit"
            )


def _check_counts(reading: Reading, corpus: Corpus, options: Mapping[str, Any]) -> None:
    """Compare the counts with the published ones; refuse a whole corpus that differs."""
    kinds = Counter(map(attrgetter("partition", "protocols", "label"), reading.trials))
    counts: Counter[tuple[str, str | None, str]] = Counter()
    for (partition, protocols, label), number in kinds.items():
        for protocol in (None, *protocols):
            counts[partition, protocol, label] += number
    differences: list[str] = []
    for expected in corpus.expected:
        is_absent = not set(expected.partitions).isdisjoint(reading.absent_partitions)
        if is_absent or any(options[key] != value for key, value in expected.when.items()):
            continue
        if difference := _difference(expected, counts):
            if expected.is_certain and not options["subset"]:
                differences.append(difference)
            else:
                logger.info("%s: %s", corpus.name, difference)
    if differences:
        raise ManifestError(
            f"{corpus.name} is not the whole published corpus: {'; '.join(differences)}. Complete "
            f"the archives, or say so in the configuration: corpora.{corpus.name}.subset: true"
        )


def _difference(expected: Expected, counts: Mapping[tuple[str, str | None, str], int]) -> str:
    """Say how counts differ from the expected ones; nothing, if they do not."""
    bonafide, spoof = (
        sum(
            counts.get((partition, expected.protocol, label), 0)
            for partition in expected.partitions
        )
        for label in (BONAFIDE, SPOOF)
    )
    found = {"trials": bonafide + spoof, "bona fide": bonafide, "spoofs": spoof}
    stated = {"trials": expected.total, "bona fide": expected.bonafide, "spoofs": expected.spoof}
    wrong = [
        f"{found[what]:,} {what} instead of {number:,}"
        for what, number in stated.items()
        if number is not None and number != found[what]
    ]
    return f"{expected.what} has {', '.join(wrong)} ({expected.source})" if wrong else ""


def _log_counts(trials: Collection[Trial], corpus: str) -> None:
    """Log how many trials there are of each partition, label and attack."""
    labels = Counter(map(attrgetter("partition", "label"), trials))
    attacks = Counter(map(attrgetter("partition", "label", "attack"), trials))
    for (partition, label), number in labels.items():
        logger.info("%s, %s: %d %s", corpus, partition, number, label)
    for (partition, label, attack), number in attacks.items():
        if attack is not None:
            logger.info("%s, %s: %d %s by %s", corpus, partition, number, label, shown(attack))

"""The usable trials of a partition, and the quarantine of the others.

Usable are those that a front-end gave features of; for a recipe that trains its front-end, those
whose audio can be decoded.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from signl import artefacts, seals, stages
from signl.artefacts import MadeBy, atomic_write, remedy
from signl.corpora.trial_tables import read_trials
from signl.errors import ArtefactError, AudioError, ManifestError
from signl.features.index import read_index
from signl.seeds import shard_name
from signl.spreadsheets import inert_table

logger = logging.getLogger(__name__)

STAGE = stages.USABLE.rule
#: How many of the utterances that cannot be used a message names.
NAMED = 10
_QUARANTINE_COLUMNS = pa.schema(
    [
        *((name, pa.string()) for name in ("frontend", "corpus", "partition")),
        *((name, pa.int64()) for name in ("n_usable", "n_quarantined")),
        ("first_reason", pa.string()),
    ]
)


def gather_utterances(
    trials: str | Path,
    indexes: Sequence[str | Path],
    output: str | Path,
    quarantine: str | Path,
    *,
    partition: str,
    options: Mapping[str, Any],
) -> None:
    """Write the usable trials of a partition, and a table of those that are not.

    Parameters
    ----------
    trials : path
        The corpus' located trials.
    indexes : sequence of paths
        Row indexes of the feature shards, or of inspected audio:
        ``.../{archive}/{shard}.parquet``.
    output : path
        Parquet: the located trials with ``n_frames`` and ``duration_s``.
    quarantine : path
        CSV with a header: ``utterance_id``, ``packed_archive``, ``member``, ``reason``.
    partition : {"train", "dev", "eval"}
        Which trials.
    options : Mapping
        ``max_undecodable``: share of the trials, 0 to 1, that may be in quarantine.

    Raises
    ------
    AudioError
        If more trials than that are not usable; names the first ten with their reasons.
    """
    table = read_trials(trials)
    table = table.filter(pc.equal(table["partition"], partition))
    if not len(table):
        raise ManifestError(f"{trials} has no trial of partition {partition!r}")
    joined = _with_index(table, indexes)
    is_usable = pc.is_null(joined["reason"])
    refused = joined.filter(pc.invert(is_usable))
    _write_quarantine(quarantine, refused)
    _check_share(refused, len(table), options["max_undecodable"])
    made_by = MadeBy(
        stage=STAGE,
        revision=stages.USABLE.revision,
        options=dict(options),
        digests={"quarantine": seals.file_digest(quarantine), **_members_digests(indexes)},
    )
    usable = joined.filter(is_usable).drop_columns(["reason"])
    artefacts.write_table(output, usable, made_by)
    logger.info(
        "%d of %d trials of partition %s are usable (%.1f hours of audio), %d are in "
        "quarantine; wrote %s",
        len(usable),
        len(table),
        partition,
        (pc.sum(usable["duration_s"]).as_py() or 0) / 3600,
        len(refused),
        output,
    )


def read_usable(path: str | Path) -> pa.Table:
    """Read the usable trials of a partition."""
    return artefacts.read_table(path, stage=STAGE, revision=stages.USABLE.revision)


def check_members(usable: Sequence[str | Path], shards: Iterable[tuple[Path, str]]) -> None:
    """Refuse shards of other utterances than usable trials were gathered from.

    Parameters
    ----------
    usable : sequence of paths
        Tables of usable trials.
    shards : iterable of (path, digest)
        Each shard, ``.../{archive}/{shard}.*``, and the digest of its members.

    Raises
    ------
    ArtefactError
        Names the shard and how it is made anew.
    """
    stated = {
        name: digest
        for path in usable
        for name, digest in artefacts.table_made_by(path).digests.items()
        if name.count("/") == 1
    }
    for path, members in shards:
        if stated.get(f"{path.parent.name}/{path.stem}", members) != members:
            raise ArtefactError(
                f"{path} holds other utterances than {usable[0]} was gathered from; {remedy(path)}"
            )


def count_quarantine(
    usable: Sequence[str | Path], quarantines: Sequence[str | Path], output: str | Path
) -> None:
    """Write how many trials of each front-end (or audio), corpus and partition are in quarantine.

    Parameters
    ----------
    usable, quarantines : sequences of paths
        What :func:`gather_utterances` wrote, in the same order: of each partition the usable
        trials, ``.../{frontend}/{corpus}/{partition}.parquet``, and the quarantine.
    output : path
        CSV with a header: ``frontend``, ``corpus``, ``partition``, ``n_usable``,
        ``n_quarantined``, ``first_reason``.
    """
    rows: list[dict[str, Any]] = []
    for path, quarantine in zip(map(Path, usable), quarantines, strict=True):
        refused = pyarrow.csv.read_csv(quarantine)
        rows.append(
            {
                "frontend": path.parent.parent.name,
                "corpus": path.parent.name,
                "partition": path.stem,
                "n_usable": len(read_usable(path)),
                "n_quarantined": len(refused),
                "first_reason": str(refused["reason"][0]) if len(refused) else "",
            }
        )
    with atomic_write(output) as scratch:
        pyarrow.csv.write_csv(inert_table(pa.Table.from_pylist(rows, _QUARANTINE_COLUMNS)), scratch)
    logger.info(
        "%d of %d trials are in quarantine; wrote %s",
        sum(row["n_quarantined"] for row in rows),
        sum(row["n_usable"] + row["n_quarantined"] for row in rows),
        output,
    )


def _with_index(table: pa.Table, indexes: Sequence[str | Path]) -> pa.Table:
    """Join trials with the rows of the indexes, keeping the order of the trials."""
    indexed = pa.concat_tables([_index_rows(Path(path)) for path in indexes])
    keys = ["packed_archive", "shard", "row"]
    # Only the keys are joined: Arrow's join takes no column of lists, such as the protocols.
    located = table.select(keys).append_column("order", pa.array(range(len(table)), pa.int64()))
    joined = located.join(indexed, keys, join_type="left outer").sort_by("order")
    is_lost = pc.invert(pc.fill_null(pc.equal(joined["found"], table["member"]), False))
    if pc.any(is_lost).as_py():
        lost = table.filter(is_lost)
        shards = sorted(_shards_of(lost))
        paths = [path for path in map(Path, indexes) if (path.parent.name, path.stem) in shards]
        advice = f"; {remedy(paths[0])}" if paths else ""
        raise ManifestError(
            f"{len(lost)} trials are not where they should be in the shards given, first "
            f"{lost['utterance_id'].to_pylist()[:NAMED]} of {'/'.join(shards[0])}: the indexes and "
            f"the packed audio do not belong together{advice}"
        )
    for name in ("n_frames", "duration_s", "reason"):
        table = table.append_column(name, joined[name])
    return table


def _members_digests(indexes: Sequence[str | Path]) -> dict[str, str]:
    """Return, for each shard, the digest of the utterances that it holds."""
    return {
        f"{path.parent.name}/{path.stem}": artefacts.table_made_by(path).digests["members"]
        for path in map(Path, indexes)
    }


def _shards_of(table: pa.Table) -> set[tuple[str, str]]:
    """Return the archives and names of the shards that hold located trials."""
    columns = (table[name].to_pylist() for name in ("packed_archive", "shard", "n_shards"))
    return {(archive, shard_name(*rest)) for archive, *rest in zip(*columns, strict=True)}


def _index_rows(path: Path) -> pa.Table:
    """Return an index with the keys that locate its rows: archive, shard and row."""
    index = read_index(path)
    n_rows = len(index)
    shard = int(path.stem.split("-of-")[0])
    return pa.table(
        {
            "packed_archive": pa.array([path.parent.name] * n_rows, pa.string()),
            "shard": pa.array([shard] * n_rows, pa.int32()),
            "row": pa.array(range(n_rows), pa.int32()),
            "found": index["member"],
            "n_frames": index["n_frames"],
            "duration_s": index["duration_s"],
            "reason": index["reason"],
        }
    )


def _write_quarantine(path: str | Path, refused: pa.Table) -> None:
    columns = refused.select(["utterance_id", "packed_archive", "member", "reason"])
    with atomic_write(path) as scratch:
        pyarrow.csv.write_csv(inert_table(columns), scratch)


def _escaped(text: str) -> str:
    """Write what a log must not take literally, line breaks among it, as escapes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _check_share(refused: pa.Table, n_trials: int, max_share: float) -> None:
    reasons = [
        f"  {_escaped(row['utterance_id'])} "
        f"({_escaped(row['packed_archive'])}:{_escaped(row['member'])}): {_escaped(row['reason'])}"
        for row in refused.to_pylist()
    ]
    for reason in reasons:
        logger.warning("in quarantine: %s", reason.strip())
    if len(refused) > max_share * n_trials:
        raise AudioError(
            f"{len(refused)} of {n_trials} utterances cannot be used, more than the share "
            f"{max_share} that limits.undecodable allows. The first:\n" + "\n".join(reasons[:NAMED])
        )

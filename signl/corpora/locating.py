"""Where the audio of each trial was packed: archive, shard and row."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from signl import stages
from signl.archives.members import shown
from signl.artefacts import MadeBy, remedy, write_table
from signl.corpora.audio_shards import read_header, read_members
from signl.corpora.registry import archive_named
from signl.corpora.trial_tables import PLACE_FIELDS, TRIALS_SCHEMA, read_manifest
from signl.errors import ArtefactError, ManifestError
from signl.labels import PARTITIONS
from signl.typed import FromList, Options, build

logger = logging.getLogger(__name__)

STAGE: Final = stages.TRIALS.rule
_N_NAMED: Final = 10

_PLACES_SCHEMA: Final = pa.schema([pa.field("key", pa.string()), *PLACE_FIELDS])


class LocateOptions(Options):
    """Options of locating."""

    max_missing: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of the trials that may lack audio; these are dropped",
    )
    partitions: Annotated[tuple[Literal["train", "dev", "eval"], ...], FromList] = Field(
        default=PARTITIONS,
        description="trials of other partitions are left out: their archives are not used",
    )


def locate_trials(
    manifest: str | Path,
    shards: Mapping[str, Sequence[str | Path]],
    output: str | Path,
    *,
    options: Mapping[str, Any],
) -> None:
    """Join the trials of a manifest with where their audio was packed.

    Parameters
    ----------
    manifest : path
        The manifest.
    shards : Mapping
        Name of each archive to its shards, in order.
    output : path
        A table of :data:`TRIALS_SCHEMA`, in the order of the manifest.
    options : Mapping
        See :class:`LocateOptions`.

    Raises
    ------
    ManifestError
        If more trials than allowed have no audio, or an utterance was packed from two archives.
    ArtefactError
        If a shard is damaged, or not the one that its place in ``shards`` says.
    """
    chosen = build(LocateOptions, options, "locate_trials")
    trials = read_manifest(manifest)
    trials = trials.filter(pc.is_in(trials["partition"], pa.array(chosen.partitions)))
    places = _read_places(shards)
    _check_once(places)
    keys = _join(trials["archive"], trials["member"])
    rows = pc.index_in(keys, value_set=places["key"])
    missing = trials.filter(pc.is_null(rows))
    _check_missing(missing, trials.num_rows, chosen.max_missing, shards)
    found = trials.filter(pc.is_valid(rows))
    located = places.drop_columns("key").take(pc.drop_null(rows))
    columns = [*found.columns, *located.columns]
    made_by = MadeBy(
        stage=STAGE,
        revision=stages.TRIALS.revision,
        options=chosen.dump(),
    )
    write_table(output, pa.Table.from_arrays(columns, schema=TRIALS_SCHEMA), made_by)
    logger.info("located the audio of %d of %d trials", found.num_rows, trials.num_rows)


def _join(archives: pa.ChunkedArray, members: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return what tells an utterance from those of all sets of archives."""
    return pc.binary_join_element_wise(archives, members, "\n")


def _read_places(shards: Mapping[str, Sequence[str | Path]]) -> pa.Table:
    """Return a row for each packed utterance."""
    tables = [
        _read_shard_places(archive, index, len(paths), path)
        for archive, paths in shards.items()
        for index, path in enumerate(paths)
    ]
    return pa.concat_tables([_PLACES_SCHEMA.empty_table(), *tables]).combine_chunks()


def _read_shard_places(archive: str, index: int, n_shards: int, path: str | Path) -> pa.Table:
    """Return a row for each utterance of a shard."""
    header = read_header(path)
    expected = {"archive": archive, "shard": index, "n_shards": n_shards}
    if any(header.get(key) != value for key, value in expected.items()):
        raise ArtefactError(f"{path} holds {header}, expected {expected}; {remedy(path)}")
    members = read_members(path)
    n_rows = len(members)
    archive_set = archive_named(archive).set
    columns = (
        [f"{archive_set}\n{member}" for member in members],
        [archive] * n_rows,
        [index] * n_rows,
        [n_shards] * n_rows,
        range(n_rows),
    )
    arrays = [
        pa.array(column, type=field.type)
        for column, field in zip(columns, _PLACES_SCHEMA, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=_PLACES_SCHEMA)


def _check_once(places: pa.Table) -> None:
    """Refuse utterances that were packed from two archives."""
    counts = places.group_by("key").aggregate([([], "count_all")])
    repeated = counts.filter(pc.greater(counts["count_all"], 1))["key"]
    if len(repeated):
        key = repeated[0].as_py()
        archives = places.filter(pc.equal(places["key"], key))["packed_archive"].to_pylist()
        raise ManifestError(
            f"{len(repeated)} utterances lie in two archives of one set, first "
            f"{shown(key.partition(chr(10))[2])}, in {' and '.join(archives)}; get these archives "
            "anew"
        )


def _check_missing(
    missing: pa.Table, n_trials: int, max_missing: float, shards: Mapping[str, Any]
) -> None:
    """Refuse, or tell of, trials without audio."""
    if not missing.num_rows:
        return
    first = ", ".join(map(shown, missing["utterance_id"].slice(0, _N_NAMED).to_pylist()))
    sets = Counter(missing["archive"].to_pylist())
    message = (
        f"{missing.num_rows:,} of {n_trials:,} trials have no audio in {', '.join(shards)} "
        f"({', '.join(f'{number:,} of {name}' for name, number in sets.items())}): {first}"
        f"{', ...' if missing.num_rows > _N_NAMED else ''}"
    )
    if missing.num_rows > max_missing * n_trials:
        raise ManifestError(
            f"{message}. Complete the archives, or allow a share of missing audio in the "
            "configuration: max_missing"
        )
    logger.warning("%s; dropped", message)

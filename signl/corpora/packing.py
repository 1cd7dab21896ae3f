"""Packing: the utterances of an archive, still encoded, into shards.

The archive is read once, front to back, and never unpacked into loose files.
"""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc
from pydantic import Field

from signl.archives.facts import Witness, witnessing
from signl.archives.members import MAX_MEMBER_BYTES, Member, is_twice, shown
from signl.archives.streams import stream_members
from signl.corpora.audio_shards import ShardWriter
from signl.corpora.registry import archive_named
from signl.corpora.trial_tables import read_manifest
from signl.errors import ArchiveError, ManifestError
from signl.progress import telling
from signl.typed import Count, Options, build

logger = logging.getLogger(__name__)


class PackOptions(Options):
    """Options of packing."""

    archive: str = Field(description="name of the archive in signl.corpora.registry")
    max_member_bytes: Count = Field(
        default=MAX_MEMBER_BYTES, description="a larger utterance is refused"
    )


def pack_audio(
    paths: Sequence[str | Path],
    manifest: str | Path,
    outputs: Sequence[str | Path],
    *,
    options: Mapping[str, Any],
) -> None:
    """Write the utterances of an archive that a manifest names into shards.

    All shards appear once the whole archive has been read, or none does.

    Parameters
    ----------
    paths : sequence of path
        The archive's files, as :func:`signl.corpora.registry.locate_archives` gives them.
    manifest : path
        Manifest of the corpus that owns the archive (``packed_by``).
    outputs : sequence of path
        The shards, in order.
    options : Mapping
        See :class:`PackOptions`.

    Raises
    ------
    ArchiveError
        If the archive is missing, damaged or hostile, holds an utterance twice, or holds none.
    ManifestError
        If the manifest names no utterance of the archive's set.
    """
    chosen = build(PackOptions, options, "pack_audio")
    files = [Path(path) for path in paths]
    wanted = _wanted_members(manifest, chosen.archive)
    begin = time.monotonic()
    with ShardWriter([Path(path) for path in outputs], {"archive": chosen.archive}) as writer:
        with witnessing(files) as witness:
            members = stream_members(
                files,
                wanted.__contains__,
                max_bytes=chosen.max_member_bytes,
                root=archive_named(chosen.archive).root,
            )
            expected = _expected(len(wanted), chosen.archive)
            tally = _pack(members, writer, witness, files[-1], expected)
        if not tally.n_packed:
            raise ArchiveError(
                f"{shown(files[-1])} holds none of the {len(wanted):,} utterances that {manifest} "
                f"names for it, but {tally.n_ignored:,} other files, such as {tally.example!r}; is "
                f"it the published {chosen.archive}?"
            )
        writer.header |= witness.header
    seconds = time.monotonic() - begin
    logger.info(
        "packed %d utterances, %.1f MB, of %s in %.1f s (%.1f MB/s); ignored %d files that no "
        "protocol lists",
        tally.n_packed,
        tally.n_bytes / 1e6,
        chosen.archive,
        seconds,
        tally.n_bytes / 1e6 / max(seconds, 1e-9),
        tally.n_ignored,
    )


class _Tally(NamedTuple):
    """What has been packed, and what not."""

    n_packed: int
    n_bytes: int
    n_ignored: int
    example: str


def _wanted_members(manifest: str | Path, archive: str) -> frozenset[str]:
    """Return the members that the manifest names for the set of an archive; at least one."""
    table = read_manifest(manifest, columns=["archive", "member"])
    chosen = table.filter(pc.equal(table["archive"], archive_named(archive).set))
    if not chosen.num_rows:
        raise ManifestError(
            f"{manifest} names no utterance of {archive}: no protocol of them was found; put it "
            "beside the other archives (docs/corpora.md), or leave the partition out"
        )
    return frozenset(chosen["member"].to_pylist())


def _expected(n_wanted: int, archive: str) -> int:
    """Return how many utterances an archive may give: of several of a set, each has a part."""
    published = archive_named(archive).n_utterances
    return min(n_wanted, published) if published > 1 else n_wanted


def _pack(
    members: Iterable[Member], writer: ShardWriter, witness: Witness, archive: Path, expected: int
) -> _Tally:
    """Write the members that have been read, each once."""
    packed: set[str] = set()
    n_bytes = n_ignored = 0
    example = "-"
    with telling(archive.name, unit="file", total=expected) as told:
        for member in members:
            if member.content is None:
                n_ignored += 1
                example = member.name
                continue
            if member.name in packed:
                raise is_twice(archive, member.name)
            packed.add(member.name)
            witness.add(member.name, member.content)
            writer.add(member.name, member.content)
            n_bytes += member.size
            told.advance()
    return _Tally(len(packed), n_bytes, n_ignored, example)

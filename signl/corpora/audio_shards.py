"""Shards of packed audio: Parquet files of a member's name and its published bytes."""

import contextlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from signl import seals, stages
from signl.artefacts import (
    MadeBy,
    check_made_by,
    close_table,
    reading_table,
    table_made_by,
)
from signl.open_files import check_room
from signl.seeds import shard_index
from signl.whole_files import atomic_write, sync

STAGE: Final = stages.AUDIO.rule

AUDIO_SCHEMA: Final = pa.schema(
    [
        pa.field("member", pa.string(), nullable=False),
        pa.field("audio", pa.large_binary(), nullable=False),
    ]
)
#: A row group is written when it holds so much; a reader holds one at a time. Larger ones take
#: memory fresh from the system each time: 8 MB cost three times as much processor time.
ROW_GROUP_BYTES: Final = 2 << 20
#: What waits to be written, of all shards together.
PENDING_BYTES: Final = 128 << 20
#: What is being written, of all shards together, before one row group more.
_WRITTEN_BYTES: Final = 4 * ROW_GROUP_BYTES
#: Shards closed and brought to the disk side by side: half the time of one after the other.
_N_SYNCED_TOGETHER: Final = 8


class PackedAudio(NamedTuple):
    """One utterance in a shard.

    Attributes
    ----------
    row : int
        Its row in the shard.
    member : str
        Its path in the archive.
    audio : bytes
        The published file.
    """

    row: int
    member: str
    audio: bytes


class _Shard:
    """A shard that is being written."""

    def __init__(self, path: Path, made_by: MadeBy) -> None:
        self._path, self._made_by = path, made_by
        # Encoded audio does not compress, and statistics would hold whole recordings.
        self._writer = pq.ParquetWriter(
            path,
            AUDIO_SCHEMA,
            compression="none",
            use_dictionary=False,
            write_statistics=False,
            write_page_checksum=True,
        )
        self._names: list[str] = []
        self._members: list[str] = []
        self._audio: list[bytes] = []
        self.n_pending_bytes = 0

    def add(self, member: str, audio: bytes) -> None:
        self._names.append(member)
        self._members.append(member)
        self._audio.append(audio)
        self.n_pending_bytes += len(audio)

    def take_pending(self) -> tuple[list[str], list[bytes]]:
        pending = self._members, self._audio
        self._members, self._audio, self.n_pending_bytes = [], [], 0
        return pending

    def write(self, members: list[str], audio: list[bytes]) -> None:
        columns = [pa.array(members, pa.string()), _large_binary(audio)]
        self._writer.write_batch(pa.record_batch(columns, schema=AUDIO_SCHEMA))

    def finish(self, header: Mapping[str, Any]) -> None:
        """Write the header, which tells of all members, and close the file."""
        digests = {"members": seals.text_digest(self._names)}
        close_table(self._writer, replace(self._made_by, digests=digests), **header)
        seals.seal_table(self._path, with_data=False)

    def close(self) -> None:
        self._writer.close()

    def sync(self) -> None:
        """Wait until all that has been written lies on the disk."""
        sync(self._path)


def _large_binary(values: list[bytes]) -> pa.LargeBinaryArray:
    """Return an array of byte strings, joined at once: twice as fast as pa.array."""
    offsets = np.cumsum([0, *map(len, values)], dtype=np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(values))]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(values), buffers)


class ShardWriter:
    """Writes the shards of an archive; they appear together, when the block ends well.

    Parameters
    ----------
    outputs : sequence of Path
        The shards, in order; :func:`signl.seeds.shard_index` says where a member goes.
    options : dict
        What the shards' headers are to say of how they were made.

    Attributes
    ----------
    header : dict
        What else the headers are to say, until the block ends: of the archives that were read.
    """

    def __init__(self, outputs: Sequence[Path], options: dict[str, Any]) -> None:
        self._outputs = outputs
        self._options = options
        self.header: dict[str, Any] = {}
        self._shards: list[_Shard] = []
        self._n_pending_bytes = 0
        self._writing: deque[tuple[Future[None], int]] = deque()
        self._n_written_bytes = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Open all shards, under scratch names.

        Raises
        ------
        ConfigError
            If they are more than this process may have open.
        """
        check_room(len(self._outputs), str(self._options.get("archive", "an archive")))
        with contextlib.ExitStack() as stack:
            # Renamed last: before, all that waits is written and all writers are closed.
            scratches = [
                stack.enter_context(atomic_write(path, is_synced=True)) for path in self._outputs
            ]
            for index, scratch in enumerate(scratches):
                shard = _Shard(scratch, self._made_by(index))
                stack.callback(shard.close)
                self._shards.append(shard)
            # Row groups are written while the next are read and decompressed, and what has been
            # written goes to the disk meanwhile: else all of it would at the end.
            self._writer = stack.enter_context(ThreadPoolExecutor(max_workers=1))
            self._syncer = stack.enter_context(ThreadPoolExecutor(max_workers=1))
            self._syncing = self._syncer.submit(self._shards[0].sync)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what waits and give the shards their names; or remove them, after an error."""
        with self._stack:
            if error is not None:
                raise error
            for shard in self._shards:
                self._flush(shard)
            self._wait(n_left=-1)
            self._syncing.result()
            self._finish()

    def add(self, member: str, audio: bytes) -> None:
        """Add an utterance to its shard."""
        shard = self._shards[shard_index(member, len(self._shards))]
        if len(audio) >= ROW_GROUP_BYTES:
            # A long recording gets a row group of its own, for which it need not be copied.
            self._flush(shard)
        shard.add(member, audio)
        self._n_pending_bytes += len(audio)
        if shard.n_pending_bytes >= ROW_GROUP_BYTES:
            self._flush(shard)
        elif self._n_pending_bytes >= PENDING_BYTES:
            self._flush(max(self._shards, key=lambda item: item.n_pending_bytes))

    def _flush(self, shard: _Shard) -> None:
        n_bytes = shard.n_pending_bytes
        members, audio = shard.take_pending()
        if not members:
            return
        self._n_pending_bytes -= n_bytes
        self._wait(n_left=_WRITTEN_BYTES)
        self._n_written_bytes += n_bytes
        self._writing.append((self._writer.submit(shard.write, members, audio), n_bytes))
        if self._syncing.done():
            self._syncing.result()
            self._syncing = self._syncer.submit(shard.sync)

    def _wait(self, n_left: int) -> None:
        """Wait until no more than so many bytes are being written; raise what went wrong."""
        while self._writing and self._n_written_bytes > n_left:
            writing, n_bytes = self._writing.popleft()
            writing.result()
            self._n_written_bytes -= n_bytes

    def _finish(self) -> None:
        """Bring all shards to the disk before the first gets its name: a full one leaves none."""

        def finish(shard: _Shard) -> None:
            shard.finish(self.header)
            shard.sync()

        with ThreadPoolExecutor(_N_SYNCED_TOGETHER) as pool:
            for _ in pool.map(finish, self._shards):
                pass

    def _made_by(self, index: int) -> MadeBy:
        options = {**self._options, "shard": index, "n_shards": len(self._outputs)}
        made_by = MadeBy(stage=STAGE, revision=stages.AUDIO.revision, options=options)
        return made_by.placed_at(self._outputs[index])


def read_header(path: str | Path) -> dict[str, Any]:
    """Return the options with which a shard was made: archive, shard, n_shards; or of copies.

    Raises
    ------
    ArtefactError
        If the file is no whole shard, or of another revision.
    """
    made_by = table_made_by(path)
    # Copies of utterances are read as utterances are.
    stage = stages.COPIES if made_by.stage == stages.COPIES.rule else stages.AUDIO
    check_made_by(made_by, path, stage=stage.rule, revision=stage.revision)
    return dict(made_by.options)


def read_members(path: str | Path) -> list[str]:
    """Return the members in a shard, in the order of its rows.

    Raises
    ------
    ArtefactError
        If the file is no whole shard, or of another revision.
    """
    read_header(path)
    with reading_table(path):
        table = pq.read_table(
            path, columns=["member"], partitioning=None, page_checksum_verification=True
        )
    members: list[str] = table["member"].to_pylist()
    return members


def count_packed(path: str | Path) -> int:
    """Return how many utterances a shard has, by its footer."""
    with reading_table(path), pq.ParquetFile(path) as file:
        n_rows: int = file.metadata.num_rows
    return n_rows


def iterate_audio(path: str | Path) -> Iterator[PackedAudio]:
    """Yield the utterances of a shard in the order of its rows, holding a row group at a time.

    Raises
    ------
    ArtefactError
        If the file is no whole shard, or of another revision.
    """
    read_header(path)
    row = 0
    with reading_table(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            for member, audio in zip(table["member"], table["audio"], strict=True):
                yield PackedAudio(row, member.as_py(), audio.as_py())
                row += 1

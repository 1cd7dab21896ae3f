"""Audio shards read row by row, in any order, as training on waveforms does."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from signl.artefacts import MadeBy, reading_table, table_made_by
from signl.corpora.audio_shards import PackedAudio, read_header
from signl.errors import ArtefactError
from signl.open_files import keep_open
from signl.seals import table_seal
from signl.shards import by_archive


class AudioShard:
    """An audio shard, opened for reading; a row is read with the others of its row group.

    A row group holds 2 MB or a longer recording, and is let go once the row is taken: in random
    order the next row is hardly ever in it.

    Raises
    ------
    ArtefactError
        If the file is no whole shard, or of another revision.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        read_header(path)
        with reading_table(path):
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
        metadata = self._file.metadata
        sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        self._starts: list[int] = [0, *accumulate(sizes)]

    def __len__(self) -> int:
        """Return the number of utterances."""
        return self._starts[-1]

    def audio(self, row: int) -> bytes:
        """Return the published file of the utterance in ``row``."""
        return self.entry(row).audio

    def entry(self, row: int) -> PackedAudio:
        """Return the utterance in ``row``."""
        if not 0 <= row < len(self):
            raise no_row(self.path, len(self), row)
        group = bisect_right(self._starts, row) - 1
        with reading_table(self.path):
            columns = self._file.read_row_group(group)
        place = row - self._starts[group]
        return PackedAudio(row, *(columns[name][place].as_py() for name in ("member", "audio")))


def no_row(path: Path, n_rows: int, row: int) -> ArtefactError:
    """Return what is raised where a shard has no such row."""
    return ArtefactError(f"{path} has {n_rows} rows, row {row} is none of them")


def no_shard(archive: str, shard: int) -> ArtefactError:
    """Return what is raised where no shard that was given is the one of an utterance."""
    return ArtefactError(f"no audio shard {shard} of archive {archive!r} among those given")


class AudioStore:
    """The audio shards that a job reads.

    Parameters
    ----------
    paths : sequence of paths
        ``.../{archive}/{shard}.parquet``, all shards of each archive.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self._paths = by_archive(paths)
        self._open: dict[tuple[str, int], AudioShard] = {}

    @property
    def made_by(self) -> MadeBy:
        """What made the shards, as the first says."""
        return table_made_by(next(iter(self._paths.values()))[0])

    def members(self) -> Iterator[tuple[Path, str]]:
        """Yield of each shard its path and the digest of its members."""
        for paths in self._paths.values():
            for path in paths:
                yield path, table_made_by(path).digests["members"]

    def seals(self) -> list[str]:
        """Return the seal of each shard: another one where its files are of other sizes."""
        return [table_seal(path) for paths in self._paths.values() for path in paths]

    def audio(self, archive: str, shard: int, row: int) -> bytes:
        """Return the published file of an utterance."""
        return self.entry(archive, shard, row).audio

    def entry(self, archive: str, shard: int, row: int) -> PackedAudio:
        """Return an utterance: its name in the archive, and its published file."""
        key = (archive, shard)
        if key not in self._open:
            try:
                keep_open(self._open, key, AudioShard(self._paths[archive][shard]))
            except (KeyError, IndexError):
                raise no_shard(archive, shard) from None
        return self._open[key].entry(row)

    def __getstate__(self) -> dict[str, Any]:
        """Leave open files behind: each worker process opens its own."""
        return {"_paths": self._paths, "_open": {}}

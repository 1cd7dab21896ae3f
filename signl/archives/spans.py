"""The files of a spanned zip as one file."""

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from signl.archives.sources import CHUNK_BYTES


class Spans(io.RawIOBase):
    """Several files read as one, one after the other.

    Parameters
    ----------
    paths : sequence of Path
        The files, in order.

    Attributes
    ----------
    starts : list of int
        Position of the first byte of each file, and last the total size.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._handles: list[io.FileIO] = []
        try:
            self._handles += [io.FileIO(path) for path in paths]
            sizes = [path.stat().st_size for path in paths]
        except OSError:
            self.close()
            raise
        self.starts = [0, *accumulate(sizes)]
        self._position = 0

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def seekable(self) -> bool:
        """Whether it can be sought: yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.starts[-1]}
        self._position = base[whence] + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into ``buffer``, at most to the end of one of the files."""
        if self._position >= self.starts[-1]:
            return 0
        index = bisect_right(self.starts, self._position) - 1
        size = min(len(buffer), self.starts[index + 1] - self._position)
        handle = self._handles[index]
        handle.seek(self._position - self.starts[index])
        n_read = handle.readinto(memoryview(buffer)[:size])
        self._position += n_read
        return n_read

    def close(self) -> None:
        """Close the files."""
        for handle in self._handles:
            handle.close()
        super().close()


def open_spans(paths: Sequence[Path]) -> tuple[io.BufferedReader, list[int]]:
    """Open files as one; return a buffered reader and the position at which each begins."""
    spans = Spans(paths)
    return io.BufferedReader(spans, CHUNK_BYTES), spans.starts

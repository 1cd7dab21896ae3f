"""Bytes of a file, plain or gzip-compressed, read forwards once."""

import zlib
from pathlib import Path
from typing import Final, Protocol

from signl.archives.members import changed, check_count, check_ratio, damaged

#: Read from disk at a time.
CHUNK_BYTES: Final = 1 << 20
#: After the end mark of a tar come some zeros, at most a block's worth; more is another file.
MAX_TRAILING_BYTES: Final = 1 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b"


class Source(Protocol):
    """Bytes that are read forwards once."""

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes; an ArchiveError if there are fewer."""

    def read_some(self, size: int) -> bytes:
        """Return the next ``size`` bytes, or as many as there are."""

    def skip(self, size: int) -> None:
        """Pass over the next ``size`` bytes; an ArchiveError if there are fewer."""

    def finish(self) -> None:
        """Check that what follows is no more than padding, and is whole."""

    def close(self) -> None:
        """Close the file."""


def open_source(path: Path) -> Source:
    """Open a file for reading forwards; by its first bytes, plain or gzip-compressed."""
    with path.open("rb") as handle:
        is_gzip = handle.read(2) == _GZIP_MAGIC
    return GzipSource(path) if is_gzip else FileSource(path)


class FileSource:
    """A plain file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = path.open("rb", buffering=CHUNK_BYTES)
        self._left = path.stat().st_size

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes."""
        self._take(size)
        content = self._handle.read(size)
        if len(content) < size:
            raise changed(self._path, "shrank while it was read")
        return content

    def read_some(self, size: int) -> bytes:
        """Return the next ``size`` bytes, or as many as there are."""
        return self.read(min(size, self._left))

    def skip(self, size: int) -> None:
        """Pass over the next ``size`` bytes without reading them."""
        self._take(size)
        self._handle.seek(size, 1)

    def finish(self) -> None:
        """Check that no more than padding follows."""
        if self._left > MAX_TRAILING_BYTES:
            raise damaged(self._path, f"holds {self._left:,} bytes after its end mark")

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    def _take(self, size: int) -> None:
        if size > self._left:
            raise damaged(
                self._path, f"ends early, {size - self._left:,} bytes into a missing part"
            )
        self._left -= size


class GzipSource:
    """A gzip-compressed file, of one or several gzip members; their checksums are checked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = path.open("rb", buffering=0)
        self._inflater = zlib.decompressobj(wbits=31)
        self._n_gzip_members = 1
        self._n_inflated = 0
        self._compressed = b""
        self._chunk = b""
        self._position = 0

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes, decompressed."""
        end = self._position + size
        if end <= len(self._chunk):
            content = self._chunk[self._position : end]
            self._position = end
            return content
        pieces = [self._chunk[self._position :]]
        missing = size - len(pieces[0])
        while missing > 0:
            self._next_chunk()
            self._position = min(missing, len(self._chunk))
            pieces.append(self._chunk[: self._position])
            missing -= self._position
        return b"".join(pieces)

    def read_some(self, size: int) -> bytes:
        """Return the next ``size`` bytes, decompressed, or as many as there are."""
        pieces: list[bytes] = []
        while size:
            if self._position == len(self._chunk) and not self._inflate():
                break
            pieces.append(self._chunk[self._position : self._position + size])
            self._position += len(pieces[-1])
            size -= len(pieces[-1])
        return b"".join(pieces)

    def skip(self, size: int) -> None:
        """Decompress the next ``size`` bytes and drop them."""
        while size > len(self._chunk) - self._position:
            size -= len(self._chunk) - self._position
            self._next_chunk()
        self._position += size

    def finish(self) -> None:
        """Decompress what follows, to check that it is padding and that all was whole."""
        n_trailing = len(self._chunk) - self._position
        while self._inflate():
            n_trailing += len(self._chunk)
            if n_trailing > MAX_TRAILING_BYTES:
                raise damaged(self._path, "holds further data after its end mark")

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    def _next_chunk(self) -> None:
        if not self._inflate():
            raise damaged(self._path, "ends early")

    def _inflate(self) -> bool:
        """Decompress the next chunk; whether there was one."""
        self._chunk, self._position = b"", 0
        while not self._chunk:
            if self._inflater.eof and not self._next_gzip_member():
                return False
            self._compressed = self._compressed or self._handle.read(CHUNK_BYTES)
            is_at_end = not self._compressed
            try:
                self._chunk = self._inflater.decompress(self._compressed, CHUNK_BYTES)
            except zlib.error as error:
                offset = self._handle.tell() - len(self._compressed)
                raise damaged(self._path, f"near byte {offset:,}, {error}") from error
            if is_at_end and not self._chunk and not self._inflater.eof:
                raise damaged(self._path, "ends within its compressed data")
            self._compressed = self._inflater.unconsumed_tail
        self._n_inflated += len(self._chunk)
        check_ratio("its content", self._n_inflated, self._handle.tell(), self._path)
        return True

    def _next_gzip_member(self) -> bool:
        """Begin the next gzip member; whether one follows. Zero padding is passed over."""
        rest = self._inflater.unused_data or self._handle.read(CHUNK_BYTES)
        while rest and not rest.strip(b"\0"):
            rest = self._handle.read(CHUNK_BYTES)
        if not rest:
            return False
        # Each costs some time, even one of no content.
        self._n_gzip_members += 1
        check_count(self._n_gzip_members, self._path)
        self._compressed = rest.lstrip(b"\0")
        self._inflater = zlib.decompressobj(wbits=31)
        return True

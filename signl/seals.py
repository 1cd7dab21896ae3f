"""Seals: a digest that a file holds of its own head, by which any change of it is found.

The head is what says how the rest is to be read: the footer of a Parquet file, the header of
a safetensors file, and all of a JSON document. A seal stands in it as text, ``"seal": "..."``,
and is taken with the digits of the seal itself set to :data:`BLANK`. The rest has checksums of
its own: a digest in the head, ``"data": "..."``, and in Parquet those of its pages. Shards of
audio have the latter alone, for a digest would have them read once more.
"""

import hashlib
import json
import re
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

#: The digits of a seal before it is set.
BLANK: Final = "0" * 32
_CHUNK_BYTES: Final = 1 << 20
_MAX_HEAD_BYTES: Final = 1 << 30
_PARQUET: Final = b"PAR1"


class SealError(ValueError):
    """A file that is not what was written."""


class _Head(NamedTuple):
    """The head of a file and where it lies."""

    start: int
    content: bytes

    @property
    def stop(self) -> int:
        return self.start + len(self.content)


def _table_head(handle: BinaryIO) -> _Head:
    """Return the footer of a Parquet file."""
    size = handle.seek(0, 2)
    handle.seek(0)
    begins = handle.read(len(_PARQUET)) == _PARQUET
    handle.seek(max(0, size - 8))
    tail = handle.read()
    if not begins or tail[4:] != _PARQUET:
        raise SealError(f"{size:,} bytes that are no Parquet file, or a part of one")
    (n_bytes,) = struct.unpack("<I", tail[:4])
    start = size - 8 - n_bytes
    if start < len(_PARQUET):
        raise SealError("its footer is longer than the file")
    handle.seek(start)
    return _Head(start, handle.read())


def _tensors_head(handle: BinaryIO) -> _Head:
    """Return the header of a safetensors file."""
    size = handle.seek(0, 2)
    handle.seek(0)
    begin = handle.read(8)
    n_bytes = struct.unpack("<Q", begin)[0] if len(begin) == 8 else size
    if n_bytes > min(size - 8, _MAX_HEAD_BYTES):
        raise SealError(f"{size:,} bytes that are no safetensors file, or a part of one")
    head = handle.read(n_bytes)
    if size != 8 + n_bytes + _data_bytes(head):
        raise SealError(f"{size:,} bytes, which are not as many as its header says")
    return _Head(0, begin + head)


def _data_bytes(head: bytes) -> int:
    """Return how many bytes follow the header of a safetensors file."""
    try:
        fields = {name: value for name, value in json.loads(head).items() if name[0] != "_"}
        return max((int(value["data_offsets"][1]) for value in fields.values()), default=0)
    except (
        *(AttributeError, IndexError, KeyError, TypeError, ValueError),
        *(ArithmeticError, RecursionError),
    ) as error:
        raise SealError(f"its header cannot be read: {error!r}") from error


def _field(head: bytes, name: str) -> slice:
    """Return where the digits of a field stand in a head."""
    places = list(re.finditer(rf'\b{name}\\?": ?\\?"([0-9a-f]{{32}})'.encode(), head))
    if len(places) != 1:
        raise SealError(f"it has no {name}")
    return slice(*places[0].span(1))


def _blanked(head: bytes, place: slice) -> bytes:
    return head[: place.start] + BLANK.encode() + head[place.stop :]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[: len(BLANK)]


def _put(handle: BinaryIO, head: _Head, place: slice, digits: str) -> None:
    handle.seek(head.start + place.start)
    handle.write(digits.encode())


def _seal(path: str | Path, read_head: Callable[[BinaryIO], _Head]) -> None:
    with Path(path).open("r+b") as handle:
        head = read_head(handle)
        place = _field(head.content, "seal")
        _put(handle, head, place, _digest(_blanked(head.content, place)))


def _check(head: _Head) -> None:
    place = _field(head.content, "seal")
    if _digest(_blanked(head.content, place)).encode() != head.content[place]:
        raise SealError("its seal is broken")


def seal_table(path: str | Path, *, with_data: bool = True) -> None:
    """Set the seal, and the digest of the data, of a Parquet file in whose header they are blank.

    Parameters
    ----------
    path : path
        The file.
    with_data : bool
        Whether its header has a digest of the data.
    """
    if with_data:
        with Path(path).open("r+b") as handle:
            head = _table_head(handle)
            digest = _digest_between(handle, 0, head.start)
            _put(handle, head, _field(head.content, "data"), digest)
    _seal(path, _table_head)


def seal_tensors(path: str | Path) -> None:
    """Set the digest of the data and the seal of a safetensors file that has both blank."""
    with Path(path).open("r+b") as handle:
        head = _tensors_head(handle)
        _put(handle, head, _field(head.content, "data"), _digest_between(handle, head.stop))
    _seal(path, _tensors_head)


def seal_document(content: bytes) -> bytes:
    """Return a document with its blank seal set."""
    place = _field(content, "seal")
    sealed = _digest(_blanked(content, place)).encode()
    return content[: place.start] + sealed + content[place.stop :]


def check_table(path: str | Path) -> None:
    """Refuse a Parquet file whose footer is not what was written.

    Raises
    ------
    SealError
        Says what is wrong.
    """
    with Path(path).open("rb") as handle:
        _check(_table_head(handle))


def check_table_data(path: str | Path) -> bool:
    """Refuse a Parquet file whose data are not what was written; reads all of them.

    Returns
    -------
    bool
        Whether it has a digest of its data: if not, its pages have to be read.
    """
    with Path(path).open("rb") as handle:
        head = _table_head(handle)
        _check(head)
        if b'"data": ' not in head.content:
            return False
        _check_data(head, _digest_between(handle, 0, head.start))
        return True


def check_tensors(path: str | Path) -> None:
    """Refuse a safetensors file whose header is not what was written; its data are not read."""
    with Path(path).open("rb") as handle:
        _check(_tensors_head(handle))


def table_seal(path: str | Path) -> str:
    """Return a digest of the footer of a Parquet file, its seal included."""
    with Path(path).open("rb") as handle:
        return _digest(_table_head(handle).content)


def tensors_seal(path: str | Path) -> str:
    """Return a digest of the header of a safetensors file, where its data have one too."""
    with Path(path).open("rb") as handle:
        return _digest(_tensors_head(handle).content)


def tensors_header(path: str | Path) -> dict[str, Any]:
    """Return the header of a safetensors file, ours or not, whose size fits it.

    Raises
    ------
    SealError
        If it is none, or a part of one.
    """
    with Path(path).open("rb") as handle:
        header: dict[str, Any] = json.loads(_tensors_head(handle).content[8:])
        return header


def check_document(content: bytes) -> None:
    """Refuse a document that is not what was written."""
    _check(_Head(0, content))


def check_tensor_data(path: str | Path) -> None:
    """Refuse a safetensors file whose data are not what was written; reads all of them."""
    with Path(path).open("rb") as handle:
        head = _tensors_head(handle)
        _check(head)
        _check_data(head, _digest_between(handle, head.stop))


def _check_data(head: _Head, digest: str) -> None:
    if head.content[_field(head.content, "data")].decode() != digest:
        raise SealError("its data are not those that were written")


def _digest_between(handle: BinaryIO, start: int, stop: int | None = None) -> str:
    """Return the digest of a part of a file, by default of all that follows, read in chunks."""
    handle.seek(start)
    n_left = sys.maxsize if stop is None else stop - start
    hasher = hashlib.sha256()
    while chunk := handle.read(min(_CHUNK_BYTES, n_left)):
        hasher.update(chunk)
        n_left -= len(chunk)
    return hasher.hexdigest()[: len(BLANK)]


def file_digest(path: str | Path) -> str:
    """Return the digest of a whole file, as the headers of others state it."""
    with Path(path).open("rb") as handle:
        return _digest_between(handle, 0)


def text_digest(lines: list[str]) -> str:
    """Return the digest of lines of text, in their order."""
    return _digest("".join(f"{line}\n" for line in lines).encode())

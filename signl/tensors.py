"""Writing of safetensors files, block by block.

The safetensors package gathers all bytes in memory before it writes them, to a temporary file of
its own, which a kill leaves behind and which nobody but its owner may read.
"""

import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

import torch
from torch import Tensor

#: What the format calls the types of elements that this package stores, in the order in which the
#: safetensors package has them: tensors of later ones come first in a file.
_NAMES: Final = {
    torch.bool: "BOOL",
    torch.uint8: "U8",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int32: "I32",
    torch.float32: "F32",
    torch.float64: "F64",
    torch.int64: "I64",
}
_RANKS: Final = {dtype: rank for rank, dtype in enumerate(_NAMES)}


class Blocks(NamedTuple):
    """A tensor in blocks of rows.

    Attributes
    ----------
    shape : sequence of int
        Of the whole.
    dtype : dtype
        Of all blocks.
    blocks : iterable of Tensor
        They are taken one after the other.

    See Also
    --------
    GrowingFile : where how many rows there will be is not known before the last.
    """

    shape: Sequence[int]
    dtype: torch.dtype
    blocks: Iterable[Tensor]


def write_tensors(
    path: str | Path, tensors: Mapping[str, Tensor | Blocks], metadata: Mapping[str, str]
) -> None:
    """Write a safetensors file.

    Parameters
    ----------
    path : path
        The file; it is written in place.
    tensors : Mapping
        Name -> tensor, on any device.
    metadata : Mapping
        Texts for the header.

    Raises
    ------
    ValueError
        If a type cannot be stored, or blocks are not of the size that was said.

    References
    ----------
    https://huggingface.co/docs/safetensors: the length of the header in 8 bytes, the header as
    JSON, and the bytes of the tensors without gaps.
    """
    whole = {
        name: each if isinstance(each, Blocks) else Blocks(each.shape, each.dtype, [each])
        for name, each in tensors.items()
    }
    if strange := [name for name, each in whole.items() if each.dtype not in _NAMES]:
        raise ValueError(f"{strange[0]} is of {whole[strange[0]].dtype}; known are {list(_NAMES)}")
    with Path(path).open("wb") as handle:
        handle.write(_head(whole, metadata))
        for name in _in_order(whole):
            n_bytes = sum(handle.write(_bytes_of(block)) for block in whole[name].blocks)
            expected = math.prod(whole[name].shape) * whole[name].dtype.itemsize
            if n_bytes != expected:
                raise ValueError(f"{name}: blocks of {n_bytes:,} bytes, expected {expected:,}")


class GrowingFile:
    """A safetensors file of tensors of known size, and one last tensor that grows row by row.

    Nothing but the rows that are being added is held in memory.

    Parameters
    ----------
    path : path
        The file; it is written in place.
    known : Mapping
        Name -> shape and type of the tensors of known size; their elements are wider than those
        of the one that grows, which therefore comes last.
    grows : str
        Name of the one that grows.
    row_shape : sequence of int
        Shape of one of its rows.
    dtype : dtype
        Its type.
    max_rows : int
        Rows that it may come to have.
    metadata : Mapping
        Texts as long as those of the header will be.
    """

    def __init__(
        self,
        path: str | Path,
        known: Mapping[str, tuple[Sequence[int], torch.dtype]],
        *,
        grows: str,
        row_shape: Sequence[int],
        dtype: torch.dtype,
        max_rows: int,
        metadata: Mapping[str, str],
    ) -> None:
        self._known = {name: Blocks(*each, []) for name, each in known.items()}
        self._grows, self._row_shape, self._dtype = grows, list(row_shape), dtype
        self.n_rows, self._max_rows = 0, max_rows
        if _in_order(self._tensors(max_rows))[-1] != grows:
            raise ValueError(f"{grows} grows and is not the last tensor of its file")
        self._room = len(_head(self._tensors(max_rows), metadata))
        n_bytes = sum(math.prod(each.shape) * each.dtype.itemsize for each in self._known.values())
        self._handle = Path(path).open("wb")  # noqa: SIM115
        self._handle.seek(self._room + n_bytes)

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._handle.close()

    def append(self, rows: Tensor) -> None:
        """Add rows.

        Raises
        ------
        ValueError
            If they are of another shape or type, or there are more than was said.
        """
        if list(rows.shape[1:]) != self._row_shape or rows.dtype != self._dtype:
            raise ValueError(
                f"{self._grows}: rows of shape {list(rows.shape[1:])} and type {rows.dtype}, "
                f"expected {self._row_shape} and {self._dtype}"
            )
        self.n_rows += len(rows)
        if self.n_rows > self._max_rows:
            raise ValueError(f"{self._grows}: more than {self._max_rows:,} rows")
        self._handle.write(_bytes_of(rows))

    def finish(self, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
        """Write the header and the tensors of known size, and close the file."""
        whole = self._tensors(self.n_rows)
        head = _head(whole, metadata, room=self._room)
        self._handle.seek(0)
        self._handle.write(head)
        for name in _in_order(whole)[:-1]:
            tensor, expected = tensors[name], self._known[name]
            if list(tensor.shape) != list(expected.shape) or tensor.dtype != expected.dtype:
                raise ValueError(f"{name} is not of the shape and type that were said")
            self._handle.write(_bytes_of(tensor))
        self._handle.close()

    def _tensors(self, n_rows: int) -> dict[str, Blocks]:
        return {**self._known, self._grows: Blocks([n_rows, *self._row_shape], self._dtype, [])}


def _in_order(whole: Mapping[str, Blocks]) -> list[str]:
    """Return names as tensors lie in a file: wide elements first.

    Then each begins at a multiple of their width.
    """
    return sorted(whole, key=lambda name: (-_RANKS[whole[name].dtype], name))


def _head(whole: Mapping[str, Blocks], metadata: Mapping[str, str], *, room: int = 0) -> bytes:
    """Return the header and its length, filled up with spaces to ``room`` bytes.

    Raises
    ------
    ValueError
        If there is less room than it takes.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for name in _in_order(whole):
        shape, dtype, _ = whole[name]
        start, end = end, end + math.prod(shape) * dtype.itemsize
        header[name] = {
            "dtype": _NAMES[dtype],
            "shape": list(shape),
            "data_offsets": [start, end],
        }
    head = json.dumps(header, separators=(",", ":")).encode()
    size = max(room - 8, len(head) + -len(head) % 8)
    if room and size > room - 8:
        raise ValueError(f"a header of {len(head):,} bytes, and room for {room - 8:,}")
    return struct.pack("<Q", size) + head.ljust(size)


def _bytes_of(block: Tensor) -> memoryview:
    elements = block.detach().cpu().contiguous().reshape(-1)
    return elements.view(torch.uint8).numpy().data

"""Writing of safetensors files, block by block.

The safetensors package gathers all bytes in memory before it writes them, to a temporary file of
its own, which a kill leaves behind and which nobody but its owner may read.
"""

import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import torch
from torch import Tensor

#: What the format calls the types of elements that this package stores, in the order in which the
#: safetensors package has them: tensors of later ones come first in a file.
_NAMES: Final = {
    torch.bool: "BOOL",
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
    # Wide elements first: then each tensor begins at a multiple of their width.
    names = sorted(whole, key=lambda name: (-_RANKS[whole[name].dtype], name))
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for name in names:
        shape, dtype, _ = whole[name]
        start, end = end, end + math.prod(shape) * dtype.itemsize
        header[name] = {
            "dtype": _NAMES[dtype],
            "shape": list(shape),
            "data_offsets": [start, end],
        }
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    with Path(path).open("wb") as handle:
        handle.write(struct.pack("<Q", len(head)) + head)
        for name in names:
            n_bytes = sum(handle.write(_bytes_of(block)) for block in whole[name].blocks)
            expected = math.prod(whole[name].shape) * whole[name].dtype.itemsize
            if n_bytes != expected:
                raise ValueError(f"{name}: blocks of {n_bytes:,} bytes, expected {expected:,}")


def _bytes_of(block: Tensor) -> memoryview:
    elements = block.detach().cpu().contiguous().reshape(-1)
    return elements.view(torch.uint8).numpy().data

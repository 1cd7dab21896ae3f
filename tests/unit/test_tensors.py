"""Files are those that the safetensors package reads, and of those that it writes."""

import os

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from signl.tensors import Blocks, GrowingFile, write_tensors

TENSORS = {
    "weight": torch.arange(6.0).reshape(2, 3),
    "half": torch.arange(5).half(),
    "brain": torch.arange(3).bfloat16(),
    "double": torch.arange(2).double(),
    "count": torch.tensor(7),
    "index": torch.arange(4).reshape(2, 2),
    "short index": torch.arange(3, dtype=torch.int32),
    "mask": torch.tensor([True, False, True]),
    "none": torch.empty(0, 4),
    "transposed": torch.arange(6.0).reshape(2, 3).T,
}


def test_what_is_written_is_what_the_package_reads(tmp_path):
    path = tmp_path / "tensors.safetensors"
    write_tensors(path, TENSORS, {"signl": "a header"})
    loaded = load_file(path)
    assert loaded.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name], tensor), name
    with safe_open(path, framework="pt") as file:
        assert file.metadata() == {"signl": "a header"}


def test_the_bytes_are_those_that_the_package_writes(tmp_path):
    own, theirs = tmp_path / "own", tmp_path / "theirs"
    write_tensors(own, TENSORS, {"signl": "a header"})
    save_file({name: t.contiguous() for name, t in TENSORS.items()}, theirs, {"signl": "a header"})
    assert own.read_bytes() == theirs.read_bytes()


def test_blocks_are_one_tensor(tmp_path):
    whole, path = torch.arange(21).half().reshape(7, 3), tmp_path / "blocks"
    blocks = Blocks([7, 3], torch.float16, iter([whole[:2], whole[2:2], whole[2:]]))
    write_tensors(path, {"frames": blocks}, {})
    assert torch.equal(load_file(path)["frames"], whole)
    with pytest.raises(ValueError, match="frames: blocks of 12 bytes, expected 42"):
        write_tensors(path, {"frames": Blocks([7, 3], torch.float16, [whole[:2]])}, {})


def test_a_type_that_cannot_be_stored_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"phase is of torch\.complex64; known are .*float16"):
        write_tensors(tmp_path / "x", {"phase": torch.zeros(1, dtype=torch.complex64)}, {})


def test_whoever_may_read_the_folder_may_read_the_file(tmp_path):
    path, mask = tmp_path / "tensors", os.umask(0o022)
    try:
        write_tensors(path, TENSORS, {})
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o644


def growing(path, max_rows, metadata=None):
    known = {"offsets": ([3], torch.int64)}
    return GrowingFile(
        path,
        known,
        grows="frames",
        row_shape=[4],
        dtype=torch.float16,
        max_rows=max_rows,
        metadata=metadata or {"signl": "00"},
    )


@pytest.mark.parametrize("max_rows", [5, 1_000_000])
def test_a_tensor_that_grows_is_read_as_one_that_was_written_whole(tmp_path, max_rows):
    frames, offsets = torch.rand(5, 4).half(), torch.tensor([0, 2, 5])
    with growing(tmp_path / "grown", max_rows) as file:
        for rows in frames.split([2, 0, 3]):
            file.append(rows)
        file.finish({"offsets": offsets}, {"signl": "ab"})
    with safe_open(tmp_path / "grown", framework="pt") as found:
        assert found.metadata() == {"signl": "ab"}
        assert torch.equal(found.get_tensor("frames"), frames)
        assert torch.equal(found.get_tensor("offsets"), offsets)
    tensors = {"frames": frames, "offsets": offsets}
    write_tensors(tmp_path / "whole", tensors, {"signl": "ab"})
    if max_rows == len(frames):
        assert (tmp_path / "grown").read_bytes() == (tmp_path / "whole").read_bytes()


def test_what_does_not_fit_a_growing_file_is_refused(tmp_path):
    path = tmp_path / "grown"
    with growing(path, 3) as file:
        file.append(torch.zeros(2, 4).half())
        with pytest.raises(ValueError, match="more than 3 rows"):
            file.append(torch.zeros(2, 4).half())
    with growing(path, 3) as file, pytest.raises(ValueError, match=r"rows of shape \[5\]"):
        file.append(torch.zeros(1, 5).half())
    with growing(path, 3) as file, pytest.raises(ValueError, match="room for"):
        file.finish({"offsets": torch.zeros(3, dtype=torch.int64)}, {"signl": "0" * 99})
    with growing(path, 3) as file, pytest.raises(ValueError, match="offsets is not of"):
        file.finish({"offsets": torch.zeros(2, dtype=torch.int64)}, {"signl": "00"})

import shutil
import struct
import subprocess
import zipfile

import numpy as np
import pytest

from signl.demo.spanned_zip import write_spanned_zip

MEMBERS = {
    "top/": b"",
    **{
        f"top/{index:02d}.bin": np.random.default_rng(index).bytes(1000 + 997 * index)
        for index in range(20)
    },
    "top/text.txt": b"again and again " * 1000,
}


@pytest.fixture
def pieces(tmp_path):
    paths = [tmp_path / name for name in ("x.z01", "x.z02", "x.z03", "x.zip")]
    write_spanned_zip(paths, MEMBERS)
    return paths


def join(pieces, path):
    """Join pieces by rewriting the directory's offsets, as the format's description has it."""
    contents = [piece.read_bytes() for piece in pieces]
    starts = np.cumsum([0, *map(len, contents)])
    joined = bytearray(b"".join(contents))
    end = joined.rfind(b"PK\x05\x06")
    disk, first_disk, here, count, size, offset = struct.unpack_from("<HHHHII", joined, end + 4)
    assert (disk, here <= count) == (len(pieces) - 1, True)
    place = begin = int(starts[first_disk]) + offset
    for _ in range(count):
        assert joined[place : place + 4] == b"PK\x01\x02"
        lengths = struct.unpack_from("<HHH", joined, place + 28)
        (piece,) = struct.unpack_from("<H", joined, place + 34)
        (local,) = struct.unpack_from("<I", joined, place + 42)
        assert contents[piece][local : local + 4] == b"PK\x03\x04"
        struct.pack_into("<H", joined, place + 34, 0)
        struct.pack_into("<I", joined, place + 42, int(starts[piece]) + local)
        place += 46 + sum(lengths)
    assert (place, place - begin) == (end, size)
    struct.pack_into("<HHHHII", joined, end + 4, 0, 0, count, count, size, begin)
    path.write_bytes(joined)
    return path


def test_joined_pieces_are_one_zip(pieces, tmp_path):
    with zipfile.ZipFile(join(pieces, tmp_path / "joined.zip")) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == MEMBERS


def test_pieces_are_of_about_equal_size_and_begin_with_the_marker(pieces):
    sizes = [piece.stat().st_size for piece in pieces]
    assert max(sizes[:3]) - min(sizes[:3]) < 100
    assert pieces[0].read_bytes().startswith(b"PK\x07\x08PK\x03\x04")


def test_the_last_piece_alone_is_no_whole_zip(pieces):
    with zipfile.ZipFile(pieces[-1]) as archive, pytest.raises(zipfile.BadZipFile):
        archive.read("top/00.bin")


@pytest.mark.skipif(shutil.which("7z") is None, reason="7z is not installed")
def test_7z_reads_the_pieces(pieces, tmp_path):
    command = ["7z", "x", f"-o{tmp_path / 'out'}", str(pieces[-1])]
    subprocess.run(command, check=True, capture_output=True)
    for name, content in MEMBERS.items():
        if not name.endswith("/"):
            assert (tmp_path / "out" / name).read_bytes() == content


@pytest.mark.skipif(shutil.which("zip") is None, reason="zip is not installed")
def test_info_zip_joins_the_pieces(pieces, tmp_path):
    joined = tmp_path / "joined.zip"
    command = ["zip", "-q", "-s", "0", str(pieces[-1]), "--out", str(joined)]
    subprocess.run(command, check=True, capture_output=True)
    with zipfile.ZipFile(joined) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == MEMBERS


def test_too_few_members_are_refused(tmp_path):
    paths = [tmp_path / name for name in ("x.z01", "x.z02", "x.zip")]
    with pytest.raises(ValueError, match="cannot fill 3 pieces"):
        write_spanned_zip(paths, {"a": b""})
    assert not list(tmp_path.iterdir())

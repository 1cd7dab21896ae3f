import gzip
import tarfile
import zipfile

import pytest

from signl.demo.containers import folders_of, text_table, write_tar, write_zip

MEMBERS = {"a/b/one.bin": bytes(range(256)) * 40, "a/two.txt": b"two\n", "a/empty": b""}


def read_tar(path):
    with tarfile.open(path) as archive:
        return {
            entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()
        }


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz"])
def test_tars_hold_their_members_and_nothing_of_the_day(tmp_path, name):
    path = tmp_path / name
    write_tar(path, MEMBERS, folders=folders_of(MEMBERS))
    assert read_tar(path) == MEMBERS
    with tarfile.open(path) as archive:
        assert [entry.name for entry in archive if entry.isdir()] == ["a", "a/b"]
        assert len({(entry.mtime, entry.uid, entry.uname) for entry in archive}) == 1
    if name.endswith(".gz"):
        assert path.read_bytes()[3:8] == bytes(5)  # no name, no time
        assert len(gzip.decompress(path.read_bytes())) % 512 == 0


@pytest.mark.parametrize("zip64", [False, True])
def test_zips_hold_their_members(tmp_path, zip64):
    path = tmp_path / "x.zip"
    write_zip(path, MEMBERS, zip64=zip64)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == MEMBERS
    # A ZIP64 member needs version 4.5 to extract: bytes 4 and 5 of its local header.
    assert path.read_bytes()[4] == (45 if zip64 else 20)


def test_a_table_is_lines_of_fields():
    assert text_table([("a", 1), ("b", "-")]) == b"a 1\nb -\n"

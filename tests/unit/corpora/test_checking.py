import hashlib
import json
from dataclasses import replace

import pytest

from signl.corpora import checking
from signl.corpora.checking import (
    check_archives,
    format_archives,
    hash_file,
    missing_message,
    verify_archives,
)
from signl.corpora.registry import CORPORA, locate_archives
from signl.errors import ArchiveError

ALL = {name: corpus.partitions for name, corpus in CORPORA.items()}


def test_all_files_are_listed_once(archives):
    rows = check_archives(ALL, archives)
    assert len(rows) == len({row.path for row in rows})
    assert {row.file for row in rows} >= {"LA.zip", "CFAD.z01", "CFAD.zip", "flac_E_aj.tar"}
    assert all(row.is_present and row.size == row.path.stat().st_size for row in rows)
    assert missing_message(rows) == ""
    la = next(row for row in rows if row.file == "LA.zip")
    assert (la.needed_for, la.published_size) == ("train, dev", 7_640_952_520)


def test_one_message_names_all_that_is_missing(archives):
    gone = ["ASVspoof2021/LA.zip", "CFAD/CFAD.z02", "ASVspoof5/flac_T_ac.tar"]
    for name in gone:
        (archives / name).unlink()
    message = missing_message(check_archives(ALL, archives), archives)
    assert message.startswith(f"3 archive files are missing in {archives}")
    for name in gone:
        assert str(archives / name) in message
    for page in ("handle/10283/3336", "zenodo.org/records/8122764", "zenodo.org/records/14498691"):
        assert page in message


def test_the_table_says_what_is_there(archives):
    (archives / "CFAD" / "CFAD.z02").unlink()
    lines = format_archives(check_archives({"cfad": ["eval"]}, archives)).splitlines()
    states = {line.split()[0]: line.split()[1] for line in lines}
    assert states == {
        "file": "state",
        "CFAD.z01": "present",
        "CFAD.z02": "MISSING",
        "CFAD.z03": "present",
        "CFAD.zip": "present",
    }


def test_archives_of_other_partitions_are_not_asked_for(archives):
    files = {row.file for row in check_archives({"asvspoof5": ["train", "dev"]}, archives)}
    assert "flac_T_aa.tar" in files
    assert not any(file.startswith("flac_E") for file in files)


def test_hashes_are_those_of_hashlib(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(range(256)) * 9000)
    content = path.read_bytes()
    assert hash_file(path, ["md5", "sha256"]) == {
        "md5": hashlib.md5(content).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


@pytest.fixture
def with_checksums(monkeypatch):
    """Make the archives that are there the published ones."""

    def locate(corpus, folder):
        return [
            replace(
                item,
                archive=replace(
                    item.archive,
                    size_bytes=item.paths[0].stat().st_size,
                    md5=hashlib.md5(item.paths[0].read_bytes()).hexdigest(),
                ),
            )
            if item.archive.md5
            else item
            for item in [
                replace(item, archive=replace(item.archive, sha256=None))
                for item in locate_archives(corpus, folder)
            ]
        ]

    def freeze(corpus, folder):
        frozen = locate(corpus, folder)
        monkeypatch.setattr(checking, "locate_archives", lambda *_: frozen)

    return freeze


def test_archives_as_published_match(archives, with_checksums, tmp_path):
    with_checksums("asvspoof5", archives)
    results = verify_archives(["asvspoof5"], archives, memory=tmp_path / "memory.json")
    assert {result.outcome for result in results} == {"matches"}
    assert len(results) == 19


def test_checksums_are_remembered_until_a_file_changes(
    archives, with_checksums, tmp_path, monkeypatch
):
    with_checksums("asvspoof5", archives)
    memory = tmp_path / "memory.json"
    first = verify_archives(["asvspoof5"], archives, memory=memory)
    n_read = []
    original = checking.hash_file
    monkeypatch.setattr(
        checking, "hash_file", lambda path, kinds: n_read.append(path) or original(path, kinds)
    )
    assert verify_archives(["asvspoof5"], archives, memory=memory) == first
    assert n_read == []
    changed = archives / "ASVspoof5/flac_T_ab.tar"
    content = bytearray(changed.read_bytes())
    content[600] ^= 1
    changed.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"flac_T_ab\.tar: md5 .* instead of .*zenodo"):
        verify_archives(["asvspoof5"], archives, memory=memory)
    assert n_read == [changed]


def test_checksums_that_cannot_be_remembered_are_told(archives, with_checksums, tmp_path, caplog):
    with_checksums("asvspoof5", archives)
    (tmp_path / "results").touch()
    results = verify_archives(["asvspoof5"], archives, memory=tmp_path / "results/memory.json")
    assert {result.outcome for result in results} >= {"matches"}
    assert "checksums cannot be remembered" in caplog.text


def test_a_truncated_archive_differs_by_its_size(archives, with_checksums, tmp_path):
    with_checksums("asvspoof5", archives)
    path = archives / "ASVspoof5/flac_D_aa.tar"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ArchiveError, match=r"flac_D_aa\.tar: [\d,]+ bytes instead of"):
        verify_archives(["asvspoof5"], archives, memory=tmp_path / "memory.json")


def test_what_has_no_checksum_says_so(archives, tmp_path):
    results = verify_archives(["cfad"], archives, memory=tmp_path / "memory.json")
    assert [result.outcome for result in results] == ["no checksum is published"] * 4


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', "\x00"])
def test_a_damaged_memory_is_forgotten(archives, with_checksums, tmp_path, content):
    with_checksums("asvspoof5", archives)
    memory = tmp_path / "memory.json"
    memory.write_text(content)
    verify_archives(["asvspoof5"], archives, memory=memory)
    assert len(json.loads(memory.read_text())) == 19

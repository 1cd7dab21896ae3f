import hashlib
import json
import os
import subprocess
import sys

import pytest

from signl.archives.facts import Witness, archive_facts, recorded_header, witnessing
from signl.errors import ArchiveError


def test_it_imports_nothing_heavy():
    code = (
        "import sys, signl.archives.facts\n"
        "heavy = {'pyarrow', 'pandas', 'numpy', 'torch'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_facts_are_those_of_the_file_system(tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(b"123")
    os.utime(path, ns=(5, 7))
    (fact,) = archive_facts([path])
    digest = hashlib.blake2b(b"123", digest_size=16).hexdigest()
    assert fact == {"path": str(path), "size": 3, "mtime_ns": 7, "digest": digest}
    json.dumps(fact)
    path.write_bytes(bytes(1_000_001))
    assert "digest" not in archive_facts([path])[0]


def test_a_folder_has_the_latest_date_of_those_in_it(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    os.utime(tmp_path / "a/b", ns=(1, 9_000_000_000))
    os.utime(tmp_path / "a", ns=(1, 3_000_000_000))
    (fact,) = archive_facts([tmp_path / "a"])
    assert (fact["size"], fact["mtime_ns"]) == (0, 9_000_000_000)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(ArchiveError, match=r"a\.tar cannot be read"):
        archive_facts([tmp_path / "a.tar"])


def test_the_digest_tells_names_contents_and_their_order(tmp_path):
    def digest(*members):
        witness = Witness([])
        for name, content in members:
            witness.add(name, content)
        return witness.digest

    digests = {
        digest(),
        digest(("a", b"bc")),
        digest(("ab", b"c")),
        digest(("a", b"bd")),
        digest(("a", b""), ("b", b"")),
        digest(("b", b""), ("a", b"")),
    }
    assert len(digests) == 6
    assert {len(each) for each in digests} == {32}


@pytest.mark.parametrize("how", ["written", "dated", "renamed", "removed"])
def test_an_archive_must_stay_as_it_is(tmp_path, how):
    path, other = tmp_path / "a.tar", tmp_path / "b.tar"
    for each in (path, other):
        each.write_bytes(b"123")
        os.utime(each, ns=(5, 7))
    changes = {
        "written": lambda: path.write_bytes(b"1234"),
        "dated": lambda: os.utime(path, ns=(5, 6)),
        "renamed": lambda: other.replace(path),
        "removed": path.unlink,
    }
    with pytest.raises(ArchiveError, match=r"a\.tar"), witnessing([path]):
        changes[how]()


def test_what_is_no_table_records_nothing(tmp_path):
    for content in (b"", b"PAR1", b"x" * 100, b"PAR1" + b"x" * 40 + b"\x20\0\0\0PAR1"):
        (tmp_path / "a").write_bytes(content)
        assert recorded_header(tmp_path / "a") is None


def test_what_is_hashed_in_several_parts_has_the_digest_of_the_whole():
    witness, hasher = Witness([]), hashlib.blake2b(digest_size=16)
    for number in range(5):
        name, content = f"{number}.flac", bytes([number]) * 2_000_000
        witness.add(name, content)
        hasher.update(f"{len(name)} {len(content)} {name}\n".encode() + content)
    assert witness.digest == witness.digest == hasher.hexdigest()

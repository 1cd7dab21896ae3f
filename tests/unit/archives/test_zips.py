import shutil
import struct
import subprocess
import zipfile

import pytest

from signl.archives import zips
from signl.archives.streams import stream_members
from signl.errors import ArchiveError

MEMBERS = {f"CFAD/folder/{index}.wav": bytes([index]) * 999 for index in range(9)}


def read(paths, wanted=lambda _: True, **options):
    return {m.name: m.content for m in stream_members(paths, wanted, **options)}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("zip64", [False, True])
def test_reads_what_zipfile_writes(tmp_path, published, method, zip64):
    path = published.write_zip(tmp_path / "a.zip", MEMBERS, method=method, zip64=zip64)
    assert read([path]) == MEMBERS


def test_reads_a_zip64_directory(tmp_path, published, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    path = published.write_zip(tmp_path / "a.zip", MEMBERS, zip64=True)
    assert b"PK\6\6" in path.read_bytes()
    assert read([path]) == MEMBERS


def test_folders_and_comments_are_passed_over(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("CFAD/", b"")
        archive.writestr("CFAD/a.wav", b"1")
        archive.comment = b"made on a Tuesday"
    assert read([path]) == {"CFAD/a.wav": b"1"}


@pytest.mark.parametrize("span_bytes", [200, 333, 1000])
def test_spans_hold_what_a_zip_holds(tmp_path, published, span_bytes):
    members = {name: bytes(range(256)) * 3 + content for name, content in MEMBERS.items()}
    paths = published.write_spanned_zip(tmp_path, "CFAD", members, span_bytes=span_bytes)
    assert len(paths) > 2
    assert read(paths) == members


@pytest.mark.skipif(not shutil.which("zip"), reason="needs the zip tool")
@pytest.mark.parametrize("is_stream", [False, True])
def test_reads_what_the_zip_tool_splits_and_joins(tmp_path, is_stream):
    import random

    contents = {f"{i}.wav": random.Random(i).randbytes(50_000) for i in range(6)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    whole = tmp_path / ("streamed.zip" if is_stream else "whole.zip")
    target = ["-fd", whole] if is_stream else [whole]  # -fd: sizes after the content
    subprocess.run(["zip", "-q", *target, *contents], cwd=tmp_path, check=True)
    assert read([whole]) == contents
    split, joined = tmp_path / "split.zip", tmp_path / "joined.zip"
    subprocess.run(["zip", "-q", "-s", "64k", whole, "--out", split], check=True)
    spans = [*sorted(tmp_path.glob("split.z0?")), split]
    assert len(spans) == 5
    assert read(spans) == contents
    subprocess.run(["zip", "-q", "-s", "0", split, "--out", joined], check=True)
    assert read([joined]) == contents


def test_a_missing_span_is_named(tmp_path, published):
    paths = published.write_spanned_zip(tmp_path, "CFAD", MEMBERS, span_bytes=200)
    with pytest.raises(ArchiveError, match=r"CFAD\.zip is the last of .* put CFAD\.z01, CFAD"):
        read(paths[-1:])
    with pytest.raises(ArchiveError, match="spans"):
        read(paths[1:])


def test_exchanged_or_shortened_spans_are_seen(tmp_path, published):
    members = {name: bytes(range(256)) * 3 + content for name, content in MEMBERS.items()}
    paths = published.write_spanned_zip(tmp_path, "CFAD", members, span_bytes=700)
    with pytest.raises(ArchiveError, match=r"CFAD\.zip"):
        read([paths[1], paths[0], *paths[2:]])
    paths[0].write_bytes(paths[0].read_bytes()[:-50])
    with pytest.raises(ArchiveError, match=r"CFAD\.zip"):
        read(paths)


def test_every_truncation_is_an_error(tmp_path, published):
    path = published.write_zip(tmp_path / "a.zip", MEMBERS)
    content = path.read_bytes()
    for size in range(0, len(content), 13):
        path.write_bytes(content[:size])
        with pytest.raises(ArchiveError, match=r"a\.zip.*damaged"):
            read([path])


def test_a_flipped_bit_in_a_content_is_seen(tmp_path, published):
    members = {"a.wav": bytes(range(256)) * 9}
    path = published.write_zip(tmp_path / "a.zip", members, method=zipfile.ZIP_STORED)
    content = path.read_bytes()
    begin = content.index(b"a.wav") + 5
    end = content.index(b"PK\1\2")
    for position in range(begin, end, 7):
        flipped = bytearray(content)
        flipped[position] ^= 4
        path.write_bytes(flipped)
        with pytest.raises(ArchiveError, match=r"a\.zip: member 'a\.wav'"):
            read([path])


@pytest.mark.parametrize("name", ["/a.wav", "../a.wav", "x/../../a.wav", "C:/a.wav"])
def test_names_that_leave_the_archive_are_refused(tmp_path, published, name):
    path = published.write_zip(tmp_path / "a.zip", {name: b"1"})
    with pytest.raises(ArchiveError, match="leaves the archive"):
        read([path], lambda _: False)


def test_links_are_refused(tmp_path):
    info = zipfile.ZipInfo("a.wav")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ArchiveError, match=r"'a\.wav' is a link or a device"):
        read([tmp_path / "a.zip"])


def test_a_bomb_is_refused_by_its_claim(tmp_path, published):
    path = published.write_zip(tmp_path / "a.zip", {"a.wav": bytes(1 << 20)})
    with pytest.raises(ArchiveError, match=r"'a\.wav' claims 1,048,576 bytes, more than"):
        read([path], max_bytes=1 << 16)


def test_a_bomb_that_lies_about_its_size_is_not_inflated(tmp_path, published):
    path = published.write_zip(tmp_path / "a.zip", {"a.wav": bytes(8 << 20)})
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\1\2")
    struct.pack_into("<L", content, entry + 24, 100)
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"'a\.wav' does not match its checksum"):
        read([path])


@pytest.mark.parametrize("n_claimed", [0, 1, 8, 10])
def test_a_directory_holds_as_many_members_as_it_claims(tmp_path, published, n_claimed):
    path = published.write_zip(tmp_path / "a.zip", MEMBERS)
    content = bytearray(path.read_bytes())
    struct.pack_into("<2H", content, content.rindex(b"PK\5\6") + 8, n_claimed, n_claimed)
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"a\.zip: its directory .*damaged"):
        read([path])


def test_a_directory_that_claims_too_much_is_not_read(tmp_path, published, monkeypatch):
    path = published.write_zip(tmp_path / "a.zip", MEMBERS)
    monkeypatch.setattr(zips, "_MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(ArchiveError, match="its directory claims 9 members"):
        read([path])


def test_members_that_share_bytes_are_refused(tmp_path, published):
    path = published.write_zip(tmp_path / "a.zip", {"a.wav": b"1" * 50, "b.wav": b"1" * 50})
    content = bytearray(path.read_bytes())
    second = content.rindex(b"PK\1\2")
    struct.pack_into("<L", content, second + 42, 0)
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"members 'a\.wav' and 'b\.wav' overlap"):
        read([path])


def test_what_cannot_be_decompressed_says_what_to_do(tmp_path, published):
    path = published.write_zip(tmp_path / "a.zip", {"a.wav": b"1"}, method=zipfile.ZIP_LZMA)
    with pytest.raises(ArchiveError, match=r"method 14, which is not read here; unpack"):
        read([path])
    path = published.write_zip(tmp_path / "b.zip", {"a.wav": b"1"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"is encrypted; unpack"):
        read([path])


def test_only_wanted_members_are_read(tmp_path, published):
    path = published.write_zip(tmp_path / "a.zip", {"a.wav": b"1" * 99, "b.wav": b"2" * 99})
    content = bytearray(path.read_bytes())
    content[content.index(b"a.wav") + 7] ^= 0xFF  # damage what is not wanted
    path.write_bytes(content)
    assert read([path], lambda name: name == "b.wav") == {"a.wav": None, "b.wav": b"2" * 99}

import shutil
import struct
import subprocess
import zipfile
import zlib

import pytest

from signl.archives import members as members_module
from signl.archives import zip_ends
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
    monkeypatch.setattr(zip_ends, "_MAX_DIRECTORY_BYTES", 100)
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


def without_zip64(path, n_entries):
    """Take the ZIP64 records away, as the Finder of macOS writes no others."""
    content = path.read_bytes()
    at = content.rfind(b"PK\6\6")
    size, offset = struct.unpack("<QQ", content[at + 40 : at + 56])
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, n_entries % 65536, n_entries % 65536, size, offset, 0
    )
    path.write_bytes(content[:at] + end)


def test_a_zip_of_the_finder_has_more_members_than_it_can_say(tmp_path):
    path, n_entries = tmp_path / "a.zip", 65_536 + 4
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(n_entries):
            archive.writestr(f"a/{number}", b"x" if number == 65_000 else b"")
    without_zip64(path, n_entries)
    found = list(stream_members([path], "a/65000".__eq__))
    assert len(found) == n_entries
    assert [member.content for member in found if member.content is not None] == [b"x"]
    without_last = path.read_bytes().replace(b"PK\1\2", b"PK\1\3", 1)
    path.write_bytes(without_last)
    with pytest.raises(ArchiveError, match="entry 1 of its directory is malformed"):
        list(stream_members([path], lambda _: False))


def test_a_zip_of_the_finder_of_more_than_4_gb(tmp_path):
    """Without ZIP64, offsets wrap round at 4 GB. The file has holes: it takes no room."""
    names, sizes = ("a/0.wav", "a/1.wav", "a/2.wav", "a/3.wav"), (3 << 30, 3 << 30, 10, 3 << 30)
    path, entries = tmp_path / "a.zip", b""
    with path.open("wb") as handle:
        for name, size in zip(names, sizes, strict=True):
            offset, crc = handle.tell(), zlib.crc32(bytes(size)) if size == 10 else 0
            numbers = (crc, size, size, len(name))
            handle.write(struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0, *numbers, 0))
            handle.write(name.encode())
            handle.seek(size, 1)
            fields = (20, 20, 0, 0, 0, 0, *numbers, 0, 0, 0, 0, 0, offset % (1 << 32))
            entries += struct.pack("<4s6H3L5H2L", b"PK\1\2", *fields) + name.encode()
        start = handle.tell() % (1 << 32)
        end = (0, 0, len(names), len(names), len(entries), start, 0)
        handle.write(entries + struct.pack("<4s4H2LH", b"PK\5\6", *end))
    found = {member.name: member.content for member in stream_members([path], names[2].__eq__)}
    assert found == {name: bytes(10) if name == names[2] else None for name in names}


def test_a_zip_bomb_is_refused_before_it_is_inflated(tmp_path, published, monkeypatch):
    members = {f"a/{number}.wav": bytes(8 << 20) for number in range(9)}
    path = published.write_zip(tmp_path / "a.zip", members)
    with pytest.raises(ArchiveError, match=r"a\.zip: what is wanted of it .* 75,497,472 bytes"):
        next(stream_members([path], lambda _: True))
    assert next(stream_members([path], "a/0.wav".__eq__)).size == 8 << 20
    monkeypatch.setattr(members_module, "FREE_BYTES", 1 << 20)
    with pytest.raises(ArchiveError, match="more than 50 times as many"):
        next(stream_members([path], "a/0.wav".__eq__))


def test_names_reach_messages_without_control_characters(tmp_path, published):
    name = "a/\x1b[2J\n2026-01-01 INFO signl: all is well.wav"
    path = published.write_zip(tmp_path / "a.zip", {name: "x"})
    with pytest.raises(ArchiveError) as caught:
        list(stream_members([path], lambda _: True, max_bytes=0))
    assert str(caught.value).isprintable()

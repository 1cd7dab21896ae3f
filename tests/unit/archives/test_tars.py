import gzip
import io
import subprocess
import tarfile

import pytest

from signl.archives import members as members_module
from signl.archives.streams import stream_members
from signl.errors import ArchiveError

MEMBERS = {
    "flac_T/T_0000000000.flac": b"abc" * 1000,
    "flac_T/empty.flac": b"",
    "flac_T/" + "long" * 60 + ".flac": b"x" * 512,
    "flac_T/ä.flac": b"y" * 513,
}


def read(path, wanted=lambda _: True, **options):
    return {m.name: m.content for m in stream_members([path], wanted, **options)}


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
@pytest.mark.parametrize("prefix", ["", "./"])
def test_reads_what_tarfile_writes(tmp_path, published, form, suffix, prefix):
    path = published.write_tar(tmp_path / f"a.{suffix}", MEMBERS, form=form, prefix=prefix)
    assert read(path) == MEMBERS


def test_reads_ustar_prefixes(tmp_path, published):
    name = f"{'p' * 90}/{'q' * 60}/a.flac"
    path = published.write_tar(tmp_path / "a.tar", {name: b"1"}, form=tarfile.USTAR_FORMAT)
    assert read(path) == {name: b"1"}


def test_reads_what_the_tar_tool_writes(tmp_path):
    folder = tmp_path / "flac_T"
    folder.mkdir()
    for name in ("a.flac", "b" * 120 + ".flac"):
        (folder / name).write_bytes(name.encode() * 99)
    path = tmp_path / "a.tar"
    subprocess.run(["tar", "-cf", path, "-C", tmp_path, "./flac_T"], check=True)
    assert read(path) == {f"flac_T/{p.name}": p.read_bytes() for p in folder.iterdir()}


def test_members_that_are_not_wanted_are_named_but_not_read(tmp_path, published):
    path = published.write_tar(tmp_path / "a.tar.gz", {"a": b"12", "b": b"34"})
    assert read(path, lambda name: name == "b") == {"a": None, "b": b"34"}


def test_several_gzip_members_and_zero_padding_are_read(tmp_path, published):
    plain = published.write_tar(tmp_path / "a.tar", MEMBERS).read_bytes()
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(plain[:5000]) + gzip.compress(plain[5000:]) + bytes(700))
    assert read(path) == MEMBERS


def test_endless_empty_gzip_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(members_module, "MAX_MEMBERS", 50)
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(b"") * 60)
    with pytest.raises(ArchiveError, match=r"a\.tar\.gz: holds more than 50 members"):
        read(path)


@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
def test_every_truncation_is_an_error(tmp_path, published, suffix):
    path = published.write_tar(tmp_path / f"a.{suffix}", MEMBERS)
    content = path.read_bytes()
    n_needed = len(content)
    if suffix == "tar":  # tarfile pads to 10 KiB; one zero block is the end mark
        n_needed = len(content.rstrip(b"\0")) // 512 * 512 + 1024
    for size in range(0, n_needed, 97):
        path.write_bytes(content[:size])
        with pytest.raises(ArchiveError, match=r"a\.tar.*(truncated|damaged)"):
            read(path)


def test_no_flipped_bit_of_a_tar_gz_changes_what_is_read(tmp_path, published):
    members = {"a.flac": bytes(range(256)) * 4}
    path = published.write_tar(tmp_path / "a.tar.gz", members)
    content = path.read_bytes()
    messages = []
    for position in range(len(content)):
        flipped = bytearray(content)
        flipped[position] ^= 0x10
        path.write_bytes(flipped)
        # Some bits carry nothing: of the gzip header's time and name, and of padding.
        message = published.refusal(lambda: read(path))
        assert "a.tar.gz" in message if message else read(path) == members
        messages.append(message)
    assert messages.count(None) < 30


def test_a_flipped_bit_in_a_tar_header_is_seen(tmp_path, published):
    path = published.write_tar(tmp_path / "a.tar", {"a.flac": b"1"})
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="wrong checksum"):
        read(path)


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.flac", "a/../../b.flac", "a\\..\\b"])
def test_names_that_leave_the_archive_are_refused(tmp_path, published, name):
    path = published.write_tar(tmp_path / "a.tar", {name: b"1"})
    with pytest.raises(ArchiveError, match=r"a\.tar: member .* leaves the archive") as caught:
        read(path, lambda _: False)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_longer_than_any_path_are_refused(tmp_path, published, form):
    path = published.write_tar(tmp_path / "a.tar", {"x" * 100_000: b"1"}, form=form)
    with pytest.raises(ArchiveError, match="has a name of 100,000 characters") as caught:
        read(path, lambda _: False)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a character device"),
        (tarfile.BLKTYPE, "a block device"),
        (tarfile.FIFOTYPE, "a named pipe"),
        (b"S", "a sparse file"),
        (b"Q", "unknown kind"),
    ],
)
def test_what_is_neither_file_nor_folder_is_refused(tmp_path, published, kind, words):
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, "/etc/passwd"
    path = published.write_tar(tmp_path / "a.tar", {"flac_T/a.flac": info})
    with pytest.raises(ArchiveError, match=f"'flac_T/a.flac' is .*{words}"):
        read(path)


def test_a_member_that_claims_too_much_is_refused_before_it_is_read(tmp_path):
    info = tarfile.TarInfo("bomb.flac")
    info.size = 1 << 40
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(info.tobuf() + bytes(4096)))
    with pytest.raises(ArchiveError, match=r"'bomb\.flac' claims 1,099,511,627,776 bytes"):
        read(path)


def test_an_extended_header_that_claims_too_much_is_refused(tmp_path):
    info = tarfile.TarInfo("@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    with pytest.raises(ArchiveError, match="claims 1,073,741,824 bytes for a name"):
        read(path)


@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
def test_joined_tars_are_read_as_one(tmp_path, published, suffix):
    first = published.write_tar(tmp_path / f"a.{suffix}", {"a.flac": b"1"}).read_bytes()
    second = published.write_tar(tmp_path / f"b.{suffix}", {"b.flac": bytes(2 << 20)}).read_bytes()
    third = published.write_tar(tmp_path / f"c.{suffix}", {"c.flac": b"3"}).read_bytes()
    path = tmp_path / f"joined.{suffix}"
    path.write_bytes(first + second + third)
    names = [member.name for member in stream_members([path], lambda _: True)]
    assert names == ["a.flac", "b.flac", "c.flac"]


def test_a_joined_tar_that_is_damaged_is_refused(tmp_path, published):
    first = published.write_tar(tmp_path / "a.tar", {"a.flac": b"1"}).read_bytes()
    path = tmp_path / "joined.tar"
    path.write_bytes(first + first.replace(b"a.flac", b"b.flac"))
    with pytest.raises(ArchiveError, match="a header block has a wrong checksum"):
        read(path)


def test_what_is_no_tar_behind_a_tar_is_refused(tmp_path, published):
    first = published.write_tar(tmp_path / "a.tar", {"a.flac": b"1"}).read_bytes()
    path = tmp_path / "joined.tar"
    path.write_bytes(first + b"x" * (2 << 20))
    with pytest.raises(ArchiveError, match=r"joined\.tar: holds .* bytes after its end mark"):
        read(path)


def test_a_link_that_a_system_left_is_passed_over(tmp_path, published):
    link = tarfile.TarInfo()
    link.type, link.linkname = tarfile.SYMTYPE, "someone@somewhere"
    path = published.write_tar(tmp_path / "a.tar", {"T/.#a.flac": link, "T/a.flac": b"1"})
    assert [member.name for member in stream_members([path], lambda _: True)] == ["T/a.flac"]


def test_a_tar_that_inflates_without_end_is_refused(tmp_path, published, monkeypatch):
    path = published.write_tar(tmp_path / "a.tar.gz", {"a.flac": bytes(20 << 20)})
    assert read(path)
    monkeypatch.setattr(members_module, "FREE_BYTES", 1 << 20)
    with pytest.raises(ArchiveError, match=r"a\.tar\.gz: its content would be .* more than 50"):
        read(path)


def test_endless_zeros_behind_a_small_tar_are_not_read(tmp_path):
    path = tmp_path / "a.tar.gz"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a.flac"))
    path.write_bytes(gzip.compress(buffer.getvalue() + bytes(64 << 20)))
    with pytest.raises(ArchiveError, match="further data after its end mark"):
        read(path)


def test_a_missing_archive_is_named(tmp_path):
    with pytest.raises(ArchiveError, match=r"nowhere\.tar cannot be read"):
        read(tmp_path / "nowhere.tar")


def test_malformed_pax_records_are_refused(tmp_path):
    for record in (b"9 path\n", b"x path=a\n", b"99 path=a\n", b"0 path=a\n", b"11 size=-5\n"):
        info = tarfile.TarInfo("pax")
        info.type, info.size = tarfile.XHDTYPE, len(record)
        path = tmp_path / "a.tar"
        path.write_bytes(info.tobuf() + record.ljust(512, b"\0") + bytes(1024))
        with pytest.raises(ArchiveError, match="extended header"):
            read(path)

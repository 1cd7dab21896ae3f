"""Folders, loose files, and damage of all kinds to all kinds of archives."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signl.archives.descriptions import PUBLISHED, Archive
from signl.archives.streams import read_protocols, stream_members
from signl.archives.whereabouts import LocatedArchive
from signl.errors import ArchiveError

MEMBERS = {"flac_T/a.flac": b"1" * 700, "flac_T/deep/b.flac": b"2" * 30}


def read(paths, wanted=lambda _: True, **options):
    return {m.name: m.content for m in stream_members(paths, wanted, **options)}


def located(path):
    archive = Archive(name="a", files=(path.name,), set="a", folder="", page="https://a.org")
    return LocatedArchive(archive=archive, form=PUBLISHED, paths=(path,))


def test_a_folder_holds_what_its_archive_held(tmp_path, published):
    published.unpack(tmp_path, MEMBERS)
    assert read([tmp_path / "flac_T"]) == MEMBERS


def test_a_folder_may_hold_links_to_elsewhere_but_not_to_itself(tmp_path, published):
    published.unpack(tmp_path / "elsewhere", MEMBERS)
    (tmp_path / "flac_T").symlink_to(tmp_path / "elsewhere/flac_T")
    assert read([tmp_path / "flac_T"]) == MEMBERS
    (tmp_path / "elsewhere/flac_T/deep/loop").symlink_to(tmp_path / "flac_T")
    with pytest.raises(ArchiveError, match="link to a folder that it lies in"):
        read([tmp_path / "flac_T"])


def test_a_pipe_in_a_folder_does_not_hang(tmp_path, published):
    published.unpack(tmp_path, MEMBERS)
    os.mkfifo(tmp_path / "flac_T/c.flac")
    with pytest.raises(ArchiveError, match=r"flac_T/c\.flac' is neither a file nor a folder"):
        read([tmp_path / "flac_T"])


def test_a_file_that_is_too_large_is_refused(tmp_path, published):
    published.unpack(tmp_path, MEMBERS)
    with pytest.raises(ArchiveError, match=r"a\.flac' claims 700 bytes"):
        read([tmp_path / "flac_T"], max_bytes=500)


def test_a_protocol_that_is_there_twice_is_refused(tmp_path, published):
    path = published.write_tar(tmp_path / "a.tar", [("p.txt", "1"), ("./p.txt", "2")])
    with pytest.raises(ArchiveError, match=r"'p\.txt' is there twice"):
        read_protocols(located(path), lambda name: name == "p.txt")


@pytest.fixture(scope="module")
def samples(tmp_path_factory, published):
    folder = tmp_path_factory.mktemp("samples")
    tars = [published.write_tar(folder / f"a.{suffix}", MEMBERS) for suffix in ("tar", "tar.gz")]
    whole = published.write_zip(folder / "a.zip", MEMBERS, zip64=True)
    spans = published.write_spanned_zip(folder, "b", MEMBERS, span_bytes=120)
    return {"tar": tars[:1], "tar.gz": tars[1:], "zip": [whole], "spans": spans}


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip", "spans"])
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(choice=st.data())
def test_damage_gives_no_error_but_ours(samples, published, tmp_path, kind, choice):
    paths = []
    for original in samples[kind]:
        content = bytearray(original.read_bytes())
        positions = st.integers(0, len(content) - 1)
        for position in choice.draw(st.lists(positions, max_size=4)):
            length = choice.draw(st.integers(1, 8))
            content[position : position + length] = choice.draw(st.binary(max_size=8))
        size = choice.draw(st.just(len(content)) | st.integers(0, len(content)))
        paths.append(tmp_path / original.name)
        paths[-1].write_bytes(content[:size])
    message = published.refusal(lambda: read(paths))
    assert message is None or str(tmp_path) in message
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(p.name for p in paths)


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "zip"])
@settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=st.binary(max_size=2000))
def test_any_bytes_give_no_error_but_ours(published, tmp_path, suffix, content):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    message = published.refusal(lambda: read([path]))
    assert message is None or str(path) in message

"""Folders, loose files, and damage of all kinds to all kinds of archives."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signl.archives import streams
from signl.archives.descriptions import BARE, PUBLISHED, Archive
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


def test_bare_names_are_as_they_lie_below_a_folder_or_archive(tmp_path, published):
    members = {"flac_T/flac_T/a.flac": b"1", "b.flac": b"2"}
    published.unpack(tmp_path / "flac_T", members)
    published.write_tar(tmp_path / "flac_T.tar", members)
    assert read([tmp_path / "flac_T"], root=BARE) == members
    assert read([tmp_path / "flac_T.tar"], root=BARE) == members


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


def test_a_pipe_that_is_not_wanted_is_passed_over(tmp_path, published, caplog):
    published.unpack(tmp_path, MEMBERS)
    os.mkfifo(tmp_path / "flac_T/c.flac")
    (tmp_path / "flac_T/d.flac").symlink_to("nowhere")
    assert set(read([tmp_path / "flac_T"], MEMBERS.__contains__)) == set(MEMBERS)
    assert "passed over 2 links to nowhere" in caplog.text
    with pytest.raises(ArchiveError, match=r"d\.flac' is a link that leads nowhere: put the file"):
        read([tmp_path / "flac_T"], "flac_T/d.flac".__eq__)


@pytest.mark.parametrize("form", ["tar", "tar.gz", "zip", "folder"])
def test_what_systems_leave_is_passed_over_and_counted(tmp_path, published, form, caplog):
    left = {
        "flac_T/._a.flac": b"3",
        "__MACOSX/flac_T/._a.flac": b"3",
        "flac_T/.DS_Store": b"4",
        "flac_T/deep/Thumbs.db": b"5",
        "flac_T/.~lock.a.flac#": b"6",
    }
    if form == "folder":
        del left["__MACOSX/flac_T/._a.flac"]
        published.unpack(tmp_path, MEMBERS | left)
        path = tmp_path / "flac_T"
    else:
        write = published.write_zip if form == "zip" else published.write_tar
        path = write(tmp_path / f"a.{form}", MEMBERS | left)
    with caplog.at_level("INFO"):
        assert read([path]) == MEMBERS
    assert f"passed over {len(left)} files that systems or editors left" in caplog.text


@pytest.mark.parametrize("form", ["tar", "zip", "folder"])
@pytest.mark.parametrize("above", ["flac_T/", "copy/", "copy/flac_T/", ""])
def test_a_folder_too_many_or_too_few_is_seen_through(tmp_path, published, form, above, caplog):
    inner = "flac_T/" if above != "" else ""
    moved = {above + inner + name.removeprefix("flac_T/"): each for name, each in MEMBERS.items()}
    if form == "folder":
        published.unpack(tmp_path / "given", moved)
        path = tmp_path / "given"
    else:
        write = published.write_zip if form == "zip" else published.write_tar
        path = write(tmp_path / f"a.{form}", moved)
    with caplog.at_level("INFO"):
        assert read([path], MEMBERS.__contains__, root="flac_T") == MEMBERS
    is_told = "2 members lie in other folders than published: read '" in caplog.text
    assert is_told == (form != "folder" or above != "")


def test_protocols_are_bounded_together(tmp_path, published, monkeypatch):
    path = published.write_tar(tmp_path / "a.tar", {"1.txt": b"1" * 60, "2.txt": b"2" * 60})
    assert len(read_protocols(located(path), lambda _: True)) == 2
    monkeypatch.setattr(streams, "MAX_PROTOCOL_BYTES", 100)
    with pytest.raises(ArchiveError, match="claim 120 bytes together, more than the 100"):
        read_protocols(located(path), lambda _: True)


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

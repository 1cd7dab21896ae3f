import pytest
from hypothesis import given
from hypothesis import strategies as st

from signl.archives.members import align, is_foreign, shown

FOREIGN = (
    *("a/._x.wav", "._x", ".DS_Store", "a/.ds_store", "Thumbs.db", "a/thumbs.db", "desktop.ini"),
    *("__MACOSX/a/x.wav", "a/__MACOSX/x", "a/.~lock.meta.csv#", "a/~$meta.xlsx", ".#meta.csv"),
    *(
        "a/.x.swp",
        "a/.x.wav.swo",
        "meta.csv~",
        "#meta.csv#",
        ".nfs0000000000a1b2c3",
        "@eaDir/x.wav",
    ),
    "@eaDir/x.wav",
    *(".ipynb_checkpoints/meta-checkpoint.csv", "System Volume Information/x", "$RECYCLE.BIN/x"),
    *("a/b/__MACOSX", "a/__macosx/b/c/x.wav", "a/Thumbs.DB", "a/$RECYCLE.BIN"),
    *(".Spotlight-V100/x.wav", ".Trashes/x.wav", ".Trash-1000/x.wav", ".fseventsd/x"),
)
OURS = (
    "a/x.wav",
    "x",
    "a.b/c_d-1.flac",
    "_x.wav",
    "a/_._.wav",
    "swp.wav",
    "a~b/x",
    "a#/b.wav",
    "._a/x.wav",
)


@pytest.mark.parametrize("name", FOREIGN)
def test_what_systems_and_editors_leave_is_foreign(name):
    assert is_foreign(name)


@pytest.mark.parametrize("name", OURS)
def test_other_names_are_not_foreign(name):
    assert not is_foreign(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LA/a/x", "LA/a/x"),
        ("LA/LA/a/x", "LA/a/x"),
        ("LA/LA/LA/x", "LA/x"),
        ("mirror/LA/a/x", "LA/a/x"),
        ("mirror/v1/LA/LA/x", "LA/x"),
        ("a/x", "LA/a/x"),
        ("x", "LA/x"),
        ("LA", "LA/LA"),
        ("LAB/x", "LA/LAB/x"),
        ("1/2/3/LA/x", "LA/1/2/3/LA/x"),
    ],
)
def test_names_are_those_below_the_published_folder(name, expected):
    assert align(name, "LA") == expected
    assert align(name, "") == name


def test_control_characters_are_shown_as_such():
    assert shown("a b/c.wav") == "a b/c.wav"
    assert shown("a\n\x1b[2J") == repr("a\n\x1b[2J")


@given(
    name=st.text(st.sampled_from("LA/._~$#x\n\x1b "), max_size=30), root=st.sampled_from(["LA", ""])
)
def test_any_name_is_aligned_once_and_shown_on_one_line(name, root):
    aligned = align(name, root)
    assert align(aligned, root) == aligned
    assert not root or aligned.startswith("LA/")
    assert shown(name).isprintable()
    assert isinstance(is_foreign(name), bool)

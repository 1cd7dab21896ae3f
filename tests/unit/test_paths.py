"""Paths as people write them: filled in, or refused by name."""

import os
import shlex
import warnings
from pathlib import Path

import pytest

from signl.errors import ConfigError
from signl.paths import expand_path, future_message, is_writable, snakemake_path, unwritable_message


@pytest.fixture(autouse=True)
def _known_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/$me")
    monkeypatch.setenv("DATA", "/data")
    monkeypatch.delenv("NOT_SET", raising=False)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("~/data", "/home/$me/data"),
        ("~", "/home/$me"),
        ("$DATA/archives", "/data/archives"),
        ("${DATA}set/archives", "/dataset/archives"),
        ("~/x$DATA", "/home/$me/x/data"),
        ("results/demo/archives", "results/demo/archives"),
        ("./a//b/", "./a//b/"),
        ("a~b/100$/{x}", "a~b/100$/{x}"),
    ],
)
def test_paths_are_filled_in(text, path):
    assert expand_path(text, "archives") == path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$NOT_SET/data", "archives is '\\$NOT_SET/data', and the variable NOT_SET is not set"),
        ("${NOT_SET}", "the variable NOT_SET is not set"),
        ("~no-such-user/data", "of ~no-such-user no home folder is known"),
    ],
)
def test_what_is_not_known_is_refused_by_name(text, message):
    with pytest.raises(ConfigError, match=message):
        expand_path(text, "archives")


def test_a_folder_with_braces_is_reached_by_a_link(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a{x}/b/c.zip", "a{x}/b{y}/c.zip", "{x}.zip"):
        path = tmp_path / "archives" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        for given in (path, path.relative_to(tmp_path)):
            found = snakemake_path(given)
            assert "{" not in found
            assert Path(found).read_text() == name
    assert len(list(Path(".snakemake/signl-links").iterdir())) == 3


def test_other_paths_are_left_as_they_are():
    assert snakemake_path("results//a b/c.zip") == "results//a b/c.zip"


def test_braces_are_told_of_where_no_link_can_be_made(tmp_path):
    (tmp_path / "links").touch()
    with pytest.raises(ConfigError, match=r"has braces in its name.*: rename it"):
        snakemake_path("/a{x}/b.zip", tmp_path / "links")


def test_a_file_of_the_future_is_told_with_the_cure(tmp_path):
    present, future = tmp_path / "a.zip", tmp_path / "of tomorrow.zip"
    for path, ahead in ((present, 0), (future, 86_400)):
        path.touch()
        os.utime(path, (1e9 + ahead, 1e9 + ahead))
    said = future_message([present, future, tmp_path / "none"], now=1e9)
    assert str(present) not in said
    assert said.startswith("dated in the future")
    assert said.endswith(f"touch {shlex.quote(str(future))}")
    assert future_message([present, tmp_path / "none"], now=1e9) == ""
    assert future_message([present]) == ""


NOBODY = 65534


def as_nobody(function):
    """Call a function in a process of a user without rights, if this one has them all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads are none of the child's
        process = os.fork()
    if not process:
        try:
            if not os.getuid():
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os._exit(bool(function()))
        finally:
            os._exit(2)
    return [False, True][os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])]


def test_a_file_in_a_folder_that_is_read_only_is_not_writable(open_folder):
    (open_folder / "mine").mkdir(mode=0o555)
    (open_folder / "hidden").mkdir(mode=0)
    (open_folder / "of_all").mkdir()
    (open_folder / "of_all").chmod(0o777)
    (open_folder / "of_all/file").touch(mode=0o444)
    for path in ("mine/new", "mine/new/deeper", "hidden/new", "of_all/file", "of_all/file/below"):
        assert not as_nobody(lambda path=path: is_writable(open_folder / path)), path
    for path in ("of_all", "of_all/new", "of_all/new/deeper"):
        assert as_nobody(lambda path=path: is_writable(open_folder / path)), path


def test_how_to_look_at_results_of_others_is_told(open_folder, monkeypatch):
    results = open_folder / "my results"
    monkeypatch.chdir(open_folder)
    open_folder.chmod(0o555)
    cure = f"mkdir look; ln -s '{results}' look/results; and add --directory look"
    assert as_nobody(lambda: cure in unwritable_message(".", "my results"))
    open_folder.chmod(0o777)
    assert as_nobody(lambda: unwritable_message(".", "my results") == "")

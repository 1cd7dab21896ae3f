"""Paths as people write them: filled in, or refused by name."""

import os
import shlex
from pathlib import Path

import pytest

from signl.errors import ConfigError
from signl.paths import expand_path, future_message, snakemake_path


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

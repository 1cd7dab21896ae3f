"""Of configuration files: a key that is given twice is named, with both lines."""

import pytest

from signl.errors import ConfigError
from signl.yaml_files import check_keys


@pytest.fixture
def check(tmp_path):
    """Return a function that checks a text."""

    def check_text(text):
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        check_keys(path)

    return check_text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "the key 'a' twice, in line 1 and in line 3"),
        ("r:\n  x: {n: 1}\n  y: 2\n  x: {m: 1}\n", "the key 'x' twice, in line 2 and in line 4"),
        ("{a: 1, a: 2}\n", "the key 'a' twice, in line 1 and in line 1"),
        ("a:\n- b: 1\n  'b': 2\n", "the key 'b' twice, in line 2 and in line 3"),
        ("a: &x {c: 1, c: 2}\nb: *x\n", "the key 'c' twice"),
    ],
)
def test_a_key_that_comes_twice_is_refused(check, text, message):
    with pytest.raises(ConfigError, match=rf"config\.yaml has {message}"):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: {x: 1}\nb: {x: 1}\n",
        "a: &a {x: 1}\nb:\n  <<: *a\n  x: 2\n",
        "a: &a {x: 1}\nb: &b {y: 1}\nc:\n  <<: *a\n  <<: *b\n",
        "1: a\n'1': b\n",
        "a: &a\n  b: *a\n",
        "\ufeffa: 1\n",
        "? [1, 2]\n: a\n",
    ],
)
def test_others_are_let_pass(check, text):
    check(text)


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\t- a"])
def test_what_is_no_yaml_is_refused_by_name(check, text):
    with pytest.raises(ConfigError, match=r"config\.yaml cannot be read as a configuration"):
        check(text)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml cannot be read"):
        check_keys(tmp_path / "none.yaml")


def test_configurations_of_the_repository_pass(repository):
    for path in repository.glob("config*.yaml"):
        check_keys(path)

import resource

import pytest

from signl.errors import ConfigError
from signl.open_files import check_room, keep_open, room_for_files


@pytest.fixture
def few_files(monkeypatch):
    """A process that may have 64 files open."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))


def test_there_is_room_for_some_shards(few_files):
    assert room_for_files() == 24


def test_the_oldest_makes_room(few_files):
    opened = {}
    for number in range(100):
        assert keep_open(opened, number, str(number)) == str(number)
    assert list(opened) == list(range(76, 100))


def test_more_shards_than_files_are_refused_with_the_cure(few_files):
    check_room(24, "LA")
    with pytest.raises(ConfigError, match=r"LA writes 100 shards .* 64 files open: .*-n 140"):
        check_room(100, "LA")


def test_without_a_limit_there_is_room_for_all(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    check_room(100_000, "LA")

"""One run at a time makes results; a killed one is in nobody's way."""

import os

import pytest
from lock_holders import holder

from signl.errors import ConfigError
from signl.locking import LOCK, holder_of, lock_results


@pytest.fixture
def other(tmp_path, repository):
    """Another process that has locked the results."""
    with holder(tmp_path / "results", repository) as process:
        yield process


def test_results_that_another_makes_are_refused_by_any_name(tmp_path, other):
    (tmp_path / "working").mkdir()
    link = tmp_path / "working" / "results"
    link.symlink_to(tmp_path / "results")
    with pytest.raises(ConfigError, match=rf"another run is making .*process {other.pid} on"):
        lock_results(link)


def test_who_holds_a_lock_is_told_while_it_is_held(tmp_path, other):
    path = tmp_path / "results" / LOCK
    assert holder_of(path).startswith(f"process {other.pid} on ")
    other.kill()
    other.wait()
    assert holder_of(path) is None
    # Of another machine it is the lock that tells.
    path.write_text("process 1 on another.machine, started in /\n")
    assert holder_of(path) is None
    assert holder_of(tmp_path / "absent") is None


def test_a_killed_run_is_in_nobodys_way(tmp_path, other):
    other.kill()
    other.wait()
    lock_results(tmp_path / "results")
    lock_results(tmp_path / "results")
    assert f"process {os.getpid()} on" in (tmp_path / "results" / LOCK).read_text()


def test_results_that_cannot_be_locked_are_not(tmp_path):
    (tmp_path / "results").touch()
    lock_results(tmp_path / "results")

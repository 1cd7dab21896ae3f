"""A disk that fills: a clear message, nothing half made, and success once there is room."""

import subprocess

import pytest

pytestmark = pytest.mark.workflow

TARGET = "results/audio/CFAD/0000-of-0001.parquet"


def mount(*arguments):
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_results(elsewhere):
    """A results folder on a file system of its own, of two megabytes."""
    results = elsewhere.folder / "results"
    results.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(results)):
        pytest.skip("mounting a file system is not allowed here")
    yield results
    subprocess.run(["umount", str(results)], check=True)


def test_a_full_disk(elsewhere, small_results, toy_config):
    done = elsewhere.run(toy_config, TARGET)
    assert done.returncode != 0
    assert "no room on the disk for" in done.stdout
    assert "free some, and run the same command again" in done.stdout
    assert not list(small_results.rglob(".*.part"))
    assert mount("-o", "remount,size=200m", str(small_results))
    elsewhere.make(toy_config, TARGET)
    assert (elsewhere.folder / TARGET).is_file()
    assert not list(small_results.rglob(".*.part"))

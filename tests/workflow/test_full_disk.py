"""A disk that fills: a clear message, nothing half made, and success once there is room."""

import os
import subprocess

import pytest

pytestmark = pytest.mark.workflow

AUDIO = "results/audio/CFAD/0000-of-0001.parquet"
ENCODER = "results/encoders/toy/cfad/seed-1/model.safetensors"
CLASSIFIER = "results/classifiers/toy/cfad/labels-50/seed-1"
#: What is made, stage after stage, and the kilobytes that are too few for it.
TOO_LITTLE = {
    "results/demo/archives/CFAD/CFAD.zip": 3000,
    # Without room for a log either.
    "results/manifests/cfad.parquet": 0,
    AUDIO: 2000,
    "results/features/toy/CFAD/0000-of-0001.safetensors": 100,
    "results/usable/toy/cfad/train.parquet": 0,
    ENCODER: 40,
    f"{CLASSIFIER}/model.safetensors": 100,
    "results/scores/toy/cfad/labels-50/seed-1/cfad.parquet": 0,
    "results/metrics/toy/cfad/labels-50/seed-1/cfad.json": 0,
    "results/metrics.parquet": 0,
    "results/indomain.csv": 0,
}


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


def leave_room(results, kilobytes):
    """Give the file system so much room besides what lies on it."""
    status = os.statvfs(results)
    used = (status.f_blocks - status.f_bfree) * status.f_frsize // 1024
    assert mount("-o", f"remount,size={used + kilobytes}k", str(results))


def check_is_full(elsewhere, config, target):
    done = elsewhere.run(config, target)
    assert done.returncode != 0, target
    assert "no room on the disk for" in done.stdout, done.stdout[-4000:]
    assert "free some, and run the same command again" in done.stdout
    assert "Logging error" not in done.stdout
    assert not list((elsewhere.folder / "results").rglob(".*.part"))


@pytest.mark.slow
def test_a_full_disk(elsewhere, small_results, toy_config):
    check_is_full(elsewhere, toy_config, AUDIO)
    leave_room(small_results, 100_000)
    elsewhere.make(toy_config, AUDIO)
    assert (elsewhere.folder / AUDIO).is_file()
    assert not list(small_results.rglob(".*.part"))


@pytest.mark.slow
def test_a_disk_that_fills_in_every_stage(elsewhere, small_results, undisturbed, long_config):
    for target, kilobytes in TOO_LITTLE.items():
        leave_room(small_results, 100_000)
        # All that it is made from, and not itself.
        elsewhere.make(long_config, target, "--omit-from", target)
        leave_room(small_results, kilobytes)
        check_is_full(elsewhere, long_config, target)
    leave_room(small_results, 100_000)
    elsewhere.make(long_config)
    assert elsewhere.results() == undisturbed.results()

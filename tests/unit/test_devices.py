import subprocess
import sys
import tempfile
import threading
import types

import pytest
import torch

from signl import devices
from signl.devices import prepare_device
from signl.errors import ConfigError


def test_a_cpu_job_computes_in_one_thread():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert prepare_device(gpu=0) == torch.device("cpu")
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_without_a_gpu_on_the_machine_the_cpu_computes(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert prepare_device(gpu=1) == torch.device("cpu")


def test_a_gpu_job_is_deterministic(monkeypatch, claiming):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda index: types.SimpleNamespace(uuid=index)
    )
    current = []
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    assert prepare_device(gpu=1) == torch.device("cuda", 0)
    assert current == [torch.device("cuda", 0)]
    assert torch.backends.cudnn.deterministic
    assert not torch.backends.cudnn.benchmark


@pytest.fixture
def claiming(monkeypatch, tmp_path):
    """Return the claim of GPUs by name; its locks are given up after the test."""
    held = {}
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(devices, "_HELD", held)
    monkeypatch.setattr(devices, "_LOOKS_AGAIN_S", 0.01)
    yield devices.claim
    for lock in held.values():
        lock.close()


@pytest.fixture
def other_job(tmp_path):
    """Return a function that lets another process take GPUs; it gives up when told to."""
    code = (
        "import sys, pathlib, signl.devices as d\n"
        "places = d.claim(sys.argv[2].split(','), int(sys.argv[3]), pathlib.Path(sys.argv[1]))\n"
        "print(*places, flush=True)\n"
        "sys.stdin.read()\n"
    )
    jobs = []

    def start(names, n_wanted):
        job = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), ",".join(names), str(n_wanted)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        jobs.append(job)
        return job, [int(place) for place in job.stdout.readline().split()]

    yield start
    for job in jobs:
        job.stdin.close()
        job.wait()
        job.stdout.close()


def test_jobs_take_one_gpu_each(claiming, other_job, tmp_path):
    assert other_job(["a", "b", "c"], 1)[1] == [0]
    assert claiming(["a", "b", "c"], 1, tmp_path) == [1]
    assert other_job(["a", "b", "c"], 1)[1] == [2]


def test_a_job_takes_as_many_gpus_as_it_is_given(claiming, other_job, tmp_path):
    assert other_job(["a", "b", "c"], 2)[1] == [0, 1]
    assert claiming(["a", "b", "c"], 1, tmp_path) == [2]


def test_a_process_keeps_the_gpu_that_it_has(claiming, tmp_path):
    assert claiming(["a", "b"], 1, tmp_path) == [0]
    assert claiming(["a", "b"], 1, tmp_path) == [0]
    assert claiming(["a", "b"], 2, tmp_path) == [0, 1]


def test_a_gpu_is_known_by_its_name_where_jobs_see_different_ones(claiming, other_job, tmp_path):
    assert other_job(["b"], 1)[1] == [0]
    assert claiming(["a", "b"], 1, tmp_path) == [0]
    assert claiming(["b", "c", "a"], 2, tmp_path) == [1, 2]


def test_a_job_waits_until_enough_gpus_are_free(claiming, other_job, tmp_path, caplog):
    caplog.set_level("INFO")
    job, _ = other_job(["a", "b"], 1)
    threading.Timer(0.2, job.stdin.close).start()
    assert claiming(["a", "b"], 2, tmp_path) == [0, 1]
    assert "waiting for 2 of 2 GPUs" in caplog.text


def test_more_gpus_than_there_are_is_an_error(claiming, tmp_path):
    with pytest.raises(ConfigError, match="to have 2 GPUs and sees 1; set gpus_per_job to 1"):
        claiming(["0"], 2, tmp_path)

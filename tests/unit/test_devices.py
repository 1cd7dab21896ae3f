import subprocess
import sys
import tempfile
import threading

import pytest
import torch

from signl import devices
from signl.devices import prepare_device


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
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    assert prepare_device(gpu=1) == torch.device("cuda", 0)
    assert prepare_device(gpu=1) == torch.device("cuda", 1)
    assert torch.backends.cudnn.deterministic
    assert not torch.backends.cudnn.benchmark


@pytest.fixture
def claiming(monkeypatch, tmp_path):
    """Return the claim of GPUs by name; its locks are given up after the test."""
    held = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(devices, "_HELD", held)
    monkeypatch.setattr(devices, "_LOOKS_AGAIN_S", 0.01)
    yield devices.claim
    for lock in held:
        lock.close()


def test_jobs_take_one_gpu_each(claiming, tmp_path):
    names = ["0", "1", "2"]
    assert [claiming(names, 1, tmp_path) for _ in names] == [[0], [1], [2]]


def test_a_job_takes_as_many_gpus_as_it_is_given(claiming, tmp_path):
    names = ["0", "1", "2"]
    assert claiming(names, 2, tmp_path) == [0, 1]
    assert claiming(names, 1, tmp_path) == [2]


def test_a_gpu_is_known_by_its_name_where_jobs_see_different_ones(claiming, tmp_path):
    assert claiming(["GPU-a"], 1, tmp_path) == [0]
    assert claiming(["GPU-b", "GPU-a"], 1, tmp_path) == [0]


def test_a_job_waits_until_enough_gpus_are_free(claiming, tmp_path, caplog):
    caplog.set_level("INFO")
    claiming(["0", "1"], 1, tmp_path)
    other = threading.Timer(0.2, lambda: devices._HELD[0].close())
    other.start()
    assert claiming(["0", "1"], 2, tmp_path) == [0, 1]
    assert "waiting for 2 of 2 GPUs" in caplog.text


def test_more_gpus_than_there_are_is_an_error(claiming, tmp_path):
    with pytest.raises(ValueError, match="to have 2 GPUs, this machine shows 1"):
        claiming(["0"], 2, tmp_path)


def test_the_gpu_of_a_job_that_ended_is_free(claiming, tmp_path):
    code = "import sys, pathlib, signl.devices as d; d.claim(['0'], 1, pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert claiming(["0"], 1, tmp_path) == [0]

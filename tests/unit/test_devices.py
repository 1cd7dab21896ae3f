import torch

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


def test_a_gpu_job_is_deterministic(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    assert prepare_device(gpu=1) == torch.device("cuda")
    assert torch.backends.cudnn.deterministic
    assert not torch.backends.cudnn.benchmark

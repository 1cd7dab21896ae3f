"""The commands of the benchmarks, as far as a moment and a CPU allow."""

import subprocess
import sys

import pytest
import torch

pytestmark = pytest.mark.workflow


def run(repository, script, *arguments):
    command = [sys.executable, f"benchmarks/{script}", *arguments]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_row_is_a_ratio_beside_its_machine(repository):
    done = run(repository, "bench.py", "--only", "evaluation")
    assert done.returncode == 0, done.stderr
    machine, *_, row = done.stdout.splitlines()
    assert "cores" in machine
    ours, _, theirs, _, ratio = row.partition("scores")[2].split()[:5]
    assert float(ratio) == pytest.approx(float(ours) / float(theirs), rel=0.02)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.slow
def test_without_a_gpu_nothing_is_measured(repository):
    done = run(repository, "bench_gpu.py")
    assert done.returncode == 2
    assert "no GPU" in done.stdout


@pytest.mark.slow
def test_each_training_by_gradients_has_a_row(repository):
    done = run(repository, "bench_networks.py", "--config", "config.yaml")
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if "|" in line][2:]
    trainings = {(row[0], row[1]): row for row in rows}
    assert set(trainings) == {
        *(("byol-logmel", "pre-training"), ("byol-logmel", "fine-tuning")),
        ("lcnn-lfcc", "fine-tuning"),
        *(("signl-logmel", "pre-training"), ("signl-logmel", "fine-tuning")),
        *(("signl-wav2vec2", "pre-training"), ("signl-wav2vec2", "fine-tuning")),
    }
    # Weights of four numbers each, and crops: of two views and a batch of 32.
    row = trainings["byol-logmel", "pre-training"]
    weights, a_crop, n_crops, a_step = (float(row[i].replace(",", "")) for i in (4, 7, 8, 9))
    assert n_crops == 64
    assert a_step == pytest.approx(16 * weights / 2**20 + n_crops * a_crop, rel=0.05)

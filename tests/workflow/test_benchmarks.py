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

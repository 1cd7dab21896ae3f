"""Jobs on Slurm that are cancelled, that want a GPU, and that run out of their time.

Run by tests/slurm/run, which starts a cluster on this machine; skipped where there is none.
"""

import copy
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

MANIFEST = "results/manifests/cfad.parquet"
ENCODERS = "results/encoders/toy/cfad"
WAIT_S = 900


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """A Slurm cluster; the tests submit to it whatever it is, so it should be tests/slurm's."""
    if not shutil.which("sinfo") or subprocess.run(["sinfo"], capture_output=True).returncode:
        pytest.skip("no Slurm here: tests/slurm/run starts one")


@pytest.fixture(scope="module")
def gpu_config(toy_config):
    """The toy experiment with GPU jobs, and a pre-training long enough to be seen."""
    config = copy.deepcopy(toy_config)
    config["gpus_per_job"] = 1
    config["recipes"]["toy"]["pretraining"] |= {"epochs": 60, "patience": 60}
    return config


@pytest.fixture(scope="module")
def workflow(workflow_in, tmp_path_factory):
    """The workflow in a folder that the tests share, in their order."""
    return workflow_in(tmp_path_factory.mktemp("slurm"))


@pytest.fixture(scope="module")
def profile(repository):
    """The profile, and what this cluster wants: no accounting, one disk, jobs of seconds."""
    return [
        *("--profile", str(repository / "profiles/slurm"), "--slurm-status-command", "squeue"),
        *("--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "5"),
    ]


@contextmanager
def submitted(workflow, config, *arguments):
    """Run Snakemake beside the test, to its end; what it says is in snakemake.log."""
    command = workflow.command(config, *arguments)
    with (workflow.folder / "snakemake.log").open("w") as log:
        process = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=command.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
            process.wait(timeout=WAIT_S)
        finally:
            process.terminate()
            process.wait()


def said_by(workflow):
    return (workflow.folder / "snakemake.log").read_text()


def jobs_of(rule, *states):
    """Return the jobs of a rule in some states: id -> the resources beyond cores and memory."""
    listed = subprocess.run(
        [
            *("squeue", "--noheader", "--states", ",".join(states)),
            *("--Format", "JobID:20,tres-per-job:40,Comment:200"),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [(line[:20].strip(), line[20:60].strip(), line[60:]) for line in listed.splitlines()]
    return {job: asked for job, asked, comment in rows if comment.startswith(f"rule_{rule}")}


def process_of(job, rule):
    """Return the id of the process that runs the script of a rule in a job, on this machine."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            variables = (folder / "environ").read_bytes().split(b"\0")
            runs_script = f".{rule}.py\0".encode() in (folder / "cmdline").read_bytes()
            if runs_script and f"SLURM_JOB_ID={job}".encode() in variables:
                return int(folder.name)
    raise AssertionError(f"job {job} has no process that runs {rule}")


def until(condition, process):
    """Wait until a condition holds, and return what it gives."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if found := condition():
            return found
        assert process.poll() is None, "the run ended too early"
        time.sleep(0.1)
    raise AssertionError(f"nothing within {WAIT_S} s")


def test_a_cancelled_job_is_reported_and_a_second_run_makes_it(workflow, gpu_config, profile):
    with submitted(workflow, gpu_config, *profile, MANIFEST, "--retries", "0") as process:
        (job,) = until(lambda: jobs_of("make_demo_archives", "RUNNING"), process)
        subprocess.run(["scancel", job], check=True)
    assert process.returncode == 1
    assert f"SLURM-job '{job}' failed, SLURM status is: 'CANCELLED'" in said_by(workflow)
    assert not (workflow.folder / MANIFEST).exists()
    with submitted(workflow, gpu_config, *profile, MANIFEST) as process:
        pass
    assert process.returncode == 0, said_by(workflow)[-4000:]
    assert (workflow.folder / MANIFEST).exists()


def test_gpu_jobs_ask_for_a_gpu_and_one_out_of_time_is_resumed(workflow, gpu_config, profile):
    models = [f"{ENCODERS}/seed-{seed}/model.safetensors" for seed in (1, 2)]
    with submitted(workflow, gpu_config, *profile, *models) as process:

        def both():
            jobs = jobs_of("pretrain_encoder", "RUNNING", "PENDING")
            return len(jobs) == 2 and jobs

        # Both are submitted: how many run at once is for Slurm to say, which has one GPU.
        assert set(until(both, process).values()) == {"gres:gpu:1"}
        until(lambda: list(workflow.folder.glob(f"{ENCODERS}/seed-*/.resume.ckpt")), process)
        (job,) = jobs_of("pretrain_encoder", "RUNNING")
        # It does nothing more, but its time goes on; within a minute that is over.
        os.kill(process_of(job, "pretrain_encoder"), signal.SIGSTOP)
        limit = f"JobId={job} TimeLimit=1".split()
        subprocess.run(["scontrol", "update", *limit], check=True)
    said = said_by(workflow)
    assert process.returncode == 0, said[-4000:]
    assert f"SLURM-job '{job}' failed, SLURM status is: 'TIMEOUT'" in said
    assert "Trying to restart job" in said
    logs = workflow.folder.glob("results/logs/pretrain_encoder/toy/cfad/seed-*.log")
    assert any("resumed after epoch" in log.read_text(encoding="utf-8") for log in logs)
    assert all((workflow.folder / model).exists() for model in models)

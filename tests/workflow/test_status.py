"""``signl status`` of the toy experiment: finished, with something missing, and while it runs."""

import copy
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import yaml

pytestmark = pytest.mark.workflow

CLASSIFIER = "results/classifiers/toy/cfad/labels-50/seed-1"


@pytest.fixture
def finished(toy, tmp_path):
    """A copy of the finished toy experiment, whose files a test may change."""
    folder = tmp_path / "toy"
    shutil.copytree(toy.folder, folder)
    return replace(toy, folder=folder)


def status(workflow, config, *arguments):
    """What the command says."""
    path = workflow.folder / "config.status.yaml"
    path.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
    command = [sys.executable, "-m", "signl", "status", "--config", str(path), *arguments]
    environment = os.environ | {"PYTHONPATH": str(workflow.repository)}
    done = subprocess.run(
        command, cwd=workflow.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_finished_experiment_has_nothing_left(toy, toy_config):
    told = json.loads(status(toy, toy_config, "--json"))
    assert (told["run"], told["running"], told["failed"]) == (None, [], [])
    assert all(row["done"] == row["jobs"] > 0 and row["left"] == 0 for row in told["stages"])
    assert {row["rule"] for row in told["stages"]} >= {"train_classifier", "summarise"}


def test_what_is_missing_is_left_as_a_run_would_count_it(finished, toy_config):
    shutil.rmtree(finished.folder / CLASSIFIER)
    told = status(finished, toy_config, "results")
    counts = {line.split()[0]: line.split()[1:] for line in told.splitlines() if line.split()}
    assert counts["train_classifier"][:5] == ["2", "1", "-", "-", "1"]
    # What dev scores fix lies in the same folder.
    assert counts["score_dev"][:5] == ["2", "1", "-", "-", "1"]
    assert counts["total"][4] == "2"
    assert counts["run"] == ["none", "is", "under", "way"]


@pytest.mark.slow
def test_a_training_is_seen_while_it_runs(finished, toy_config):
    config = copy.deepcopy(toy_config)
    epochs = {"epochs": 3000, "patience": 3000}
    config["recipes"]["toy"]["finetuning"] |= epochs
    shutil.rmtree(finished.folder / CLASSIFIER)
    command = finished.command(config, f"{CLASSIFIER}/model.safetensors")
    process = subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env=command.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        begun = await_epoch(finished, config, until=time.monotonic() + 120)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    cell = {"recipe": "toy", "corpus": "cfad", "percent": "50", "seed": "1"}
    assert (begun["rule"], begun["wildcards"]) == ("train_classifier", cell)
    assert {"train_loss", "dev_loss", "dev_eer"} <= set(begun["epoch"]["figures"])
    assert begun["epoch"]["pace"].endswith(" left")
    assert begun["by"].startswith("process ")
    told = json.loads(status(finished, config, "--json"))
    assert (told["run"], told["running"]) == (None, [])


def await_epoch(workflow, config, *, until):
    """Return the first training that tells of an epoch."""
    while time.monotonic() < until:
        told = json.loads(status(workflow, config, "--json"))
        if found := [each for each in told["running"] if each["epoch"]]:
            assert told["run"].startswith("process ")
            return found[0]
    pytest.fail("no training told of an epoch")

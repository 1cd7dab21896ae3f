"""A run that is killed in the middle of a training, and taken up again."""

import copy
import os
import signal
import subprocess
import time

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

FOLDER = "results/encoders/toy/cfad/seed-1"
MODEL = f"{FOLDER}/model.safetensors"
HISTORY = f"{FOLDER}/history.jsonl"


@pytest.fixture
def long_config(toy_config):
    """The toy experiment with a pre-training of some seconds."""
    config = copy.deepcopy(toy_config)
    config["recipes"]["toy"]["pretraining"] |= {"epochs": 15, "patience": 15}
    return config


def kill_in_training(command, checkpoint):
    """Start a command in a process group of its own; kill it after the first saved epoch."""
    process = subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env=command.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    while not checkpoint.exists() and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before its training was seen"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_killed_training_is_resumed_and_ends_the_same(elsewhere, long_config):
    checkpoint = elsewhere.folder / FOLDER / ".resume.ckpt"
    kill_in_training(elsewhere.command(long_config, MODEL), checkpoint)
    assert checkpoint.exists()
    assert not (elsewhere.folder / MODEL).exists()
    elsewhere.make(long_config, "--unlock")
    elsewhere.make(long_config, MODEL)
    assert "resumed after epoch" in (
        elsewhere.folder / "results/logs/pretrain_encoder/toy/cfad/seed-1.log"
    ).read_text(encoding="utf-8")
    assert not checkpoint.exists()
    resumed = [(elsewhere.folder / name).read_bytes() for name in (MODEL, HISTORY)]
    elsewhere.make(long_config, MODEL, "--forcerun", "pretrain_encoder")
    assert [(elsewhere.folder / name).read_bytes() for name in (MODEL, HISTORY)] == resumed

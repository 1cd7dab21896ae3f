"""Where an experiment stands, of a folder with files as its jobs write them."""

import logging
import os

import pytest
import torch
from lock_holders import holder
from torch import nn

from signl import stages
from signl.jobs import Job
from signl.locking import LOCK
from signl.logs import Formatter
from signl.planning import Stage
from signl.standing import as_json, stage_rows, standing_of
from signl.training import lock
from signl.training.lock import only_training
from signl.training.run import Patience, Run

CELL = {"recipe": "toy", "corpus": "cfad", "percent": "50", "seed": "1"}
TRAINING = Job(stages.FINETUNING, CELL)
LABELS = Job(stages.LABELS, {"corpus": "cfad", "percent": "50", "seed": "1"})
PACKING = Job(stages.AUDIO, {"archive": "CFAD"}, shards=("0000-of-0002", "0001-of-0002"))
FIGURE = Job(stages.LABEL_FIGURE)


@pytest.fixture
def results(tmp_path):
    """A results folder under a name of its own, with nothing in it."""
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


def place(results, path):
    own = results / path.removeprefix("results/")
    own.parent.mkdir(parents=True, exist_ok=True)
    return own


@pytest.fixture
def make(results):
    """Return a function that makes the outputs of a job."""

    def write(job, *, n_left=0):
        for path in job.outputs[: len(job.outputs) - n_left]:
            place(results, path).touch()

    return write


@pytest.fixture
def running(results, repository):
    """A process that makes the results."""
    with holder(results, repository) as process:
        yield process


@pytest.fixture
def log(results):
    """Return a function that gives a logger that writes where a job does."""
    own = logging.getLogger("signl")
    handlers = []

    def begin(job):
        handlers.append(logging.FileHandler(place(results, job.log)))
        handlers[-1].setFormatter(Formatter())
        own.addHandler(handlers[-1])
        own.setLevel(logging.INFO)
        return own

    yield begin
    own.setLevel(logging.NOTSET)
    for handler in handlers:
        own.removeHandler(handler)
        handler.close()


def train(path, n_epochs):
    """Train for some epochs as a training does, and return its records."""
    model = nn.Linear(2, 1)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    own = {"made_from": "x", "model": model, "optimiser": optimiser, "epochs": 9}
    run = Run(path, patience=Patience(epochs=9), **own)
    for number in range(n_epochs):
        loss = 1.5 - number / 4
        run.end_epoch({"train_loss": loss, "dev_eer": 1e-5, "is_collapsed": False}, [loss])
    return run.history


def test_a_job_is_done_where_all_that_it_makes_is_there(results, make):
    make(LABELS)
    make(PACKING, n_left=1)
    standing = standing_of(results, [LABELS, PACKING, TRAINING, FIGURE])
    assert standing.run is None
    assert standing.done == {"sample_labels": 1, "pack_audio": 0, "train_classifier": 0}
    assert standing.left == [PACKING, TRAINING]
    assert standing.running == standing.failed == []


def test_a_training_that_runs_tells_of_its_last_epoch(results, running, log, tmp_path):
    logger = log(TRAINING)
    history = train(tmp_path / "run.ckpt", 3)
    logger.getChild("progress").info("epoch 3: 2 of 8 batch, 4.0 batch/s, 0:00:02 left")
    with only_training(place(results, TRAINING.outputs[0]).with_name(lock.NAME)):
        standing = standing_of(results, [TRAINING])
    assert standing.run.startswith(f"process {running.pid} on ")
    (begun,) = standing.running
    assert begun.wildcards == CELL
    assert begun.epoch.epoch == 2
    figures = {name: history[-1][name] for name in ("train_loss", "dev_eer")}
    assert begun.epoch.figures == figures
    assert begun.epoch.is_best
    assert begun.epoch.pace.endswith(" s an epoch, at most 0:00:00 left")
    assert begun.told == "epoch 3: 2 of 8 batch, 4.0 batch/s, 0:00:02 left"
    assert begun.by.startswith(f"process {os.getpid()} on ")
    running.kill()
    running.wait()
    ended = standing_of(results, [TRAINING])
    assert (ended.run, ended.running) == (None, [])
    assert ended.left == [TRAINING]


def test_a_job_of_an_earlier_run_does_not_run(results, running, log):
    log(LABELS).info("drew")
    began = (results / LOCK).stat().st_mtime
    path = place(results, LABELS.log)
    os.utime(path, (began - 5, began - 5))
    assert standing_of(results, [LABELS]).running == []
    os.utime(path, (began + 5, began + 5))
    assert [each.told for each in standing_of(results, [LABELS]).running] == ["drew"]


def test_a_job_that_an_error_ended_is_told_of_until_it_is_done(results, make, log):
    try:
        raise ValueError("too few\nINFO utterances")
    except ValueError as error:
        log(PACKING).error("%s", error, exc_info=True)
    (failed,) = standing_of(results, [PACKING]).failed
    assert (failed.rule, failed.told) == ("pack_audio", "too few")
    assert failed.log == str(results / "logs/pack_audio/CFAD.log")
    make(PACKING)
    assert standing_of(results, [PACKING]).failed == []


def test_rows_count_jobs_and_estimate_those_that_are_left(results, make):
    make(LABELS)
    other = Job(stages.LABELS, LABELS.wildcards | {"seed": "2"})
    standing = standing_of(results, [LABELS, other, TRAINING])
    rows = stage_rows(standing, [Stage("sample_labels", 1, gpu_h=0.5, cpu_h=2.0)])
    counts = {"jobs": 2, "done": 1, "running": 0, "failed": 0, "left": 1}
    assert rows[0] == {"rule": "sample_labels"} | counts | {"gpu_h": 0.5, "cpu_h": 2.0}
    assert as_json(standing, rows) == {"run": None, "stages": rows, "running": [], "failed": []}

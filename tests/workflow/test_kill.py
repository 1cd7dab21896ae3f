"""A run that is killed, again and again, at random moments of all stages, and taken up again.

``SIGNL_KILLS`` says how often; ``make test-kills`` kills twenty times.
"""

import json
import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from itertools import cycle, islice

import pytest
from safetensors import safe_open

from signl.artefacts import HEADER

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

KILLS = int(os.environ.get("SIGNL_KILLS", "4"))
SEED = 20
#: Training stages, and the folder of what they make.
TRAININGS = {
    "pretrain_encoder": "results/encoders/toy/cfad/seed-1",
    "train_classifier": "results/classifiers/toy/cfad/labels-50/seed-1",
}
#: The time before any job has begun.
PLANNING = "planning"
#: A job is killed so long after its first sign of life, at most: many have ended by then.
LONGEST_DELAY_S = 1.5


def stages_of(workflow):
    """Return the stages of a run: each has logs under its name."""
    return {path.name.split(".")[0] for path in (workflow.folder / "results" / "logs").iterdir()}


def planned_kills(stages, rng):
    """Return how often each stage is killed: the trainings first, then all others in turn."""
    others = sorted({PLANNING, *stages} - {*TRAININGS})
    return Counter(islice(cycle([*TRAININGS, *rng.sample(others, len(others))]), KILLS))


def rule_of(stage):
    return "pack_audio_CFAD" if stage == "pack_audio" else stage


def history_in(checkpoint):
    """The epochs that a checkpoint holds."""
    with safe_open(checkpoint, framework="numpy") as file:
        return json.loads(json.loads(file.metadata()[HEADER])["plain"])["history"]


class Victim:
    """A workflow that is killed in the stages whose turn has not come yet."""

    def __init__(self, workflow, config, stages):
        self.workflow, self.config, self.rng = workflow, config, random.Random(SEED)
        #: How often each stage is still to be killed.
        self.left = planned_kills(stages, self.rng)
        #: What happened so far, for the message of a failure.
        self.story = []
        #: Training -> records of the epochs that its checkpoint held after the last kill.
        self.saved = {}
        #: Trainings that were seen to go on after their last saved epoch.
        self.resumed = Counter()

    def run(self):
        """Run until a stage that is left has been killed; return False if the run has ended."""
        ended_before = self.story[-1:] == ["ended"]
        forced = [rule_of(stage) for stage in +self.left if stage != PLANNING]
        process, logs_before = self._start(["--forcerun", *forced] if ended_before else [])
        stage = self._await_stage(process, logs_before)
        if stage is not None:
            delay_s = self.rng.uniform(0, 0.1 if stage in TRAININGS else LONGEST_DELAY_S)
            time.sleep(delay_s)
            os.killpg(process.pid, signal.SIGKILL)
        self.story.append("ended" if stage is None else f"{stage} + {delay_s:.2f} s")
        process.wait()
        self._check_trainings(logs_before)
        # A training that had come to its end when it was killed has its turn again.
        if stage is not None and (stage not in TRAININGS or stage in self.saved):
            self.left[stage] -= 1
        assert stage is not None or process.returncode == 0, self._said()
        return stage is not None

    def _start(self, arguments):
        command = self.workflow.command(self.config, *arguments)
        logs = self._logs()
        with (self.workflow.folder / "said.log").open("w", encoding="utf-8") as said:
            process = subprocess.Popen(
                command.arguments,
                cwd=command.folder,
                env=command.environment | {"TMPDIR": str(self.workflow.folder / "tmp")},
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return process, logs

    def _said(self):
        said = (self.workflow.folder / "said.log").read_text(encoding="utf-8")
        return f"{self.story}\n{said[-4000:]}"

    def _await_stage(self, process, logs_before):
        """Wait until a stage that is left shows signs of life; None if the run ends before."""
        if self.left[PLANNING] > 0:
            return PLANNING
        n_epochs = self.rng.randint(1, 3)
        while process.poll() is None:
            for path in self._renewed(logs_before):
                stage = self._stage_of(path)
                if self.left[stage] > 0 and (
                    stage not in TRAININGS or len(epochs_in(path)) >= n_epochs
                ):
                    return stage
            time.sleep(0.01)
        return None

    def _logs(self):
        logs = self.workflow.folder / "results" / "logs"
        return {path: path.stat().st_mtime_ns for path in logs.rglob("*.log")}

    def _renewed(self, logs_before):
        try:
            logs = self._logs()
            return [path for path in logs if logs[path] != logs_before.get(path)]
        except FileNotFoundError:  # Snakemake removes a log before its job begins.
            return []

    def _stage_of(self, log):
        return log.relative_to(self.workflow.folder / "results" / "logs").parts[0].split(".")[0]

    def _check_trainings(self, logs_before):
        """Check that trainings went on after their saved epochs, and note what is saved now."""
        for log in self._renewed(logs_before):
            if (stage := self._stage_of(log)) in TRAININGS:
                self._check_resumed(stage, log)
        for stage, folder in TRAININGS.items():
            checkpoint = self.workflow.folder / folder / ".resume.ckpt"
            self.saved.pop(stage, None)
            if checkpoint.exists():
                self.saved[stage] = history_in(checkpoint)

    def _check_resumed(self, stage, log):
        """Check that a training computed no epoch anew, and kept the records of those it had."""
        saved, history = self.saved.get(stage, []), self.workflow.folder / TRAININGS[stage]
        if epochs := epochs_in(log):
            assert epochs[0] == len(saved), self.story
        if saved and "resumed after epoch" in log.read_text(encoding="utf-8"):
            self.resumed[stage] += 1
        if (history / "history.jsonl").exists():
            assert read_records(history / "history.jsonl")[: len(saved)] == saved


def epochs_in(log):
    """Return the numbers of the epochs that a training's log tells of."""
    return [
        int(epoch) for epoch in re.findall(r"run: epoch (\d+): ", log.read_text(encoding="utf-8"))
    ]


def read_records(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_run_that_is_killed_again_and_again_ends_the_same(elsewhere, undisturbed, long_config):
    (elsewhere.folder / "tmp").mkdir()
    victim = Victim(elsewhere, long_config, stages_of(undisturbed))
    while victim.run() or sum(victim.left.values()):
        elsewhere.make(long_config, "--unlock")
    assert len(victim.story) - victim.story.count("ended") >= KILLS
    assert set(victim.resumed) == set(TRAININGS), victim.story

    expected, results = undisturbed.results(), elsewhere.results()
    # No temporary file either: what is there is what an undisturbed run makes. Snakemake itself
    # leaves copies of the scripts of killed jobs in .snakemake/scripts, and in /tmp those of the
    # workflow's sources (profiles/default says why they are kept there).
    assert set(results) == set(expected), victim.story
    assert [path for path in results if results[path] != expected[path]] == [], victim.story
    temporary = (elsewhere.folder / "tmp").rglob("*")
    left = [path for path in temporary if path.is_file() and "source-cache" not in path.parts]
    for folder in ("locks", "incomplete"):
        left += (elsewhere.folder / ".snakemake" / folder).rglob("*")
    assert left == [], victim.story
    assert "Nothing to be done" in elsewhere.make(long_config)

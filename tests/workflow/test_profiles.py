"""The profiles: options that Snakemake knows, and jobs that reach a scheduler's command."""

import os
import re
import stat

import pytest
import yaml

from signl.experiment import Experiment
from signl.planning import plan_experiment

pytestmark = pytest.mark.workflow

#: Stands for a scheduler's command: notes how it is called, runs the job, tells its id.
QSUB = """#!/bin/sh
echo "$@" >> {calls}
for script; do :; done
sh "$script" > /dev/null 2>&1 &
echo $!
"""


def profile_of(repository, name):
    path = repository / "profiles" / name / "profile.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["default", "slurm", "generic"])
def test_every_entry_stands_under_its_reason(repository, name):
    text = (repository / "profiles" / name / "profile.yaml").read_text(encoding="utf-8")
    for paragraph in text.split("\n\n"):
        key = re.search(r"^\w[\w-]*:", paragraph, flags=re.MULTILINE)
        assert not key or re.search(r"^# \w", paragraph[: key.start()], flags=re.MULTILINE), key


@pytest.mark.parametrize("name", ["slurm", "generic"])
def test_snakemake_knows_every_option(repository, name, elsewhere, toy_config):
    profile = str(repository / "profiles" / name)
    assert "make_demo_archives" in " ".join(elsewhere.plan(toy_config, "--profile", profile))


def test_no_array_rule_has_more_jobs_than_may_be_submitted(repository):
    profile = profile_of(repository, "slurm")
    arrays = profile["slurm-array-jobs"].split(", ")
    config = yaml.safe_load((repository / "config.paper.yaml").read_text(encoding="utf-8"))
    jobs = {stage.rule: stage.jobs for stage in plan_experiment(Experiment(config))}
    assert max(jobs[rule] for rule in arrays) < sum(jobs.values()) < profile["jobs"]


@pytest.mark.parametrize("name", ["slurm", "generic"])
def test_the_limit_of_one_gpu_is_lifted_on_clusters(repository, name):
    assert profile_of(repository, "default")["resources"] == ["gpu=1"]
    assert profile_of(repository, name)["set-resource-scopes"] == ["gpu=local"]


@pytest.mark.slow
def test_a_job_goes_through_the_command_of_a_scheduler(
    repository, elsewhere, toy_config, tmp_path, monkeypatch
):
    calls, qsub = tmp_path / "calls", tmp_path / "qsub"
    qsub.write_text(QSUB.format(calls=calls))
    qsub.chmod(qsub.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    profile = str(repository / "profiles/generic")
    made = "results/demo/wav2vec2/config.json"
    elsewhere.make(toy_config, made, "--profile", profile, "--latency-wait", "5")
    assert (elsewhere.folder / made).exists()
    (call,) = calls.read_text().splitlines()
    assert call.startswith(
        "-N make_demo_frontend -j oe -l select=1:ncpus=1:mem=2000mb:ngpus=0 -l walltime=10:00 "
    )

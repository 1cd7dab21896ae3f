"""``signl plan`` counts the jobs that Snakemake would run."""

import re
from collections import Counter

import pytest
import yaml

from signl.corpora.registry import CORPORA
from signl.experiment import Experiment
from signl.planning import plan_experiment

pytestmark = pytest.mark.workflow


@pytest.fixture
def planned():
    """Return a function that gives the jobs of a configuration by rule, as planned."""

    def plan(config):
        stages = plan_experiment(Experiment(config))
        return Counter({stage.rule: stage.jobs for stage in stages})

    return plan


def rules_of(jobs):
    """Count Snakemake's jobs by rule, the rules of single archives and of sweeps together."""
    rules = (re.sub(r"_sweep_\d+$", "", job.split()[0]) for job in jobs)
    counts = Counter("pack_audio" if rule.startswith("pack_audio_") else rule for rule in rules)
    return counts - Counter(["all"])


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_embedded_experiment(elsewhere, planned, repository):
    config = read(repository / "config.yaml")
    assert rules_of(elsewhere.plan(config)) == planned(config)


def test_the_toy_experiment(elsewhere, planned, toy_config):
    assert rules_of(elsewhere.plan(toy_config)) == planned(toy_config)


@pytest.mark.slow
def test_an_end_to_end_recipe(elsewhere, planned, repository):
    config = read(repository / "config.yaml")
    config["recipes"]["signl-wav2vec2"]["trainable_frontend"] = True
    counts = planned(config)
    assert counts["inspect_audio"] == 2  # the archives of CFAD and In-the-Wild
    assert rules_of(elsewhere.plan(config)) == counts


@pytest.mark.slow
def test_the_papers_experiment(elsewhere, planned, repository, tmp_path):
    folder = tmp_path / "archives"
    for corpus in CORPORA.values():
        for archive in corpus.archives:
            for file in archive.files:
                path = folder / archive.folder / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
    config = read(repository / "config.paper.yaml") | {"archives": str(folder)}
    # More seeds are more jobs of the same kinds: Snakemake takes minutes to plan all.
    for axes in config["experiments"].values():
        axes["seeds"] = [1]
    assert rules_of(elsewhere.plan(config)) == planned(config)

"""Features of evaluation corpora that are not kept: the same tables, without their shards."""

import copy

import pytest

from signl import stages
from signl.experiment import Experiment
from signl.jobs import jobs_of
from signl.staleness import stale_artefacts

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


@pytest.fixture
def streamed(toy_config):
    config = copy.deepcopy(toy_config)
    config["streamed"] = {"toy": ["in_the_wild"]}
    return config


def test_scores_are_those_of_kept_features(toy, streamed, workflow_in, tmp_path):
    other = workflow_in(tmp_path)
    other.make(streamed)
    kept, found = toy.results(), other.results()
    cell = {"recipe": "toy", "corpus": "cfad", "percent": "50", "seed": "1"}
    evaluated = cell | {"eval_corpus": "in_the_wild"}
    for stage, wildcards in (
        *((stage, cell) for stage in (stages.FINETUNING, stages.DEV_SCORES)),
        (stages.METRICS, evaluated),
    ):
        for path in stage.paths(**wildcards):
            name = path.removeprefix("results/")
            assert found[name] == kept[name], name
    for table in ("indomain.csv", "crossdomain.csv", "breakdown.csv"):
        assert found[table] == kept[table], table
    wild = "features/toy/release_in_the_wild/"
    assert any(name.startswith(wild) for name in kept)
    assert not any(name.startswith(wild) for name in found)
    assert other.plan(streamed) == set()
    # By what headers say alone, too; and the front-end of scores is a part of it.
    (other.folder / ".snakemake").rename(other.folder / "records")
    assert other.plan(streamed) == set()
    changed = copy.deepcopy(streamed)
    changed["frontends"]["toy"]["n_mels"] = 20
    jobs = [job for job in jobs_of(Experiment(changed)) if job.stage == stages.SCORES]
    stale = {each.path: each.reason for each in stale_artefacts(jobs, root=other.folder)}
    assert set(stale) == {
        path
        for corpus in ("asvspoof2021_df", "cfad")
        for path in stages.SCORES.paths(**(evaluated | {"corpus": corpus}))
    }
    assert all("streamed" in reason for reason in stale.values())

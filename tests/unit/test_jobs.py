from itertools import product

import pytest
import yaml

from signl import stages
from signl.errors import ConfigError
from signl.experiment import Experiment
from signl.jobs import Job, jobs_of


@pytest.fixture(scope="module")
def experiment(repository):
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    return Experiment(config)


def test_a_job_makes_what_its_stage_says():
    cell = {"corpus": "cfad", "seed": "1", "percent": "5"}
    assert Job(stages.LABELS, cell).outputs == ["results/labels/cfad/seed-1/labels-5.parquet"]
    packing = Job(stages.AUDIO, {"archive": "LA"}, shards=("0000-of-0002", "0001-of-0002"))
    assert packing.outputs == [
        "results/audio/LA/0000-of-0002.parquet",
        "results/audio/LA/0001-of-0002.parquet",
    ]


def test_no_two_jobs_make_one_file(experiment):
    outputs = [output for job in jobs_of(experiment) for output in job.outputs]
    assert len(outputs) == len(set(outputs))


def test_every_stage_has_its_jobs(experiment):
    jobs = jobs_of(experiment)
    # Nothing of the embedded experiment reads audio, is given by its scores, is the mean of others,
    # is trained on several corpora, or learns from copies; maps of embeddings are of named cells.
    absent = (
        *(stages.INSPECTIONS, stages.GIVEN_SCORES, stages.POOLED, stages.POOLED_LABELS),
        *(stages.COPIES, stages.GATHERED_COPIES, stages.EMBEDDING_FIGURE),
        *(stages.COMBINED_SCORES, stages.COMBINED_DEV_SCORES),
    )
    rules = [stage.rule for stage in stages.STAGES if stage not in absent]
    assert {job.stage.rule for job in jobs} == set(rules)
    n_trained = len(experiment.trained)
    axes = experiment.config.experiments.values()
    n_scored = sum(
        len(list(product(*(each.recipes, each.train_corpora, each.label_percents, each.seeds))))
        * len(each.evaluate_on)
        for each in axes
    )
    for stage, n_jobs in (
        (stages.FINETUNING, n_trained),
        (stages.DEV_SCORES, n_trained),
        (stages.SCORES, n_scored),
        (stages.METRICS, n_scored),
        (stages.COLLECTED, 1),
    ):
        assert sum(job.stage == stage for job in jobs) == n_jobs


def test_jobs_carry_the_options_of_their_cell(experiment):
    (job,) = [
        job
        for job in jobs_of(experiment)
        if job.stage == stages.PRETRAINING
        and job.wildcards == {"recipe": "signl-logmel", "corpus": "cfad", "seed": "2"}
    ]
    assert job.options == experiment.pretraining_options("signl-logmel", "cfad")
    assert job.also == {"corpus": "cfad", "seed": 2}


@pytest.fixture(scope="module")
def perturbed(repository):
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    name = next(iter(config["experiments"]))
    config["experiments"][name]["perturbations"] = {"noise-10dB": {"kind": "noise", "snr_db": 10}}
    return Experiment(config)


def test_perturbed_corpora_are_evaluated_on_beside_the_others(experiment, perturbed):
    plain, more = jobs_of(experiment), jobs_of(perturbed)
    before = {path for job in plain for path in job.outputs}
    after = {path: job for job in more for path in job.outputs}
    assert before < set(after)
    added = [job for path, job in after.items() if path not in before]
    assert all(path.count("@noise-10dB") == 1 for path in set(after) - before)
    rules = {"extract_features", "gather_utterances", "score", "measure"}
    assert {job.stage.rule for job in added} == rules
    noise = {"kind": "noise", "probability": 1.0, "folder": None, "file_s": 30.0}
    noise["snr_db"] = [10.0, 10.0]
    for job in added:
        if job.stage.rule in ("extract_features", "score"):
            assert job.also["perturbation"] == noise
    # Nothing that is trained on is perturbed.
    corpora = {job.wildcards["corpus"] for job in added if job.stage.rule == "gather_utterances"}
    partitions = {job.wildcards.get("partition", "eval") for job in added}
    assert partitions == {"eval"}
    assert corpora == {cell.eval_corpus for cell in perturbed.evaluated}


def test_jobs_that_were_there_are_the_same(experiment, perturbed):
    collected = {"collect_metrics", "compare_recipes", "count_quarantine"}
    plain = [job for job in jobs_of(experiment) if job.stage.rule not in collected]
    more = jobs_of(perturbed)
    assert all(job in more for job in plain)


def test_one_job_draws_all_figures_of_a_kind_in_one_form(experiment):
    drawn = [job for job in jobs_of(experiment) if job.stage == stages.DET_FIGURES]
    corpora = ["asvspoof2021_df", "asvspoof5", "cfad"]
    pairs = [f"{train}-{other}" for train in corpora for other in [*corpora, "in_the_wild"]]
    assert [job.outputs for job in drawn] == [
        [f"results/figures/det/{pair}.{form}" for pair in pairs] for form in ("svg", "pdf")
    ]
    job, _ = [job for job in jobs_of(experiment) if job.stage == stages.TRAINING_FIGURES]
    assert job.figures == (*(f"classifiers-{corpus}" for corpus in corpora), "pretraining")


def test_metrics_know_which_attacks_are_of_a_family(repository):
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    plain = [job for job in jobs_of(Experiment(config)) if job.stage == stages.METRICS]
    config["attack_families"] = {"cfad": {"neural": ["gl", "lpcnet"]}}
    named = [job for job in jobs_of(Experiment(config)) if job.stage == stages.METRICS]
    for before, job in zip(plain, named, strict=True):
        of_cfad = job.wildcards["eval_corpus"] == "cfad"
        more = {"families": {"neural": ["gl", "lpcnet"]}} if of_cfad else {}
        assert job.also == before.also | more
    config["attack_families"] = {"wavefake": {"neural": ["gl"]}}
    with pytest.raises(ConfigError, match="attack_families: corpus is 'wavefake'"):
        Experiment(config)


def test_metrics_know_under_which_protocols_they_are_made(repository):
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    config["without_attacks"] = {"cfad": ["gl"]}
    jobs = [job for job in jobs_of(Experiment(config)) if "cfad" in job.wildcards.values()]
    (protocols,) = {
        tuple(job.also["protocols"])
        for job in jobs
        if job.stage == stages.METRICS and job.wildcards["eval_corpus"] == "cfad"
    }
    assert {"all", "all without gl"} < set(protocols)
    pools = [job for job in jobs_of(Experiment(config)) if job.stage == stages.POOLED_METRICS]
    pooled = {job.wildcards["pool"]: job.also["protocols"] for job in pools}
    assert pooled["asvspoof5+cfad+in_the_wild"] == ["eval", "all", "all"]

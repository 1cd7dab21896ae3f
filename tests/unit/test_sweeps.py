import copy

import pytest
import yaml

from signl import stages
from signl.experiment import Experiment
from signl.jobs import by_process, jobs_of
from signl.planning import plan_experiment
from signl.sweeps import Labelling, Sweep, Sweeps, grouped

FEW, MANY = {Labelling("5", "1"), Labelling("5", "2")}, {Labelling("100", "1"), Labelling("5", "1")}
PLANE = {
    "frontend": "logmel",
    "crop_s": 1.0,
    "model": {"kind": "mean_pool"},
    "finetuning": {"kind": "logistic"},
}


@pytest.fixture
def config(repository):
    given = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    signl = {**given["recipes"]["signl-logmel"], "per_corpus": {}}
    given["frontends"] = {"logmel": given["frontends"]["logmel"]}
    given["score_together"] = False
    given["recipes"] = {
        "plane": PLANE,
        "machine": PLANE | {"finetuning": {"kind": "svm"}},
        "both": {"mean_of": ["plane", "machine"]},
        "mixed": {"mean_of": ["plane", "signl"]},
        "signl": signl,
        "frozen": {
            **{key: signl[key] for key in ("frontend", "crop_s", "model")},
            "encoder_of": "signl",
            "finetuning": {"kind": "logistic"},
        },
    }
    given["experiments"] = {
        "labels": {
            "recipes": [*given["recipes"]],
            "train_corpora": ["cfad", "asvspoof5"],
            "label_percents": [5, 100],
            "seeds": [1, 2],
            "evaluate_on": ["in_the_wild", "cfad"],
        }
    }
    return given


def test_sweeps_are_the_fits_alone_and_the_means_of_fits(config):
    sweeps = Sweeps(Experiment(config))
    four = tuple(sorted(Labelling(percent, seed) for percent in ("5", "100") for seed in "12"))
    corpora = ("asvspoof5", "cfad")
    assert sweeps.trained == [Sweep(four, ("machine", "plane"), corpora)]
    assert sweeps.combined == [Sweep(four, ("both",), corpora)]
    assert sweeps.scored_dev == sweeps.trained
    assert sweeps.scored == [Sweep(four, ("machine", "plane"), corpora, ("cfad", "in_the_wild"))]
    assert sweeps.scored_combined == [Sweep(four, ("both",), corpora, ("cfad", "in_the_wild"))]
    classifier = {"recipe": "plane", "corpus": "cfad", "percent": "5", "seed": "1"}
    assert sweeps.has(stages.FINETUNING, classifier)
    assert not sweeps.has(stages.LABELS, classifier)
    for recipe in ("signl", "frozen", "mixed"):
        assert not sweeps.has(stages.FINETUNING, classifier | {"recipe": recipe})
        cell = {"recipe": recipe, "corpus": "cfad", "eval_corpus": "cfad"}
        assert not sweeps.has(stages.SCORES, cell)


def test_where_scores_are_made_together_trainings_are_not(config):
    config["score_together"] = True
    config["recipes"]["raw"] = {
        "crop_s": 1.0,
        "model": {"kind": "aasist"},
        "finetuning": {"epochs": 1},
    }
    config["experiments"]["labels"]["recipes"].append("raw")
    sweeps = Sweeps(Experiment(config))
    four = tuple(sorted(Labelling(percent, seed) for percent in ("5", "100") for seed in "12"))
    corpora = ("asvspoof5", "cfad")
    single = ("frozen", "machine", "plane", "signl")
    assert sweeps.trained == [Sweep(four, ("machine", "plane"), corpora)]
    assert sweeps.scored_dev == [Sweep(four, single, corpora)]
    assert sweeps.scored == [Sweep(four, single, corpora, ("cfad", "in_the_wild"))]
    assert sweeps.combined == [Sweep(four, ("both", "mixed"), corpora)]
    classifier = {"recipe": "signl", "corpus": "cfad", "percent": "5", "seed": "1"}
    cell = classifier | {"eval_corpus": "in_the_wild"}
    assert not sweeps.has(stages.FINETUNING, classifier)
    assert sweeps.has(stages.DEV_SCORES, classifier)
    assert sweeps.has(stages.SCORES, cell)
    assert sweeps.has(stages.METRICS, cell)
    # A network on audio may hold a front-end of its own: not several of these in memory.
    assert not sweeps.has(stages.SCORES, cell | {"recipe": "raw"})


def test_a_kind_of_one_corpus_is_asked_for_by_corpus(config):
    config["recipes"]["plane"] = PLANE | {
        "per_corpus": {"cfad": {"finetuning": {"kind": "gradient", "epochs": 1}}}
    }
    sweeps = Sweeps(Experiment(config))
    assert sweeps.has(stages.DEV_SCORES, {"recipe": "plane", "corpus": "asvspoof5"})
    assert not sweeps.has(stages.DEV_SCORES, {"recipe": "plane", "corpus": "cfad"})
    assert not sweeps.has(stages.COMBINED_DEV_SCORES, {"recipe": "both", "corpus": "cfad"})


def test_a_single_classifier_is_no_sweep(config):
    config["experiments"]["labels"] |= {"label_percents": [5], "seeds": [1]}
    sweeps = Sweeps(Experiment(config))
    assert sweeps.trained == sweeps.combined == sweeps.scored == sweeps.scored_combined == []


def test_products_cover_each_job_once():
    jobs = {
        ("a", "x", "p"): FEW,
        ("a", "x", "q"): FEW,
        ("a", "y", "p"): FEW,
        ("b", "x", "p"): FEW,
        ("b", "x", "q"): FEW,
        ("c", "x", "p"): MANY,
        ("c", "y", "p"): {Labelling("5", "1")},
    }
    found = [
        (recipe, corpus, evaluated, set(sweep.labellings))
        for sweep in grouped(jobs)
        for recipe in sweep.recipes
        for corpus in sweep.corpora
        for evaluated in sweep.eval_corpora
    ]
    expected = [(*place, made) for place, made in jobs.items() if len(made) > 1]
    assert sorted(each[:3] for each in found) == sorted(each[:3] for each in expected)
    assert all(each in found for each in expected)
    assert len(grouped(jobs)) == 3
    assert grouped({}) == []


def test_the_plan_counts_a_sweep_as_one_job(config):
    experiment = Experiment(config)
    jobs = jobs_of(experiment)
    trained = [job for job in jobs if job.stage == stages.FINETUNING]
    together = by_process(trained)
    # Two recipes on two corpora; of the others, signl and frozen, each has four trainings on each.
    assert len(together) == 2 * 2 + 2 * 2 * 4
    planned = {stage.rule: stage.jobs for stage in plan_experiment(experiment, jobs=jobs)}
    assert planned["train_classifier"] == len(together)
    assert planned["combine_scores"] == 2 * 2 + 2 * 2 * 4
    swept = next(each for each in together if len(each) > 1)
    assert {job.log for job in swept} == {"results/logs/train_classifier/machine/asvspoof5.log"}
    assert [job.wildcards["percent"] for job in swept].count("5") == 2


def test_another_label_percent_leaves_the_paths_of_the_others(config):
    before = {path for job in jobs_of(Experiment(config)) for path in job.outputs}
    more = copy.deepcopy(config)
    more["experiments"]["labels"]["label_percents"].append(10)
    after = {path for job in jobs_of(Experiment(more)) for path in job.outputs}
    assert before < after

"""What one job makes of several classifiers is what a job each makes of one."""

import pytest

from signl import stages

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

RECIPES = ("plane", "machine", "both")
#: What one classifier of each recipe leaves.
MADE = {
    **dict.fromkeys(RECIPES[:2], (stages.FINETUNING, stages.DEV_SCORES, stages.SCORES)),
    "both": (stages.COMBINED_DEV_SCORES, stages.COMBINED_SCORES),
}


def files_of(workflow):
    """Path -> content of what is made of the label percent that both runs have."""
    cell = {"corpus": "cfad", "percent": "50", "seed": "1", "eval_corpus": "in_the_wild"}
    paths = [
        path
        for recipe, made in MADE.items()
        for stage in (*made, stages.METRICS)
        for path in stage.paths(recipe=recipe, **cell)
    ]
    found = workflow.results()
    return {path: found[path.removeprefix("results/")] for path in paths}


def metrics(percent):
    return [
        f"results/metrics/{recipe}/cfad/labels-{percent}/seed-1/in_the_wild.json"
        for recipe in RECIPES
    ]


@pytest.fixture
def swept(changed):
    """Return a function that gives an experiment of fits, of some shares of the labels."""

    def experiment(*percents):
        config = changed(
            recipes=[*RECIPES],
            train_corpora=["cfad"],
            label_percents=[*percents],
            evaluate_on=["in_the_wild"],
        )
        plane = {
            **{key: config["recipes"]["toy"][key] for key in ("frontend", "crop_s")},
            "model": {"kind": "mean_pool"},
            "finetuning": {"kind": "logistic"},
        }
        config["recipes"] |= {
            "plane": plane,
            "machine": plane | {"finetuning": {"kind": "svm"}},
            "both": {"mean_of": ["plane", "machine"]},
        }
        return config

    return experiment


def test_one_job_makes_what_a_job_each_made(toy, swept):
    toy.make(swept(50), *metrics(50))
    alone = files_of(toy)
    targets = [*metrics(20), *metrics(50)]
    expected = set()
    for recipe in RECIPES[:2]:
        expected |= {
            f"train_classifier_sweep_1 {recipe} cfad",
            f"score_dev_sweep_1 {recipe} cfad",
            f"score_sweep_1 {recipe} cfad in_the_wild",
            f"measure_sweep_1 {recipe} cfad in_the_wild",
        }
    expected |= {
        "combine_dev_scores_sweep_1 both cfad",
        "combine_scores_sweep_1 both cfad in_the_wild",
        "measure_sweep_2 both cfad in_the_wild",
    }
    planned = toy.plan(swept(20, 50), *targets)
    assert {job for job in planned if not job.startswith("sample_labels")} == expected
    toy.make(swept(20, 50), *targets)
    assert files_of(toy) == alone
    assert toy.plan(swept(20, 50), *targets) == set()
    # A share that no experiment asks for is made by itself.
    other = toy.plan(swept(20, 50), *metrics(70)[:1])
    assert "train_classifier plane cfad 70 1" in other
    assert not any("sweep" in job for job in other)
    # Of other options all of them are made anew, whoever made them.
    changed = swept(20, 50)
    changed["recipes"]["plane"]["finetuning"]["folds"] = 3
    assert "train_classifier_sweep_1 plane cfad" in toy.plan(changed, *targets)


def test_networks_trained_one_by_one_are_scored_together(toy, changed):
    config = changed(seeds=[1, 2], train_corpora=["cfad"], evaluate_on=["in_the_wild"])
    recipe = {"recipe": "toy", "corpus": "cfad", "percent": "50", "eval_corpus": "in_the_wild"}
    made = (stages.FINETUNING, stages.DEV_SCORES, stages.SCORES, stages.METRICS)
    paths = {
        seed: [path for stage in made for path in stage.paths(**recipe, seed=seed)]
        for seed in (1, 2)
    }
    targets = [paths[seed][-1] for seed in (1, 2)]
    toy.make(config, *targets)
    alone = toy.results()
    config["score_together"] = True
    assert toy.plan(config, *targets) == {
        "score_dev_sweep_1 toy cfad",
        "score_sweep_1 toy cfad in_the_wild",
        "measure_sweep_1 toy cfad in_the_wild",
    }
    toy.make(config, *targets)
    together = toy.results()
    for path in (*paths[1], *paths[2]):
        name = path.removeprefix("results/")
        assert together[name] == alone[name], name
    assert toy.plan(config, *targets) == set()
    # Another evaluation corpus is scored alone, and trains nothing.
    config["experiments"]["toy"]["evaluate_on"].append("cfad")
    stage = stages.METRICS.paths(**{**recipe, "eval_corpus": "cfad"}, seed=1)
    planned = toy.plan(config, *targets, *stage)
    assert {job for job in planned if job.startswith(("score", "measure", "train"))} == {
        "score_sweep_1 toy cfad cfad",
        "measure_sweep_1 toy cfad cfad",
    }

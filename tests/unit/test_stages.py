from signl import stages
from signl.places import FOLDERS, place_of


def test_each_stage_has_its_rule_and_its_folder():
    rules = [stage.rule for stage in stages.STAGES]
    assert len(rules) == len(set(rules))
    assert set(stages.BY_FOLDER) == set(FOLDERS)


def test_paths_are_filled_in():
    cell = {"recipe": "a", "corpus": "b", "percent": "5", "seed": "1"}
    assert stages.FINETUNING.paths(**cell) == [
        f"results/classifiers/a/b/labels-5/seed-1/{name}"
        for name in ("model.safetensors", "config.json", "history.jsonl", "README.md")
    ]
    assert stages.FINETUNING.log == (
        "results/logs/train_classifier/{recipe}/{corpus}/labels-{percent}/seed-{seed}.log"
    )
    assert stages.COLLECTED.log == "results/logs/collect_metrics.log"


def test_artefacts_lie_where_they_are_looked_for():
    for stage in stages.STAGES:
        for path in stage.outputs.values():
            if stage.folder:
                assert place_of(path) == path


def test_every_artefact_has_one_maker():
    for stage in stages.STAGES:
        for path in stage.outputs.values():
            if stage.folder:
                assert stages.maker_of(path) == stage


def test_a_raised_revision_changes_the_parameter_of_the_rule():
    assert stages.SCORES.tag == f"score-{stages.SCORES.revision}"
    assert stages.DEV_SCORES.maker == stages.SCORES.maker == "score"


def test_figures_are_made_on_request_alone():
    drawn = {stage.rule for stage in stages.STAGES if stage.on_request}
    assert drawn == {stage.rule for stage in stages.STAGES if stage.rule.startswith("draw_")}
    (path,) = stages.DET_FIGURES.paths(figure="cfad-cfad", form="pdf")
    assert path == "results/figures/det/cfad-cfad.pdf"
    assert stages.DET_FIGURES.log.format(form="pdf") == "results/logs/draw_det/pdf.log"


def test_all_scores_are_read_as_one_stage():
    score_stages = (
        stages.SCORES,
        stages.DEV_SCORES,
        stages.GIVEN_SCORES,
        stages.COMBINED_SCORES,
        stages.COMBINED_DEV_SCORES,
    )
    assert {stage.maker for stage in score_stages} == {stages.SCORES.rule}
    assert len({stage.revision for stage in score_stages}) == 1


def test_all_metrics_are_read_as_one_stage():
    assert stages.POOLED_METRICS.maker == stages.METRICS.maker == "measure"
    assert stages.POOLED_METRICS.revision == stages.METRICS.revision

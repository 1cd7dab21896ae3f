"""What a change makes stale: exactly these jobs run anew, or none does."""

import copy
import shutil
import subprocess
from dataclasses import replace

import pytest

from signl import stages

pytestmark = pytest.mark.workflow

TRAINED = ("asvspoof2021_df", "cfad")
EVALUATED = ("cfad", "in_the_wild")
PARTITIONS = (
    *("asvspoof2021_df train", "asvspoof2021_df dev"),
    *("cfad train", "cfad dev", "cfad eval", "in_the_wild eval"),
)
ARCHIVES = ("LA", "CFAD", "release_in_the_wild")

#: All jobs of the toy experiment, by rule.
JOBS = {
    "make_demo_archives": {"make_demo_archives"},
    "build_manifest": {
        f"build_manifest {corpus}" for corpus in ("asvspoof2021_df", "cfad", "in_the_wild")
    },
    "pack_audio": {f"pack_audio_{archive}" for archive in ARCHIVES},
    "locate_trials": {f"locate_trials {partition}" for partition in PARTITIONS},
    "extract_features": {f"extract_features toy {archive} 0000-of-0001" for archive in ARCHIVES},
    "gather_utterances": {f"gather_utterances toy {partition}" for partition in PARTITIONS},
    "count_quarantine": {"count_quarantine"},
    "sample_labels": {f"sample_labels {corpus} 50 1" for corpus in TRAINED},
    "pretrain_encoder": {f"pretrain_encoder toy {corpus} 1" for corpus in TRAINED},
    "train_classifier": {f"train_classifier toy {corpus} 50 1" for corpus in TRAINED},
    "score": {f"score toy {corpus} 50 1 {other}" for corpus in TRAINED for other in EVALUATED},
    "score_dev": {f"score_dev toy {corpus} 50 1" for corpus in TRAINED},
    "measure": {f"measure toy {corpus} 50 1 {other}" for corpus in TRAINED for other in EVALUATED},
    # The other is evaluated on one corpus beyond its own.
    "measure_pooled": {"measure_pooled toy asvspoof2021_df 50 1 cfad+in_the_wild"},
    "collect_metrics": {"collect_metrics"},
    "compare_recipes": {"compare_recipes"},
    "summarise": {"summarise"},
    "tabulate": {"tabulate indomain", "tabulate crossdomain"},
    "tabulate_breakdown": {"tabulate_breakdown"},
    "tabulate_pretraining": {"tabulate_pretraining"},
    "all": {"all"},
}
#: Rule -> the rules that take what it makes.
TAKEN_BY = {
    "make_demo_archives": ("build_manifest", "pack_audio"),
    "build_manifest": ("pack_audio", "locate_trials", "sample_labels"),
    "pack_audio": ("locate_trials", "extract_features"),
    "locate_trials": ("gather_utterances",),
    "extract_features": (
        *("gather_utterances", "pretrain_encoder", "train_classifier", "score", "score_dev"),
    ),
    "gather_utterances": (
        *("count_quarantine", "pretrain_encoder", "train_classifier"),
        *("score", "score_dev", "measure", "measure_pooled", "compare_recipes"),
    ),
    "count_quarantine": ("summarise", "all"),
    "sample_labels": ("train_classifier", "score_dev", "measure", "measure_pooled"),
    "pretrain_encoder": ("train_classifier", "tabulate_pretraining"),
    "train_classifier": ("score", "score_dev"),
    "score": ("measure", "measure_pooled", "compare_recipes"),
    "score_dev": ("measure", "measure_pooled"),
    "measure": ("collect_metrics",),
    "measure_pooled": ("collect_metrics",),
    "collect_metrics": ("tabulate", "tabulate_breakdown", "summarise"),
    "compare_recipes": ("summarise", "all"),
    "tabulate": ("summarise", "all"),
    "tabulate_breakdown": ("summarise", "all"),
    "tabulate_pretraining": ("summarise", "all"),
    "summarise": ("all",),
    "all": (),
}
#: All stages, by the rule that carries their revision.
STAGES = {stage.rule: stage for stage in stages.STAGES}
#: Stages whose outputs the toy experiment has none of: no front-end of it is trained, no scores are
#: given or combined, no corpora are trained on together, nothing learns from resynthesis, and
#: figures are drawn on request alone.
ABSENT = {
    *("inspect_audio", "make_demo_frontend", "convert_scores"),
    *("pool_utterances", "pool_labels", "resynthesise", "gather_copies"),
    *("combine_scores", "combine_dev_scores"),
    *(rule for rule, stage in STAGES.items() if stage.on_request),
}


def jobs_from(*rules):
    """Return all jobs of rules and of the rules below them."""
    jobs, left = set(), list(rules)
    while left:
        rule = left.pop()
        jobs |= JOBS[rule]
        left += TAKEN_BY[rule]
    return jobs


def jobs_that_name(*names):
    """Return the jobs of corpora or archives."""
    return {job for jobs in JOBS.values() for job in jobs if any(name in job for name in names)}


@pytest.fixture
def finished(toy, tmp_path):
    """A copy of the finished toy experiment, whose files a test may change."""
    folder = tmp_path / "toy"
    shutil.copytree(toy.folder, folder)
    return replace(toy, folder=folder)


@pytest.fixture
def with_own_library(toy, tmp_path):
    """The finished toy experiment, with a copy of the repository that a test may change."""
    copied = tmp_path / "repository"
    copied.mkdir()
    shutil.copy(toy.repository / "Snakefile", copied)
    for name in ("rules", "profiles", "signl", "workflow_scripts", "envs"):
        shutil.copytree(
            toy.repository / name, copied / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return replace(toy, repository=copied)


def append(path, text):
    with path.open("a", encoding="utf-8") as handle:
        handle.write(text)


# Options.


def test_an_option_of_the_frontend(toy, toy_config):
    config = copy.deepcopy(toy_config)
    config["frontends"]["toy"]["n_mels"] = 20
    assert toy.plan(config) == jobs_from("extract_features")


@pytest.mark.parametrize(
    ("part", "rule"), [("pretraining", "pretrain_encoder"), ("finetuning", "train_classifier")]
)
def test_an_option_of_training(toy, toy_config, part, rule):
    config = copy.deepcopy(toy_config)
    config["recipes"]["toy"][part]["learning_rate"] = 0.002
    assert toy.plan(config) == jobs_from(rule)


def test_an_option_of_training_on_one_corpus(toy, toy_config):
    config = copy.deepcopy(toy_config)
    config["recipes"]["toy"]["per_corpus"]["cfad"]["finetuning"]["class_weights"] = [0.4, 0.6]
    assert toy.plan(config) == {
        job for job in jobs_from("train_classifier") if " asvspoof2021_df " not in job
    }


def test_the_order_of_options_is_none(toy, toy_config):
    config = copy.deepcopy(toy_config)
    recipe = config["recipes"]["toy"]
    recipe["pretraining"] = dict(reversed(recipe["pretraining"].items()))
    config["frontends"]["toy"] = dict(reversed(config["frontends"]["toy"].items()))
    assert toy.plan(config) == set()


# The library.


def test_each_rule_is_of_a_stage():
    assert set(STAGES) - ABSENT == set(JOBS) - {"all"}


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(
            rule,
            marks=[] if rule in ("extract_features", "gather_utterances") else [pytest.mark.slow],
        )
        for rule in STAGES
    ],
)
def test_a_raised_revision(with_own_library, toy_config, rule):
    path = with_own_library.repository / "signl" / "stages.py"
    written = path.read_text(encoding="utf-8")
    call = f'"{rule}", {STAGES[rule].revision},'
    # Of one stage the name stands in a line of its own.
    before = written.replace(f'"{rule}",\n    {STAGES[rule].revision},', call)
    raised = before.replace(call, f'"{rule}", {STAGES[rule].revision + 1},')
    assert raised != before
    path.write_text(raised, encoding="utf-8")
    assert with_own_library.plan(toy_config) == (set() if rule in ABSENT else jobs_from(rule))


def test_a_comment_in_the_library(with_own_library, toy_config):
    for path in (with_own_library.repository / "signl").rglob("*.py"):
        append(path, "\n# A word more.\n")
    assert with_own_library.plan(toy_config) == set()


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_a_checkout_of_another_branch_and_back(with_own_library, toy_config):
    repository = with_own_library.repository

    def git(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=test", "-c", "user.email=test", *arguments],
            cwd=repository,
            check=True,
            capture_output=True,
        )

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "as it is")
    git("checkout", "--quiet", "-b", "other")
    for folder in ("workflow_scripts", "rules", "signl"):
        for path in [*(repository / folder).rglob("*.py"), *(repository / folder).rglob("*.smk")]:
            append(path, "\n# Another word.\n")
    git("commit", "--quiet", "--all", "--message", "other")
    git("checkout", "--quiet", "-")
    assert with_own_library.plan(toy_config) == set()


# Files. Snakemake compares the contents of a file below 1 MB, and of a larger one the date alone.


@pytest.mark.parametrize(
    ("archive", "own_names", "tables"),
    [
        (
            "CFAD/CFAD.zip",
            ("cfad", "CFAD"),
            ("tabulate_pretraining",),
        ),
        (
            "InTheWild/release_in_the_wild.zip",
            ("in_the_wild",),
            (),
        ),
        # Below 1 MB, and without audio.
        (
            "ASVspoof2021/DF-keys-full.tar.gz",
            ("asvspoof2021_df", "LA"),
            ("tabulate_pretraining",),
        ),
    ],
)
def test_a_changed_archive(finished, toy_config, archive, own_names, tables):
    path = finished.folder / "results/demo/archives" / archive
    path.write_bytes(path.read_bytes() + b"more")
    below = jobs_from("collect_metrics", "compare_recipes", "count_quarantine") | {*tables}
    assert finished.plan(toy_config) == jobs_that_name(*own_names) | below


def test_touched_but_equal_inputs(finished, toy_config):
    small = [
        path
        for path in (finished.folder / "results").rglob("*")
        if path.is_file() and path.stat().st_size < 1_000_000
    ]
    assert len(small) > len(JOBS)
    for path in small:
        path.touch()
    assert finished.plan(toy_config) == set()


def test_a_touched_archive_beyond_a_megabyte_counts_as_changed(finished, toy_config):
    path = finished.folder / "results/demo/archives/InTheWild/release_in_the_wild.zip"
    assert path.stat().st_size > 1_000_000
    path.touch()
    expected = jobs_that_name("in_the_wild")
    assert finished.plan(toy_config) == expected | jobs_from(
        "collect_metrics", "compare_recipes", "count_quarantine"
    )


# Two runs at once.


@pytest.mark.slow
def test_a_second_run_on_the_same_folder_says_so_and_leaves(elsewhere, toy_config):
    target = "results/manifests/cfad.parquet"
    command = elsewhere.command(toy_config, target)
    first = subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env=command.environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert any("make_demo_archives" in line and "rule" in line for line in first.stdout)
    second = elsewhere.run(toy_config, target)
    assert first.poll() is None, "the first run ended before the second"
    assert second.returncode != 0
    assert "no other Snakemake process is trying to create the same files" in second.stdout
    assert str(elsewhere.folder) in second.stdout
    assert "--unlock" in second.stdout
    rest = first.communicate(timeout=300)[0]
    assert first.returncode == 0, rest
    assert (elsewhere.folder / target).is_file()

"""Score files of other systems as tables of ours, and the trials that these are of."""

import numpy as np
import pytest

from signl import stages
from signl.artefacts import MadeBy, table_made_by, write_table
from signl.corpora.manifest import to_table
from signl.corpora.trials import Trial
from signl.errors import ArtefactError, ConfigError, ScoreError
from signl.evaluation.converting import convert_scores
from signl.evaluation.eval_trials import TRIAL_COLUMNS, read_eval_trials
from signl.evaluation.measure import measure, read_metrics
from signl.evaluation.scores import read_scores
from signl.metrics import equal_error_rate
from signl.staleness import header_of


def trial(number, partition="eval"):
    is_bonafide = number % 3 == 0
    return Trial(
        utterance_id=f"u{number}",
        archive="LA",
        member=f"u{number}.flac",
        partition=partition,
        protocols=("all",) if partition == "eval" else (),
        label="bonafide" if is_bonafide else "spoof",
        attack=None if is_bonafide else "A1",
        speaker="s",
    )


@pytest.fixture
def manifest(tmp_path):
    """A manifest with twelve evaluation trials, u3 to u14, and others of train."""
    trials = [trial(number, "train" if number < 3 else "eval") for number in range(15)]
    made_by = MadeBy(stage="build_manifest", revision=stages.MANIFEST.revision, options={})
    write_table(tmp_path / "manifest.parquet", to_table(trials), made_by)
    return tmp_path / "manifest.parquet"


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    return {f"u{number}": float((number % 3 == 0) + rng.normal()) for number in range(3, 15)}


@pytest.fixture
def convert(tmp_path, manifest):
    """Return a function that writes a score file and converts it."""

    def run(lines, **options):
        path = tmp_path / "theirs.txt"
        path.write_text("".join(f"{line}\n" for line in lines))
        convert_scores(path, manifest, tmp_path / "scores.parquet", options=options)
        return tmp_path / "scores.parquet"

    return run


def test_the_evaluation_trials_of_a_manifest_are_read(manifest):
    trials = read_eval_trials(manifest)
    assert trials.column_names == TRIAL_COLUMNS
    assert trials["utterance_id"].to_pylist() == [f"u{number}" for number in range(3, 15)]


def test_what_holds_no_evaluation_trials_is_refused(tmp_path, convert, values):
    made_by = MadeBy(stage="build_manifest", revision=stages.MANIFEST.revision, options={})
    write_table(tmp_path / "manifest.parquet", to_table([trial(0, "dev")]), made_by)
    with pytest.raises(ScoreError, match="has no trial of partition 'eval'"):
        read_eval_trials(tmp_path / "manifest.parquet")
    made_by = MadeBy(stage="build_manifest", revision=1, options={})
    write_table(tmp_path / "old.parquet", to_table([trial(0)]), made_by)
    with pytest.raises(ArtefactError, match="revision 1"):
        read_eval_trials(tmp_path / "old.parquet")


def test_scores_are_in_the_manifests_order_and_measured(tmp_path, convert, values, manifest):
    path = convert(f"{name} {value!r}" for name, value in reversed(values.items()))
    assert dict(zip(*read_scores(path).to_pydict().values(), strict=True)) == values
    assert read_scores(path)["utterance_id"].to_pylist() == list(values)
    cell = {"recipe": "theirs", "frontend": "its own", "train_corpus": "cfad"}
    cell |= {"eval_corpus": "in_the_wild", "label_percent": 100, "seed": 1}
    measure(path, manifest, tmp_path / "m.json", dev=None, protocols=["all"], cell=cell, options={})
    found = read_metrics(tmp_path / "m.json")["protocols"]["all"]
    by_class = [
        [value for name, value in values.items() if (int(name[1:]) % 3 == 0) == is_bonafide]
        for is_bonafide in (True, False)
    ]
    assert found["eer"] == equal_error_rate(*by_class).rate
    assert found["transfer"] is None
    assert found["attacks"]["A1"]["eer"] == found["eer"]


def test_form_and_names_are_those_of_other_projects(convert, values):
    lines = ["path;p_fake", *(f"x/{name}.flac;{-value!r}" for name, value in values.items())]
    path = convert(lines, score="p_fake", higher="spoof")
    assert read_scores(path)["score"].to_pylist() == list(values.values())
    header = table_made_by(path)
    assert (header.stage, header.revision) == ("score", stages.GIVEN_SCORES.revision)
    assert header_of(path).options == {"score": "p_fake", "higher": "spoof"}


def test_trials_that_are_missing_and_those_beside_are_counted(convert, values):
    lines = [f"{name} {value!r}" for name, value in values.items()]
    message = (
        r"theirs.txt: trials without a score: 2 \('u3', 'u4'\); scores without a trial: 1 "
        r"\('v1'\); a trial is named 'u3', a score is named for 'v1'"
    )
    with pytest.raises(ScoreError, match=message):
        convert([*lines[2:], "v1 0.5"])
    # Of a trial of train there are no scores to be taken.
    with pytest.raises(ScoreError, match=r"scores without a trial: 1 \('u0'\)"):
        convert([*lines, "u0 0.5"])


def test_options_that_are_not_known_are_refused(convert):
    with pytest.raises(ConfigError, match=r"score_files\.delimiter is 'dash'; allowed is 'tab', "):
        convert(["u3 1"], delimiter="dash")

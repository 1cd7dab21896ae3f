"""Submissions to a leaderboard."""

import hashlib

import pyarrow as pa
import pytest
import yaml

from signl.errors import ConfigError, ScoreError
from signl.evaluation.arena import Submission, write_submission
from signl.evaluation.scores import read_score_text

SCORES = pa.table({"utterance_id": ["a", "b", "c"], "score": [0.5, -1.0, 0.25]})
KEY = pa.table({"utterance_id": ["c", "b", "a"], "label": ["bonafide", "spoof", "spoof"]})
OURS = Submission("SIGNL, wav2vec 2.0", "signl-w2v2", "Benchmarks/ASVspoof2019_LA")


def test_the_page_points_to_the_scores_by_their_digest(tmp_path):
    paths = write_submission(tmp_path / "out", SCORES, OURS)
    scores, digest, page = paths
    assert [path.name for path in paths] == ["scores.txt", "scores.txt.sha256", "signl-w2v2.yaml"]
    assert read_score_text(scores, form="asvspoof2021").to_pydict() == SCORES.to_pydict()
    expected = hashlib.sha256(b"a 0.5\nb -1.0\nc 0.25\n").hexdigest()
    assert digest.read_text() == f"{expected}  scores.txt\n"
    described = yaml.safe_load(page.read_text())
    assert described["artifact"]["scores_sha256"] == expected
    assert described["schema_version"] == 4
    assert described["system"]["name"] == OURS.name
    assert described["dataset"]["id"] == OURS.dataset
    assert described["scores"] == {"eer_percent": None, "n_trials": 3, "n_skipped": None}
    assert described["reproduction"] is None


def test_with_a_key_the_eer_is_stated(tmp_path):
    *_, page = write_submission(tmp_path, SCORES, OURS, key=KEY)
    # One spoof of two lies above the bona fide trial: 50 % false alarms against none or all missed.
    assert yaml.safe_load(page.read_text())["scores"]["eer_percent"] == pytest.approx(25.0)
    with pytest.raises(ScoreError, match="trials without a score: 1"):
        write_submission(tmp_path / "part", SCORES.slice(1), OURS, key=KEY)
    assert not (tmp_path / "part").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"slug": "../x"}, "the slug is '../x'; allowed are small letters"),
        ({"slug": "Signl"}, "the slug is 'Signl'"),
        ({"dataset": "ASVspoof"}, "the dataset is 'ASVspoof'; allowed is owner/name"),
        ({"name": " "}, "the name of the system is empty"),
    ],
)
def test_names_that_are_not_allowed_are_refused(tmp_path, change, message):
    with pytest.raises(ConfigError, match=message):
        write_submission(tmp_path / "out", SCORES, OURS._replace(**change))
    assert not (tmp_path / "out").exists()

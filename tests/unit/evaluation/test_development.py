"""Threshold and calibration of a dev set: what they are, and when they fix nothing."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signl.artefacts import table_made_by, write_table
from signl.errors import ManifestError, ScoreError
from signl.evaluation.calibration import fit_calibration
from signl.evaluation.development import DevFiles, measure_from_dev, read_dev_scores
from signl.evaluation.scores import write_scores
from signl.metrics import (
    ASVSPOOF5_COSTS,
    Scores,
    act_dcf,
    cllr,
    equal_error_rate,
    error_rates,
)

EVALUATION = Scores(np.array([0.5, 1.5, 3.0]), np.array([-2.0, 0.0, 1.0, 2.0]))
tied_scores = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=15)


def from_dev(bonafide, spoof, evaluation=EVALUATION):
    dev = Scores(np.array(bonafide, float), np.array(spoof, float))
    return measure_from_dev(dev, evaluation, costs=ASVSPOOF5_COSTS)


def test_errors_are_those_at_the_threshold_of_dev():
    # One error of each class: 0.8 among the bona fide, 1.0 among the spoofs.
    found = from_dev([0.8, 2.0, 3.0], [1.0, -1.0, -2.0])
    assert found["dev"] == {
        "n_bonafide": 3,
        "n_spoof": 3,
        "eer": pytest.approx(1 / 3),
        "remarks": [],
    }
    # The point of equal errors rejects up to 0.8; 0.5 of the bona fide is missed there.
    assert found["transfer"] == {
        "threshold": np.nextafter(0.8, 1),
        "miss": 1 / 3,
        "false_alarm": 2 / 4,
        "hter": pytest.approx(5 / 12),
    }


@given(st.sets(st.floats(-50, 50), min_size=2, max_size=20), st.integers(1, 19))
def test_on_dev_itself_the_threshold_gives_the_eer(values, n_bonafide):
    shuffled = sorted(values, key=lambda value: (value * 7919) % 1)
    n_bonafide = min(n_bonafide, len(values) - 1)
    dev = Scores(np.array(shuffled[:n_bonafide]), np.array(shuffled[n_bonafide:]))
    found = measure_from_dev(dev, dev, costs=ASVSPOOF5_COSTS)
    assert found["transfer"]["hter"] == pytest.approx(equal_error_rate(*dev).rate)


def test_evaluation_trials_move_neither_threshold_nor_map():
    dev = CARRYING
    shifted = Scores(*(part + 100 for part in EVALUATION))
    first, second = from_dev(*dev), from_dev(*dev, evaluation=shifted)
    assert second["transfer"]["threshold"] == first["transfer"]["threshold"]
    for name in ("slope", "offset"):
        assert second["calibrated"][name] == first["calibrated"][name]
    assert (second["transfer"]["miss"], second["transfer"]["false_alarm"]) == (0, 1)


#: Twelve of each class, with an error.
CARRYING = [*range(12)], [*range(-9, 3)]


def test_calibrated_measures_are_those_of_mapped_scores():
    dev = CARRYING
    calibration = fit_calibration(*dev)
    mapped = [calibration.apply(part) for part in EVALUATION]
    assert from_dev(*dev)["calibrated"] == {
        **calibration._asdict(),
        "cllr": cllr(*mapped),
        "act_dcf": act_dcf(*mapped),
        "remarks": [],
    }


def test_what_dev_cannot_carry_is_left_blank_with_a_reason():
    found = from_dev([0.8, 2.0, 3.0], [1.0, -1.0, -2.0])
    assert found["dev"]["remarks"] == []
    (reason,) = found["calibrated"].pop("remarks")
    assert reason.startswith("dev has 3 bona fide and 3 spoof scores")
    assert set(found["calibrated"].values()) == {None}


def test_equal_dev_scores_have_no_eer():
    assert from_dev([1.0, 1.0], [1.0])["dev"]["eer"] is None


@pytest.mark.parametrize(
    ("bonafide", "spoof", "remark"),
    [
        ([2.0, 3.0], [-1.0, 0.0], "dev has no error"),
        ([1.0, 1.0], [1.0], "all dev scores are equal"),
        ([-1.0, 0.0, 0.5], [0.2, 2.0, 3.0], "rise with belief in spoof"),
        ([1.0, 1.0, 1.0, 2.0, 2.0], [0.0, 1.0, 1.0, 1.0, 1.0], "tie at the threshold"),
    ],
)
def test_a_dev_set_that_fixes_nothing_says_so(bonafide, spoof, remark):
    (found,) = from_dev(bonafide, spoof)["dev"]["remarks"]
    assert remark in found


@given(tied_scores, tied_scores)
def test_every_dev_set_gives_numbers(bonafide, spoof):
    found = from_dev(bonafide, spoof)
    reasons = found["calibrated"].pop("remarks")
    figures = [value for value in found["calibrated"].values() if value is not None]
    assert len(figures) == (0 if reasons else 4)
    assert np.isfinite([*found["transfer"].values(), *figures]).all()
    rates = error_rates(*EVALUATION, threshold=found["transfer"]["threshold"])
    assert found["transfer"]["hter"] == rates.hter


def test_files_are_three_or_none():
    assert DevFiles.of([]) is None
    assert DevFiles.of(["a", "b", "c"]) == DevFiles(scores="a", trials="b", labels="c")


def test_unlabelled_dev_utterances_have_no_part(write_dev):
    scores = read_dev_scores(write_dev([1.0, 2.0], [0.5], unlabelled=["D_77"]))
    assert (scores.bonafide.tolist(), scores.spoof.tolist()) == ([1.0, 2.0], [0.5])


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["D_0", "D_1"], r"dev.scores.parquet: trials without a score: 1 \('D_2'\)"),
        (["D_0", "D_1", "D_2", "D_77"], r"dev.scores.parquet: scores without a trial: 1 \('D_77'"),
    ],
)
def test_scored_must_be_what_is_labelled(write_dev, ids, message):
    files = write_dev([1.0, 2.0], [0.5], unlabelled=["D_77"])
    write_scores(files.scores, ids, np.zeros(len(ids)), options={})
    with pytest.raises(ScoreError, match=message):
        read_dev_scores(files)


def test_a_dev_set_of_one_class_is_refused(write_dev):
    files = write_dev([1.0, 2.0], [])
    with pytest.raises(ManifestError, match=r"no utterance of class \['spoof'\]"):
        read_dev_scores(files)


def test_nan_scores_of_dev_are_refused(write_dev):
    files = write_dev([1.0, 2.0], [0.5])
    made_by = table_made_by(files.scores)
    wrong = pq.read_table(files.scores).set_column(1, "score", [[1.0, float("nan"), 0.5]])
    write_table(files.scores, wrong, made_by)
    with pytest.raises(ScoreError, match=r"NaN or infinite: 1 \('D_1'\)"):
        read_dev_scores(files)

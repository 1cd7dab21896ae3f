"""What dev scores fix, written beside a model and read again."""

import json
import shutil

import numpy as np
import pytest
from small_models import save_frame_classifier, write_point

from signl import seals, stages
from signl.errors import ArtefactError, ScoreError
from signl.evaluation.calibration import fit_calibration
from signl.evaluation.development import measure_from_dev
from signl.evaluation.operating_point import OperatingPoint, read_operating_point
from signl.metrics import CostModel, Scores


@pytest.fixture
def folder(tmp_path):
    return save_frame_classifier(tmp_path / "model", {"kind": "logmel"})


def test_it_is_what_the_tables_measure_with(folder):
    dev = write_point(folder)
    measured = measure_from_dev(dev, dev, costs=CostModel())
    point = read_operating_point(folder)
    assert point.threshold == measured["transfer"]["threshold"]
    assert point.calibration._asdict() == {
        name: measured["calibrated"][name] for name in ("slope", "offset")
    }
    assert (point.n_bonafide, point.n_spoof, point.remarks) == (12, 12, ())


def test_the_threshold_accepts_what_lies_on_it(folder):
    dev = write_point(folder)
    point = read_operating_point(folder)
    below = np.nextafter(point.threshold, -np.inf)
    assert point.verdict(point.threshold) == "bona fide"
    assert point.verdict(below) == "spoof"
    expected = fit_calibration(*dev)
    assert point.log_likelihood_ratio(2.0) == pytest.approx(2 * expected.slope + expected.offset)


def test_few_dev_scores_fix_a_threshold_and_no_calibration(folder):
    write_point(folder, n_dev=4)
    point = read_operating_point(folder)
    assert point.calibration is None
    assert point.log_likelihood_ratio(1.0) is None
    assert point.remarks[0].startswith("dev has 4 bona fide and 4 spoof scores")


def test_a_missing_class_is_refused():
    with pytest.raises(ScoreError):
        OperatingPoint.of(Scores(np.array([1.0]), np.array([])))


def test_a_model_may_have_none(folder):
    assert read_operating_point(folder) is None


def test_that_of_another_model_is_refused(folder, tmp_path):
    other = save_frame_classifier(tmp_path / "other", {"kind": "lfcc"})
    write_point(other)
    shutil.copy(other / stages.OPERATING_POINT, folder)
    with pytest.raises(ArtefactError, match="is of another model"):
        read_operating_point(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": float("nan")},
        {"threshold": "0"},
        {"calibration": {"slope": 1.0}},
        {"calibration": {"slope": True, "offset": 0.0}},
        {"calibration": [1.0, 0.0]},
        {"calibration": {}},
        {"remarks": None},
    ],
)
def test_values_of_others_are_looked_at(folder, change):
    """A document with a seal of its own, as anyone can write one."""
    write_point(folder)
    path = folder / stages.OPERATING_POINT
    document = json.loads(path.read_text()) | change | {"seal": seals.BLANK}
    path.write_bytes(seals.seal_document(json.dumps(document).encode()))
    with pytest.raises(ArtefactError, match="is not an operating point"):
        read_operating_point(folder)


def test_a_changed_threshold_is_found(folder):
    write_point(folder)
    path = folder / stages.OPERATING_POINT
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "threshold": 0.0}))
    with pytest.raises(ArtefactError, match="not a whole document"):
        read_operating_point(folder)

"""Courses of trainings: the epochs of their histories."""

import json

import numpy as np
import pytest

from signl.errors import ArtefactError
from signl.evaluation.figures import classifier_courses, pretraining_courses
from signl.evaluation.figures.training_courses import read_histories
from signl.evaluation.pretraining import SPREAD
from signl.objectives.collapse_limits import MIN_DEVIATION


@pytest.fixture
def write_history(tmp_path):
    """Return a function that writes the history of a training and gives its path."""

    def write(place, losses, **figures):
        path = tmp_path / place / "history.jsonl"
        path.parent.mkdir(parents=True)
        records = [
            {"epoch": epoch, "train_loss": loss + 1, "dev_loss": loss, "best": epoch < 2, **figures}
            for epoch, loss in enumerate(losses)
        ]
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return path

    return write


@pytest.fixture
def classifier(write_history):
    eers = {"train_eer": 0.25, "dev_eer": 0.5}
    return write_history("a/cfad/labels-5/seed-1", [0.9, 0.5, 0.7], **eers)


@pytest.fixture
def encoder(write_history):
    return write_history("a/cfad/seed-1", [3.0, 2.0, 1.0], **dict.fromkeys(SPREAD, 0.04))


def test_histories_are_read_with_the_names_of_their_folders(classifier, encoder):
    trained, pretrained = read_histories([classifier]), read_histories([encoder])
    names = ["recipe", "train_corpus", "label_percent", "seed", "epoch", "dev_loss"]
    assert trained[names].values.tolist() == [
        ["a", "cfad", 5.0, 1, epoch, loss] for epoch, loss in enumerate([0.9, 0.5, 0.7])
    ]
    assert pretrained["label_percent"].isna().all()
    assert set(pretrained["recipe"]) == {"a"}


def test_lines_hold_the_epochs_and_markers_the_kept_one(classifier):
    figure = classifier_courses(read_histories([classifier]))
    by_name = {axes.get_ylabel(): axes for axes in figure.axes}
    line, kept = by_name["dev loss"].lines
    assert line.get_xydata().tolist() == [[0, 0.9], [1, 0.5], [2, 0.7]]
    assert line.get_marker() == "none"
    assert kept.get_xydata().tolist() == [[1, 0.5]]
    assert by_name["dev EER (%)"].lines[0].get_ydata().tolist() == [50, 50, 50]


def test_pretrainings_show_where_they_collapse(encoder):
    figure = pretraining_courses(read_histories([encoder]))
    by_name = {axes.get_ylabel(): axes for axes in figure.axes}
    assert len(by_name) == 8
    axes = by_name["projection\ndeviation"]
    (shade,) = axes.patches
    assert shade.get_height() == pytest.approx(MIN_DEVIATION)
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 0.04)
    assert not by_name["projection\ncorrelation"].patches


def test_a_training_that_lacks_a_figure(classifier, write_history, told):
    bare = write_history("b/cfad/labels-100/seed-1", [0.3])
    figure = classifier_courses(read_histories([classifier, bare]))
    assert told(figure).count("no figures") == 2  # the two EERs at 100 %


def test_a_figure_says_what_it_lacks(write_history, told):
    nothing = read_histories([])
    assert "No classifier has been trained" in told(classifier_courses(nothing))
    assert "No recipe is pre-trained" in told(pretraining_courses(nothing))
    one = read_histories([write_history("b/cfad/labels-5/seed-1", [0.3])])
    assert "One epoch each" in told(classifier_courses(one))


def test_a_damaged_history_is_named(classifier):
    classifier.write_text("{")
    with pytest.raises(ArtefactError, match=r"history\.jsonl is no history of a training"):
        read_histories([classifier])

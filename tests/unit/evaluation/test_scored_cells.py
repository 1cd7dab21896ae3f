"""Scores as their paths name them, and their trials."""

import numpy as np
import pytest

from signl.evaluation.scored_cells import EvalTrials, ScoredCell, TrialReader
from signl.evaluation.scores import write_scores

ROWS = [
    ("E_1", "bonafide", ["all", "seen"], None, "mp3"),
    ("E_2", "spoof", ["all"], "A07", None),
    ("E_3", "spoof", ["seen"], "A08", None),
]


def test_a_path_names_its_cell():
    path = "results/scores/signl/cfad/labels-0.5/seed-3/in_the_wild@noise.parquet"
    cell = ScoredCell.at(path)
    assert cell[1:] == ("signl", "cfad", 0.5, 3)
    assert (cell.evaluated, cell.eval_corpus, cell.perturbation) == (
        "in_the_wild@noise",
        "in_the_wild",
        "noise",
    )
    assert cell.identity == {"recipe": "signl", "label_percent": 0.5, "seed": 3}


def test_trials_know_class_and_protocols(write_trials):
    trials = EvalTrials.read(write_trials(ROWS), unit="attack")
    assert trials.is_bonafide.tolist() == [True, False, False]
    assert {name: mask.tolist() for name, mask in trials.protocols.items()} == {
        "all": [True, True, False],
        "seen": [True, False, True],
    }
    assert trials.units.tolist() == [None, "A07", "A08"]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["E_1", "E_2", "E_3"], [0.1, 0.2, 0.3]),
        (["E_3", "E_1", "E_2"], [0.2, 0.3, 0.1]),
        (["E_3", "E_1"], [0.2, np.nan, 0.1]),
    ],
)
def test_scores_come_in_the_order_of_the_trials(write_trials, tmp_path, ids, expected):
    path = tmp_path / "scores.parquet"
    write_scores(path, ids, [0.1, 0.2, 0.3][: len(ids)], options={})
    found = EvalTrials.read(write_trials(ROWS)).scores_at(path)
    np.testing.assert_array_equal(found, expected)


def test_tables_of_the_same_trials_are_one_set(write_trials, tmp_path):
    scores = tmp_path / "signl" / "cfad" / "labels-5" / "seed-1" / "in_the_wild.parquet"
    write_scores(scores, ["E_1", "E_2", "E_3"], [1.0, 2.0, 3.0], options={})
    cell = ScoredCell.at(scores)
    reader = TrialReader()
    places = []
    for name, rows in (("a", ROWS), ("b", ROWS), ("c", ROWS[:2]), ("a", ROWS)):
        path = tmp_path / name / "eval.parquet"
        path.parent.mkdir(exist_ok=True)
        write_trials(rows).rename(path)
        places.append(reader.read(cell, path).trials)
    assert places == [0, 0, 1, 0]
    assert len(reader.sets) == 2

"""Rule tabulate_pretraining: one row a run, and a collapse that nobody can overlook."""

import csv
import json
import logging

import pytest

from signl.errors import ArtefactError
from signl.evaluation.pretraining import COLUMNS, SPREAD, tabulate_pretraining
from signl.objectives.collapse import CollapseDiagnostics


def record(epoch, dev_loss, *, best, collapsed=False):
    """A history's record, whose diagnostics tell epoch and place: 1.02 is of epoch 1, the third."""
    spread = {name: epoch + place / 100 for place, name in enumerate(SPREAD)}
    return {
        "epoch": epoch,
        "train_loss": 0.0,
        "dev_loss": dev_loss,
        "best": best,
        "collapsed": collapsed,
        **spread,
    }


@pytest.fixture
def write_history(tmp_path):
    """Return a function that writes a history and gives its path."""

    def write(records, *, recipe="signl", corpus="cfad", seed=1):
        path = tmp_path / recipe / corpus / f"seed-{seed}" / "history.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(json.dumps(each) + "\n" for each in records))
        return path

    return write


@pytest.fixture
def table(tmp_path):
    """Return a function that tabulates histories and gives the rows."""

    def run(histories):
        output = tmp_path / "pretraining.csv"
        tabulate_pretraining(histories, output)
        with output.open(newline="") as handle:
            return list(csv.DictReader(handle))

    return run


def test_a_row_holds_best_and_last_epoch(write_history, table):
    records = [
        record(0, -0.5, best=True),
        record(1, -0.75, best=True),
        record(2, -0.6, best=False),
    ]
    (row,) = table([write_history(records)])
    assert tuple(row) == COLUMNS
    assert {name: row[name] for name in COLUMNS[:11]} == {
        "recipe": "signl",
        "train_corpus": "cfad",
        "seed": "1",
        "collapsed": "no",
        "first_collapsed_epoch": "",
        "n_collapsed_epochs": "0",
        "n_epochs": "3",
        "best_epoch": "1",
        "best_collapsed": "no",
        "best_dev_loss": "-0.750000",
        "last_dev_loss": "-0.600000",
    }
    for place, name in enumerate(SPREAD):
        assert row[f"best_{name}"] == f"{1 + place / 100:.4f}"
        assert row[f"last_{name}"] == f"{2 + place / 100:.4f}"


def test_the_diagnostics_are_those_of_the_history():
    figures = CollapseDiagnostics._fields
    expected = [f"{part}_{name}" for part in ("embedding", "projection") for name in figures]
    assert list(SPREAD) == expected


@pytest.mark.parametrize(
    ("collapsed", "expected"),
    [
        ([False, True, True], ("yes", "1", "2", "yes")),
        ([True, False, False], ("yes", "0", "1", "no")),
        ([False, False, True], ("yes", "2", "1", "no")),
    ],
)
def test_a_collapse_is_told_with_its_first_epoch(write_history, table, caplog, collapsed, expected):
    records = [
        record(epoch, 0.0, best=epoch < 2, collapsed=value) for epoch, value in enumerate(collapsed)
    ]
    with caplog.at_level(logging.WARNING):
        (row,) = table([write_history(records)])
    names = ("collapsed", "first_collapsed_epoch", "n_collapsed_epochs", "best_collapsed")
    assert tuple(row[name] for name in names) == expected
    assert f"signl on cfad, seed 1, COLLAPSED in epoch {expected[1]}" in caplog.text


def test_rows_are_sorted_with_seeds_as_numbers(write_history, table):
    runs = [("b", "cfad", 2), ("a", "cfad", 10), ("a", "cfad", 9), ("a", "asvspoof5", 11)]
    paths = [
        write_history([record(0, 0.0, best=True)], recipe=recipe, corpus=corpus, seed=seed)
        for recipe, corpus, seed in runs
    ]
    rows = table(paths)
    found = [(row["recipe"], row["train_corpus"], int(row["seed"])) for row in rows]
    assert found == sorted(runs)


def test_without_pretraining_the_table_is_a_header(tmp_path):
    output = tmp_path / "pretraining.csv"
    tabulate_pretraining([], output)
    assert output.read_text() == ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize("text", ["", "{", "[]\n", '{"epoch": 0, "best": true}\n'])
def test_a_damaged_history_is_refused(write_history, tmp_path, text):
    path = write_history([])
    path.write_text(text)
    with pytest.raises(ArtefactError, match="is no history of a pre-training"):
        tabulate_pretraining([path], tmp_path / "pretraining.csv")

"""The paper's numbers: as printed, and beside nothing but the same trials."""

from importlib.resources import files

import pytest

from signl.evaluation.published import (
    PAPER_CORPORA,
    PublishedSystem,
    published_eer,
    published_systems,
)

SIGNL = PublishedSystem(model="signl", frontend="wav2vec2")


def look_up(system, cell):
    """Return the number for a cell with all trials of the corpus."""
    corpus = PAPER_CORPORA.get(cell["eval_corpus"])
    return published_eer(system, **cell, n_trials=corpus.n_trials if corpus else 1000)


def make_cell(train, evaluate, protocol=None, percent=5.0):
    if protocol is None:
        protocol = "eval" if evaluate == "asvspoof5_signl" else "all"
    return {
        "train_corpus": train,
        "eval_corpus": evaluate,
        "protocol": protocol,
        "label_percent": percent,
    }


def test_table_is_the_published_one(shared):
    ours = files("signl.evaluation").joinpath("published.csv").read_bytes()
    assert ours == (shared / "paper_results.csv").read_bytes()


def test_table_is_whole():
    cells = [
        make_cell(train, evaluate, percent=percent)
        for train in ("asvspoof2021_df", "asvspoof5_signl", "cfad")
        for evaluate in (train, "in_the_wild")
        for percent in (5, 10, 30, 50, 80, 100)
    ]
    assert len(published_systems()) == 12
    for system in published_systems():
        for cell in cells:
            eer = look_up(system, cell)
            assert 0 < eer.mean < 100, (system, cell)
            assert 0 <= eer.deviation < 50, (system, cell)


def test_numbers_are_those_of_the_cell():
    lcnn = PublishedSystem(model="lcnn", frontend="lfcc")
    in_domain = make_cell("asvspoof2021_df", "asvspoof2021_df", percent=10)
    assert look_up(lcnn, in_domain) == (28.91, 2.57)
    every = {
        look_up(SIGNL, make_cell(train, evaluate)).mean
        for train in ("asvspoof2021_df", "asvspoof5_signl", "cfad")
        for evaluate in (train, "in_the_wild")
    }
    assert len(every) == 6


@pytest.mark.parametrize(
    ("train", "evaluate", "protocol"),
    [
        ("asvspoof2021_df", "asvspoof2021_df", "eval"),
        ("asvspoof5", "asvspoof5", "all"),
        ("asvspoof5", "in_the_wild", "all"),
        ("asvspoof5_signl", "asvspoof5", "eval"),
        ("asvspoof5_signl", "asvspoof5_signl", "all"),
        ("cfad", "cfad", "seen"),
        ("cfad", "asvspoof2021_df", "all"),
        ("in_the_wild", "in_the_wild", "all"),
        ("asvspoof2021_df", "elsewhere", "all"),
    ],
)
def test_no_number_stands_beside_other_trials(train, evaluate, protocol):
    assert look_up(SIGNL, make_cell(train, evaluate, protocol)) is None


def test_no_number_stands_beside_another_percentage():
    cell = make_cell("cfad", "cfad", percent=20)
    assert look_up(SIGNL, cell) is None
    assert look_up(SIGNL, {**cell, "label_percent": 100}) is not None


def test_unknown_systems_have_no_number():
    assert (
        look_up(PublishedSystem(model="signl", frontend="raw"), make_cell("cfad", "cfad")) is None
    )


@pytest.mark.parametrize(
    ("n_trials", "is_same"),
    [(31_779, True), (31_500, True), (31_400, False), (200, False), (31_780, False)],
)
def test_no_number_stands_beside_a_part_of_a_corpus(n_trials, is_same):
    cell = make_cell("cfad", "in_the_wild")
    assert (published_eer(SIGNL, **cell, n_trials=n_trials) is not None) == is_same

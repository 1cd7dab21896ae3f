"""Where score files lie in the folder of a system."""

import pytest

from signl.errors import ConfigError
from signl.evaluation.score_folders import find_score_file

CELL = {"train_corpus": "cfad", "percent": "5", "seed": "3", "eval_corpus": "in_the_wild"}


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_the_file_that_says_most_of_its_cell_is_taken(tmp_path):
    for name in (
        "in_the_wild.txt",
        "seed-3/in_the_wild.tsv",
        "cfad/in_the_wild.csv",
        "cfad/seed-3/in_the_wild.txt",
        "cfad/labels-5/seed-3/in_the_wild.parquet",
    ):
        path = touch(tmp_path / name)
        assert find_score_file(tmp_path, **CELL) == path


def test_files_of_other_cells_are_not_taken(tmp_path):
    for name in ("asvspoof5.txt", "seed-1/in_the_wild.txt", "asvspoof5/in_the_wild.txt"):
        touch(tmp_path / name)
    touch(tmp_path / "in_the_wild.json")
    with pytest.raises(ConfigError, match=r"holds no scores of in_the_wild; allowed are cfad/lab"):
        find_score_file(tmp_path, **CELL)


def test_two_endings_are_refused(tmp_path):
    touch(tmp_path / "in_the_wild.txt")
    touch(tmp_path / "in_the_wild.csv")
    with pytest.raises(ConfigError, match=r"in_the_wild has the endings \['.txt', '.csv'\]; keep"):
        find_score_file(tmp_path, **CELL)

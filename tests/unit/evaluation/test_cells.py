"""Cells are what the wildcards of a job name."""

import pytest

from signl.errors import ConfigError
from signl.evaluation.cells import Cell

WILDCARDS = {"recipe": "signl", "corpus": "cfad", "percent": "5", "seed": "2"}


@pytest.mark.parametrize(
    ("more", "eval_corpus", "perturbation"),
    [
        ({"eval_corpus": "in_the_wild"}, "in_the_wild", ""),
        ({"eval_corpus": "in_the_wild@noise"}, "in_the_wild", "noise"),
        ({"pool": "asvspoof5+in_the_wild"}, "asvspoof5+in_the_wild", ""),
    ],
)
def test_a_job_names_its_cell(more, eval_corpus, perturbation):
    values = Cell.of_job(WILDCARDS | more, frontend="logmel", resynthesis="world")
    assert Cell.from_mapping(values, "cell") == Cell(
        recipe="signl",
        frontend="logmel",
        train_corpus="cfad",
        eval_corpus=eval_corpus,
        label_percent=5.0,
        seed=2,
        perturbation=perturbation,
        resynthesis="world",
    )


def test_a_cell_without_a_front_end_is_refused():
    with pytest.raises(ConfigError, match=r"cell\.frontend is missing"):
        Cell.from_mapping(Cell.of_job(WILDCARDS | {"pool": "a+b"}), "cell")

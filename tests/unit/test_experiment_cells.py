import pytest

from signl.configuration import Axes
from signl.experiment_cells import (
    Evaluated,
    EvaluatedPool,
    Pretrained,
    Trained,
    evaluated_pools,
    pooled_protocol,
)


def test_wildcards_are_what_stands_in_paths():
    classifier = Trained("signl", "cfad", 5.0, 1)
    own = {"recipe": "signl", "corpus": "cfad", "percent": "5", "seed": "1"}
    assert classifier.wildcards == own
    assert Trained("signl", "cfad", 0.5, 1).wildcards["percent"] == "0.5"
    assert Evaluated(classifier, "in_the_wild").wildcards == own | {"eval_corpus": "in_the_wild"}
    noisy = Evaluated(classifier, "in_the_wild", "noise")
    assert noisy.wildcards["eval_corpus"] == "in_the_wild@noise"
    encoder = Pretrained("signl", "asvspoof5+cfad", 2)
    assert encoder.wildcards == {"recipe": "signl", "corpus": "asvspoof5+cfad", "seed": "2"}


def axes(**changed):
    """An experiment of one classifier a training corpus."""
    own = {
        "recipes": ["signl"],
        "train_corpora": ["cfad", "in_the_wild"],
        "label_percents": [5],
        "seeds": [1],
        "evaluate_on": ["in_the_wild", "cfad", "asvspoof5"],
    }
    return Axes.model_validate(own | changed)


def test_pools_are_of_the_corpora_beyond_those_of_training():
    expected = [
        EvaluatedPool(Trained("signl", "cfad", 5.0, 1), "asvspoof5+in_the_wild"),
        EvaluatedPool(Trained("signl", "in_the_wild", 5.0, 1), "asvspoof5+cfad"),
    ]
    assert evaluated_pools([axes()]) == expected
    assert expected[0].wildcards == {
        "recipe": "signl",
        "corpus": "cfad",
        "percent": "5",
        "seed": "1",
        "pool": "asvspoof5+in_the_wild",
    }
    # What two experiments ask for is one.
    assert evaluated_pools([axes(), axes(train_corpora=["cfad"])]) == expected


def test_one_corpus_beyond_those_of_training_is_no_pool():
    assert evaluated_pools([axes(evaluate_on=["cfad", "in_the_wild"])]) == []
    assert evaluated_pools([axes(train_corpora=[["cfad", "in_the_wild"]])]) == []


def test_corpora_that_are_trained_on_together_are_left_out():
    trained, evaluated = [["cfad", "in_the_wild"]], ["cfad", "b", "asvspoof5"]
    (found,) = evaluated_pools([axes(train_corpora=trained, evaluate_on=evaluated)])
    assert (found.classifier.corpus, found.pool) == ("cfad+in_the_wild", "asvspoof5+b")


@pytest.mark.parametrize(
    ("protocols", "pooled"),
    [
        (("seen", "unseen", "all"), "all"),
        (("eval", "all", "progress"), "eval"),
        (("mine", "theirs"), "mine"),
    ],
)
def test_a_corpus_is_pooled_by_its_official_trials_or_all(protocols, pooled):
    assert pooled_protocol(protocols) == pooled

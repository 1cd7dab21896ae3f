"""Fixtures of the figures' tests."""

import pandas as pd
import pytest


@pytest.fixture
def cell():
    """Return a function that gives a row of ``metrics.parquet`` as a figure reads it."""

    def build(recipe="a", percent=5.0, seed=1, eer=0.1, **others):
        return {
            "recipe": recipe,
            "train_corpus": "cfad",
            "eval_corpus": "cfad",
            "protocol": "all",
            "label_percent": percent,
            "seed": seed,
            "eer": eer,
            "n_bonafide": 10,
            "n_spoof": 20,
            "transfer_threshold": 0.5,
            "transfer_miss": 0.1,
            "transfer_false_alarm": 0.2,
        } | others

    return build


@pytest.fixture
def cells(cell):
    """Two recipes, two shares of labels, two seeds, trained on one corpus and evaluated on two."""
    rates = {"a": (0.30, 0.20, 0.10, 0.14), "b": (0.40, 0.44, 0.05, 0.07)}
    return pd.DataFrame(
        [
            cell(recipe, percent, seed, rate + shift, eval_corpus=corpus)
            for recipe, of_recipe in rates.items()
            for (percent, seed), rate in zip(
                ((5.0, 1), (5.0, 2), (100.0, 1), (100.0, 2)), of_recipe, strict=True
            )
            for corpus, shift in (("cfad", 0.0), ("in_the_wild", 0.1))
        ]
    )


@pytest.fixture
def told():
    """Return a function that gives all the text of a figure, in one line."""

    def text_of(figure):
        own = [text.get_text() for text in figure.texts]
        own += [each.get_text() for each in (figure._suptitle, figure._supxlabel) if each]
        for axes in figure.axes:
            own += [axes.get_title(), axes.get_xlabel(), axes.get_ylabel()]
            own += [text.get_text() for text in axes.texts]
        return " ".join(" ".join(own).split())

    return text_of

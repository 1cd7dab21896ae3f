import math

import numpy as np
import pytest

from signl.labels import NO_CLASS
from signl.metrics import equal_error_rate
from signl.training.refinement import (
    Copies,
    Material,
    refined,
    teacher_scores,
    vocoded,
    zero_label,
)
from signl.training.ridge import Rows, evenly, fit_ridge, joined

WIDTH = 40
ASKED = {"penalty": 0.3, "rounds": 3, "label_weight": 3.0}


def gaussian_corpus(n_utterances=300, n_labelled=16, seed=0):
    """Embeddings where synthesis moves an utterance along one direction, under much else.

    Of a third of the utterances the class is bona fide; spoofs have been moved once, pseudo-spoofs
    once more than their original. Labels are of the first utterances.
    """
    rng = np.random.default_rng(seed)
    direction = np.zeros(WIDTH)
    direction[0] = 2.0
    truth = (np.arange(n_utterances) % 3 == 0).astype(np.int64)
    voices = rng.normal(size=(n_utterances, WIDTH)) * np.r_[0.7, np.full(WIDTH - 1, 3.0)]
    originals = voices - np.outer(1 - truth, direction)
    classes = np.where(np.arange(n_utterances) < n_labelled, truth, NO_CLASS)
    places = np.repeat(np.arange(n_utterances), 2)
    made = originals[places] - direction + 0.3 * rng.normal(size=(len(places), WIDTH))
    heard = originals + 0.1 * rng.normal(size=originals.shape)
    channel = Copies(heard, np.arange(n_utterances))
    return Material(originals, classes, channel, Copies(made, places)), truth


@pytest.fixture
def corpus():
    return gaussian_corpus()


def eer_of(plane, truth, seed=1):
    """Equal error rate on utterances that nothing was fitted to."""
    held_out, its_truth = gaussian_corpus(seed=seed)
    scores = plane.log_odds(held_out.originals)
    return equal_error_rate(scores[its_truth == 1], scores[its_truth == 0]).rate


def labels_alone(material):
    own = [evenly(material.originals[material.classes == label]) for label in (1, 0)]
    return fit_ridge(*own, penalty=0.3)


def test_resynthesis_tells_what_a_few_labels_cannot(corpus):
    material, truth = corpus
    rates = {
        "labels": eer_of(labels_alone(material), truth),
        "zero": eer_of(zero_label(material, penalty=0.3), truth),
        "vocoded": eer_of(vocoded(material, penalty=0.3), truth),
        "refined": eer_of(refined(material, **ASKED)[-1].plane, truth),
    }
    assert rates["labels"] > 0.3
    assert max(rates["zero"], rates["refined"]) < rates["labels"] - 0.1
    assert rates["vocoded"] < rates["labels"]


def test_without_labels_none_is_looked_at(corpus):
    material, _ = corpus
    blind = material._replace(classes=np.full_like(material.classes, NO_CLASS))
    plane = zero_label(material, penalty=0.3)
    assert np.array_equal(zero_label(blind, penalty=0.3).weight, plane.weight)
    scores = teacher_scores(blind, penalty=0.3)
    assert scores.mean() == pytest.approx(0, abs=1e-12)
    assert scores.std() == pytest.approx(1)
    assert np.corrcoef(scores, plane.log_odds(material.originals))[0, 1] == pytest.approx(1)
    with pytest.raises(ValueError, match="no prior"):
        refined(blind, **ASKED)
    assert [each.n_presumed for each in refined(blind, prior=0.2, **ASKED)] == [60, 60, 60]


def test_the_teacher_is_the_sum_of_two_scores_of_deviation_one(corpus):
    material, _ = corpus
    planes = [zero_label(material, penalty=0.3), vocoded(material, penalty=0.3)]
    scores = np.array([plane.log_odds(material.originals) for plane in planes])
    standard = (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)
    assert teacher_scores(material, penalty=0.3) == pytest.approx(standard.sum(axis=0))


def test_a_round_is_the_ridge_that_the_words_say(corpus):
    """The first round, put together by hand, utterance by utterance."""
    material, _ = corpus
    labelled = material.classes != NO_CLASS
    prior = np.mean(material.classes[labelled] == 1)
    scores = np.where(labelled, -np.inf, teacher_scores(material, penalty=0.3))
    presumed = set(np.argsort(-scores)[: math.floor(prior * np.sum(~labelled) + 0.5)].tolist())
    rows = {"bonafide": [], "spoof": [], "made": []}
    for place, label in enumerate(material.classes.tolist()):
        is_bonafide = label == 1 or place in presumed
        weight = 1.0 if label == NO_CLASS else 3.0
        own = [material.originals[place], material.channel.embeddings[place]]
        rows["bonafide" if is_bonafide else "spoof"] += [(each, weight) for each in own]
        if is_bonafide:
            of_it = material.pseudo_spoofs.embeddings[material.pseudo_spoofs.originals == place]
            rows["made"] += [(each, 1.0) for each in of_it]
    parts = {
        name: Rows(np.array([each for each, _ in found]), np.array([w for _, w in found]))
        for name, found in rows.items()
    }
    spoof = joined(parts["spoof"].share_of(0.5), parts["made"].share_of(0.5))
    expected = fit_ridge(parts["bonafide"], spoof, penalty=0.3)
    (first,) = refined(material, **ASKED | {"rounds": 1})
    assert first.n_presumed == len(presumed)
    assert first.plane.weight == pytest.approx(expected.weight)
    assert first.plane.offset == pytest.approx(expected.offset)


def test_without_pseudo_spoofs_labels_alone_teach(corpus):
    material, _ = corpus
    alone = material._replace(pseudo_spoofs=Copies(np.zeros((0, WIDTH)), np.zeros(0, int)))
    is_labelled = material.classes != NO_CLASS
    few = Material(
        material.originals[is_labelled],
        material.classes[is_labelled],
        Copies(material.channel.embeddings[is_labelled], np.arange(is_labelled.sum())),
        alone.pseudo_spoofs,
    )
    plane = vocoded(few, penalty=0.3)
    scores = plane.log_odds(material.originals)
    expected = (scores - scores.mean()) / scores.std()
    np.testing.assert_allclose(teacher_scores(alone, penalty=0.3), expected)
    (first, *_) = refined(alone, **ASKED)
    assert first.n_presumed == math.floor(np.mean(few.classes) * np.sum(~is_labelled) + 0.5)


def test_with_all_labels_there_is_nothing_to_rank(corpus):
    material, truth = corpus
    labelled = material._replace(classes=truth)
    rounds = refined(labelled, **ASKED)
    assert [each.n_presumed for each in rounds] == [0, 0, 0]
    assert np.array_equal(rounds[0].plane.weight, rounds[2].plane.weight)
    assert rounds[0].plane.weight == pytest.approx(vocoded(labelled, penalty=0.3).weight)


def test_the_order_of_utterances_does_not_matter(corpus):
    material, _ = corpus
    order = np.random.default_rng(3).permutation(len(material.classes))
    back = np.argsort(order)
    turned = Material(
        material.originals[order],
        material.classes[order],
        Copies(material.channel.embeddings, back[material.channel.originals]),
        Copies(material.pseudo_spoofs.embeddings, back[material.pseudo_spoofs.originals]),
    )
    plane, other = (refined(each, **ASKED)[-1].plane for each in (material, turned))
    assert other.weight == pytest.approx(plane.weight)


def test_an_utterance_without_copies_still_counts(corpus):
    material, _ = corpus
    none = Copies(np.zeros((0, WIDTH)), np.zeros(0, dtype=np.int64))
    plane = refined(material._replace(channel=none), **ASKED)[-1].plane
    assert np.isfinite(plane.weight).all()

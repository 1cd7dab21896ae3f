import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from signl.labels import BONAFIDE, CLASS_INDEX
from signl.training.regression import Labelled, Search, figures_of, fit_plane

STRENGTHS = (0.01, 1.0, 100.0)


def draw(n, *, seed=0, width=6, gap=1.0):
    """Utterances of which a quarter is bona fide, in units of many sizes, one channel constant."""
    rng = np.random.default_rng(seed)
    classes = np.where(np.arange(n) % 4 == 0, CLASS_INDEX[BONAFIDE], 1 - CLASS_INDEX[BONAFIDE])
    embeddings = rng.standard_normal((n, width)) + gap * (classes == CLASS_INDEX[BONAFIDE])[:, None]
    embeddings = embeddings * 10.0 ** np.arange(-2, width - 2) + 3
    embeddings[:, 0] = 7.0
    return Labelled(embeddings, classes)


def search(**changes):
    given = {"strengths": STRENGTHS, "max_steps": 1000, "folds": 5, "least_dev": 10, "seed": 1}
    return Search(**given | changes)


def test_it_is_the_regression_of_scikit_learn_on_standardised_embeddings():
    train, other = draw(60), draw(20, seed=1)
    plane = fit_plane(train, strength=0.5, max_steps=1000)
    scaler = StandardScaler().fit(train.embeddings)
    expected = LogisticRegression(C=0.5, class_weight="balanced", max_iter=1000)
    expected.fit(scaler.transform(train.embeddings), train.is_bonafide)
    found = plane.log_odds(other.embeddings)
    np.testing.assert_allclose(
        found, expected.decision_function(scaler.transform(other.embeddings)), rtol=1e-6
    )
    assert plane.weight[0] == 0


def in_versions(labelled, counts, *, noise=0.0):
    """Utterances in several versions each, the recorded one first; with noise others differ."""
    originals = np.repeat(np.arange(len(counts)), counts)
    rows = labelled.embeddings[originals]
    is_first = np.diff(originals, prepend=-1) > 0
    rows = rows + noise * ~is_first[:, None] * np.random.default_rng(5).standard_normal(rows.shape)
    return Labelled(rows, labelled.classes[originals], originals)


def test_an_utterance_weighs_the_same_in_several_versions_as_alone():
    """Versions that are all the same change nothing, of all or of some of a class alone."""
    train, other = draw(60), draw(20, seed=1)
    plane = fit_plane(train, strength=0.5, max_steps=1000)
    threefold = fit_plane(in_versions(train, np.full(60, 3)), strength=0.5, max_steps=1000)
    found = threefold.log_odds(other.embeddings)
    np.testing.assert_allclose(found, plane.log_odds(other.embeddings), rtol=1e-4)
    some = in_versions(train, np.where(train.is_bonafide, 4, 1))
    assert some.weights.sum() == pytest.approx(60)
    for classes in (some.is_bonafide, ~some.is_bonafide):
        assert some.weights[classes].sum() == pytest.approx(30)
    np.testing.assert_array_equal(some.recorded.embeddings, train.embeddings)


def test_versions_differ_and_are_learnt_from():
    train, other = draw(60), draw(20, seed=1)
    plane, augmented = (
        fit_plane(each, strength=0.5, max_steps=1000).log_odds(other.embeddings)
        for each in (train, in_versions(train, np.full(60, 3), noise=5.0))
    )
    assert not np.allclose(plane, augmented, rtol=0.05)


def test_no_version_of_an_utterance_is_in_the_fold_that_judges_it():
    """An utterance whose copies are of the other class pulls no plane that judges itself."""
    train = draw(40)
    versions = in_versions(train, np.full(40, 3), noise=0.1)
    folds = search(least_dev=100)
    held = folds._held_out(versions, 1.0)
    assert held.shape == (40,)
    # Other copies of one utterance, far away: all others' log-odds may change, not its own.
    moved = versions.embeddings.copy()
    moved[(versions.originals == 7) & (np.arange(120) % 3 > 0)] += 50.0
    again = folds._held_out(versions._replace(embeddings=moved), 1.0)
    assert again[7] == held[7]
    assert not np.allclose(again, held)


def test_log_odds_are_measured_with_classes_of_equal_weight():
    labelled = draw(8)
    figures = figures_of(np.zeros(8), labelled)
    assert figures.loss == pytest.approx(np.log(2))
    perfect = np.where(labelled.is_bonafide, 50.0, -50.0)
    assert figures_of(perfect, labelled) == pytest.approx((0, 0), abs=1e-9)


def test_dev_chooses_where_it_has_enough_of_both_classes():
    train, dev = draw(60), draw(40, seed=1)
    plane, records = search().run(train, dev)
    assert [record["strength"] for record in records] == list(STRENGTHS)
    best = min(records, key=lambda record: (record["dev_eer"], record["dev_loss"]))
    assert [record["best"] for record in records] == [record is best for record in records]
    assert all(record["chosen_by"] == "dev" for record in records)
    assert figures_of(plane.log_odds(dev.embeddings), dev).loss == best["dev_loss"]


def test_folds_of_train_choose_where_dev_has_too_few():
    train, dev = draw(60), draw(36, seed=1)
    assert dev.least == 9
    _, records = search().run(train, dev)
    best = min(records, key=lambda record: (record["folds_eer"], record["folds_loss"]))
    assert best["best"]
    assert all(record["chosen_by"] == "folds" for record in records)
    # An utterance that the plane has not seen is harder.
    assert all(record["folds_loss"] > record["train_loss"] for record in records)
    assert search(least_dev=9).chosen_by(train, dev) == "dev"


def test_dev_has_no_say_where_folds_choose():
    train = draw(60)
    planes = [search().run(train, draw(20, seed=seed))[0] for seed in (1, 2)]
    assert np.array_equal(planes[0].weight, planes[1].weight)


def test_with_one_utterance_of_a_class_the_weights_are_held_back_most():
    _, records = search().run(draw(4), draw(4, seed=1))
    assert [record["best"] for record in records] == [True, False, False]
    assert all(record["chosen_by"] == "none" for record in records)


def test_a_single_strength_is_taken_as_it_is():
    train, dev = draw(60), draw(40, seed=1)
    plane, records = search(strengths=[0.05]).run(train, dev)
    assert [(record["chosen_by"], record["best"]) for record in records] == [("none", True)]
    assert "folds_eer" not in records[0]
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.05, class_weight="balanced", max_iter=1000)
    ).fit(train.embeddings, train.is_bonafide)
    np.testing.assert_allclose(
        plane.log_odds(dev.embeddings), model.decision_function(dev.embeddings), rtol=1e-6
    )


def test_a_solver_that_ends_early_is_told_of():
    _, records = search(max_steps=1).run(draw(60, gap=0.1), draw(40, seed=1))
    assert not any(record["converged"] for record in records)


def test_the_same_seed_gives_the_same():
    train, dev = draw(60), draw(8, seed=1)
    first, again = (search().run(train, dev) for _ in range(2))
    assert first[1] == again[1]
    assert np.array_equal(first[0].weight, again[0].weight)

"""How often trials are drawn: by trial, by speaker and by attack."""

import numpy as np
import pytest

from signl.errors import ScoreError
from signl.evaluation import resamples
from signl.evaluation.resamples import Units, draw_batches


def drawn(units, n_resamples=40, seed=1):
    return np.concatenate(
        list(draw_batches(units, seed=seed, n_resamples=n_resamples)), axis=1
    ).astype(int)


def test_trials_are_drawn_class_by_class():
    counts = drawn(Units.trials(3, 7))
    assert (counts[:3].sum(axis=0) == 3).all()
    assert (counts[3:].sum(axis=0) == 7).all()
    assert len(np.unique(counts, axis=1).T) > 30


def test_batches_change_nothing(monkeypatch):
    at_once = drawn(Units.trials(3, 7))
    monkeypatch.setattr(resamples, "_BATCH_BYTES", 60)
    batches = list(draw_batches(Units.trials(3, 7), seed=1, n_resamples=40))
    assert [each.shape[1] for each in batches] == [6] * 6 + [4]
    np.testing.assert_array_equal(np.concatenate(batches, axis=1), at_once)


def test_all_trials_of_a_speaker_are_drawn_together():
    names = ["a", "b", "c", "a", "a", "b", "c"]  # three bona fide first
    counts = drawn(Units.speakers(names, 3))
    for name in "abc":
        own = counts[[place for place, each in enumerate(names) if each == name]]
        assert (own == own[0]).all()
    # As many speakers as there are, of which one of each stands first.
    assert (counts[:3].sum(axis=0) == 3).all()


def test_attacks_are_drawn_whole_and_bona_fide_trials_one_by_one():
    counts = drawn(Units.attacks(["A1", "A1", "A2"], 4))
    assert (counts[:4].sum(axis=0) == 4).all()
    assert (counts[4] == counts[5]).all()
    assert (counts[4] + counts[6] == 2).all()
    assert (counts[:4].max(axis=0) > 1).any()


def test_a_resample_without_a_class_is_drawn_again():
    names = ["a", "b"]  # one says the bona fide trial, one the spoof
    assert (drawn(Units.speakers(names, 1)) == 1).all()


def test_resamples_that_cannot_have_both_classes_are_refused(monkeypatch):
    monkeypatch.setattr(resamples, "_MAX_EMPTY", 0)
    with pytest.raises(ScoreError, match="lack one of the classes"):
        drawn(Units.speakers(["a", "b"], 1))


@pytest.mark.parametrize("unit", ["trials", "speakers"])
def test_the_deviation_is_that_of_the_resamples(unit):
    rng = np.random.default_rng(0)
    values = rng.normal(size=30)
    units = Units.trials(10, 20)
    if unit == "speakers":
        units = Units.speakers(rng.integers(6, size=30).astype(str), 10)
    counts = drawn(units, n_resamples=4000)
    assert (values @ counts).std() == pytest.approx(units.deviation(values), rel=0.05)

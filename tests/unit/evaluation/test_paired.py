"""The paired bootstrap against resamples that are drawn whole, and against what it must say."""

import numpy as np
import pytest

from signl.errors import ScoreError
from signl.evaluation import paired
from signl.evaluation.bootstrap import resampled_eer
from signl.evaluation.paired import compare_eers, paired_resamples
from signl.metrics import equal_error_rate


@pytest.fixture
def trials():
    """Classes and scores of two systems, with ties within and between the classes."""
    rng = np.random.default_rng(5)
    is_bonafide = rng.permutation(np.arange(60) < 23)
    common = is_bonafide + rng.normal(size=60)
    return is_bonafide, [np.round(common + rng.normal(size=60), places) for places in (1, 6)]


def drawn(is_bonafide, *, seed, n_resamples):
    """Yield the trials of each resample, bona fide and spoof, by the same draws."""
    generator = np.random.default_rng(seed)
    members = np.flatnonzero(is_bonafide), np.flatnonzero(~is_bonafide)
    for _ in range(n_resamples):
        yield [own[generator.integers(own.size, size=own.size)] for own in members]


def test_rates_are_those_of_resamples_that_are_drawn_whole(trials):
    is_bonafide, systems = trials
    rates = paired_resamples(systems, is_bonafide, seed=3, n_resamples=50)
    expected = [
        [equal_error_rate(scores[bonafide], scores[spoof]).rate for scores in systems]
        for bonafide, spoof in drawn(is_bonafide, seed=3, n_resamples=50)
    ]
    np.testing.assert_array_equal(rates, np.transpose(expected))


@pytest.mark.parametrize("n_deviations", [0.0, 0.5, 100.0])
def test_the_window_of_ranks_changes_nothing(trials, monkeypatch, n_deviations):
    is_bonafide, systems = trials
    expected = paired_resamples(systems, is_bonafide, seed=3, n_resamples=50)
    monkeypatch.setattr(paired, "_N_DEVIATIONS", n_deviations)
    monkeypatch.setattr(paired, "_N_SLACK", 0)
    found = paired_resamples(systems, is_bonafide, seed=3, n_resamples=50)
    np.testing.assert_array_equal(found, expected)


def test_each_system_has_the_distribution_of_the_bootstrap_of_one(trials):
    is_bonafide, (scores, _) = trials
    (together,) = paired_resamples([scores], is_bonafide, seed=1, n_resamples=2000)
    alone = resampled_eer(scores[is_bonafide], scores[~is_bonafide], seed=2, n_resamples=2000)
    np.testing.assert_allclose(
        np.quantile(together, [0.1, 0.5, 0.9]), np.quantile(alone, [0.1, 0.5, 0.9]), atol=0.02
    )


def test_a_system_does_not_differ_from_itself(trials):
    is_bonafide, (scores, _) = trials
    found = compare_eers(scores, np.exp(scores), is_bonafide, seed=0, n_resamples=99)
    assert found == (0.0, (0.0, 0.0), 1.0)


def test_a_far_better_system_has_the_least_p_and_an_interval_on_its_side(trials):
    is_bonafide, (scores, _) = trials
    better = 5.0 * is_bonafide
    found = compare_eers(better, scores, is_bonafide, seed=0, n_resamples=199)
    assert found.difference < 0
    assert found.interval.low < found.difference < found.interval.high < 0
    assert found.p == pytest.approx(2 / 200)
    other_way = compare_eers(scores, better, is_bonafide, seed=0, n_resamples=199)
    assert other_way.difference == -found.difference
    assert other_way.p == found.p


def test_pairing_takes_out_what_is_common_to_both(trials):
    """Two systems of nearly the same scores differ less than two of independent draws would."""
    is_bonafide, (scores, _) = trials
    nearly = scores + np.random.default_rng(0).normal(scale=0.05, size=scores.size)
    low, high = compare_eers(scores, nearly, is_bonafide, seed=0, n_resamples=400).interval
    first, second = (
        resampled_eer(each[is_bonafide], each[~is_bonafide], seed=seed, n_resamples=400)
        for seed, each in enumerate((scores, nearly))
    )
    unpaired = np.quantile(first - second, [0.025, 0.975])
    assert high - low < 0.5 * (unpaired[1] - unpaired[0])


def test_what_is_no_pair_is_refused(trials):
    is_bonafide, (scores, other) = trials
    with pytest.raises(ScoreError, match=r"one score a trial, 60, of every system; got \[60, 59\]"):
        compare_eers(scores, other[1:], is_bonafide, seed=0)
    with pytest.raises(ScoreError, match="need both classes"):
        compare_eers(scores, other, np.ones(60, dtype=bool), seed=0)
    with pytest.raises(ScoreError, match="NaN or infinite"):
        compare_eers(scores, np.where(other == other[0], np.nan, other), is_bonafide, seed=0)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        paired_resamples([scores], is_bonafide, seed=0, n_resamples=0)

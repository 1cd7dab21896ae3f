"""The shortcut bootstrap against the ordinary one: enumerated, drawn, and at full size."""

import itertools
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signl.errors import ScoreError
from signl.evaluation.bootstrap import eer_interval, resampled_eer
from signl.metrics import equal_error_rate


def enumerated_eer(bonafide, spoof):
    """Probability of every EER over all resamples, which are equally likely."""
    rates = Counter(
        round(equal_error_rate(first, second).rate, 9)
        for first in itertools.product(bonafide, repeat=len(bonafide))
        for second in itertools.product(spoof, repeat=len(spoof))
    )
    return {rate: count / rates.total() for rate, count in rates.items()}


@pytest.mark.parametrize(
    ("bonafide", "spoof"),
    [
        ([1.0, 2.0, 3.0], [0.0, 1.5, 2.5, 0.5]),
        ([0.0, 1.0, 1.0, 2.0], [1.0, 1.0, 0.0]),  # ties across the classes
        ([0.0, 0.0], [0.0, 0.0]),
        ([0.0], [1.0, 2.0, -1.0]),
        ([0.0, 1.0], [5.0]),
    ],
)
def test_distribution_is_that_of_all_resamples(bonafide, spoof):
    n_resamples = 40_000
    drawn = resampled_eer(bonafide, spoof, seed=3, n_resamples=n_resamples)
    counts = Counter(np.round(drawn, 9).tolist())
    expected = enumerated_eer(bonafide, spoof)
    assert counts.keys() <= expected.keys()
    for rate, probability in expected.items():
        # Five standard errors: one false alarm in millions of checks.
        tolerance = 5 * (probability * (1 - probability) / n_resamples) ** 0.5
        assert counts[rate] / n_resamples == pytest.approx(probability, abs=tolerance + 1e-12)


def test_moments_and_quantiles_are_those_of_the_ordinary_bootstrap():
    generator = np.random.default_rng(5)
    bonafide, spoof = generator.normal(1.5, 1, 60), generator.normal(0, 1, 90).round(1)
    ordinary = np.array(
        [
            equal_error_rate(generator.choice(bonafide, 60), generator.choice(spoof, 90)).rate
            for _ in range(4000)
        ]
    )
    drawn = resampled_eer(bonafide, spoof, seed=1, n_resamples=100_000)
    standard_error = ordinary.std() / len(ordinary) ** 0.5
    assert drawn.mean() == pytest.approx(ordinary.mean(), abs=5 * standard_error)
    assert drawn.std() == pytest.approx(ordinary.std(), rel=0.06)
    for level in (0.025, 0.5, 0.975):
        assert np.quantile(drawn, level) == pytest.approx(
            np.quantile(ordinary, level), abs=0.25 * ordinary.std()
        )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-3, 3), min_size=1, max_size=9),
    st.lists(st.integers(-3, 3), min_size=1, max_size=9),
    st.integers(0, 2**32 - 1),
)
def test_rates_are_those_of_some_resample(bonafide, spoof, seed):
    rates = resampled_eer(bonafide, spoof, seed=seed, n_resamples=50)
    # Every EER is the mean of a multiple of 1 / n_bonafide and one of 1 / n_spoof.
    multiples = rates * 2 * len(bonafide) * len(spoof)
    np.testing.assert_allclose(multiples, multiples.round(), atol=1e-9)
    assert rates.min() >= 0
    assert rates.max() <= 1


def test_separated_scores_have_an_interval_without_width():
    assert eer_interval([2.0, 3.0], [0.0, 1.0], seed=0) == (0, 0)


def test_interval_follows_from_the_seed():
    generator = np.random.default_rng(0)
    bonafide, spoof = generator.normal(1, 1, 300), generator.normal(0, 1, 500)
    assert eer_interval(bonafide, spoof, seed=1) == eer_interval(bonafide, spoof, seed=1)
    assert eer_interval(bonafide, spoof, seed=1) != eer_interval(bonafide, spoof, seed=2)


def test_interval_holds_the_rate_and_widens_with_confidence():
    generator = np.random.default_rng(0)
    bonafide, spoof = generator.normal(1, 1, 300), generator.normal(0, 1, 500)
    usual = eer_interval(bonafide, spoof, seed=1)
    wide = eer_interval(bonafide, spoof, seed=1, confidence=0.99)
    assert wide.low < usual.low < equal_error_rate(bonafide, spoof).rate < usual.high < wide.high


def test_interval_covers_the_true_rate_as_often_as_it_says():
    # Unit-variance Gaussians two deviations apart cross at Phi(-1).
    true_rate, n_repetitions = 0.158655, 300
    generator = np.random.default_rng(11)
    n_covered = 0
    for repetition in range(n_repetitions):
        bonafide, spoof = generator.normal(2, 1, 250), generator.normal(0, 1, 250)
        low, high = eer_interval(bonafide, spoof, seed=repetition, n_resamples=400)
        n_covered += low <= true_rate <= high
    assert n_covered / n_repetitions > 0.9


def test_largest_protocol_takes_seconds():
    generator = np.random.default_rng(0)
    bonafide, spoof = generator.normal(2, 1, 22_617), generator.normal(0, 1, 589_212)
    start = time.perf_counter()
    eer_interval(bonafide, spoof, seed=0, n_resamples=1000)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("wrong", [{"n_resamples": 0}, {"confidence": 1.0}, {"confidence": 0.0}])
def test_arguments_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        eer_interval([1.0], [0.0], seed=0, **wrong)


def test_a_missing_class_is_refused():
    with pytest.raises(ScoreError, match="0 spoof"):
        eer_interval([1.0], [], seed=0)

"""Metrics against a literal transcription of their definition, invariants, published scores."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from signl.errors import ScoreError
from signl.metrics import (
    ASVSPOOF5_COSTS,
    CostModel,
    act_dcf,
    cllr,
    det_curve,
    equal_error_rate,
    error_rates,
    min_dcf,
)

# Few distinct values, so that ties within and across the classes are the rule.
tied_scores = st.lists(st.integers(-6, 6).map(float), min_size=1, max_size=25)
scores = st.lists(st.floats(-50, 50, allow_subnormal=False), min_size=1, max_size=25) | tied_scores


def operating_points(bonafide, spoof):
    """Step through the trials, lowest score first and bona fide first among equals."""
    trials = sorted(
        [(score, 0) for score in bonafide] + [(score, 1) for score in spoof],
        key=lambda trial: trial,
    )
    missed, alarms = 0, len(spoof)
    points = [(0.0, 1.0, trials[0][0] - 0.001)]
    for score, is_spoof in trials:
        if is_spoof:
            alarms -= 1
        else:
            missed += 1
        points.append((missed / len(bonafide), alarms / len(spoof), score))
    return points


def slow_eer(bonafide, spoof):
    best = None
    for miss, alarm, threshold in operating_points(bonafide, spoof):
        if best is None or abs(miss - alarm) < best[0]:
            best = (abs(miss - alarm), (miss + alarm) / 2, threshold)
    return best[1], best[2]


def slow_min_dcf(bonafide, spoof):
    points = operating_points(bonafide, spoof)
    return min(0.95 * miss + 10 * 0.05 * alarm for miss, alarm, _ in points) / 0.5


def slow_act_dcf(bonafide, spoof):
    threshold = -math.log(1.9)
    miss = sum(score < threshold for score in bonafide) / len(bonafide)
    alarm = sum(score >= threshold for score in spoof) / len(spoof)
    return (0.95 * miss + 10 * 0.05 * alarm) / 0.5


def slow_cllr(bonafide, spoof):
    of_bonafide = sum(math.log(1 + math.exp(-score)) for score in bonafide) / len(bonafide)
    of_spoof = sum(math.log(1 + math.exp(score)) for score in spoof) / len(spoof)
    return 0.5 * (of_bonafide + of_spoof) / math.log(2)


def assert_as_defined(bonafide, spoof):
    expected_rate, expected_threshold = slow_eer(bonafide, spoof)
    eer = equal_error_rate(bonafide, spoof)
    assert eer.rate == pytest.approx(expected_rate, abs=1e-9)
    assert eer.threshold == pytest.approx(expected_threshold, abs=1e-9)
    assert min_dcf(bonafide, spoof) == pytest.approx(slow_min_dcf(bonafide, spoof), abs=1e-9)
    assert act_dcf(bonafide, spoof) == pytest.approx(slow_act_dcf(bonafide, spoof), abs=1e-9)
    assert cllr(bonafide, spoof) == pytest.approx(slow_cllr(bonafide, spoof), abs=1e-9)


@given(scores, scores)
def test_metrics_follow_their_definition(bonafide, spoof):
    assert_as_defined(bonafide, spoof)


def test_published_scores_are_measured_as_defined(published_scores):
    bonafide, spoof = (part.tolist() for part in published_scores)
    assert_as_defined(bonafide, spoof)
    assert_as_defined([-score for score in bonafide], [-score for score in spoof])


@given(scores, scores)
def test_det_curve_holds_every_operating_point(bonafide, spoof):
    curve = np.stack(det_curve(bonafide, spoof), axis=1)
    np.testing.assert_allclose(curve, operating_points(bonafide, spoof), rtol=0, atol=1e-12)


@given(tied_scores, tied_scores)
def test_monotone_maps_change_no_ranking_metric(bonafide, spoof):
    def cubed(values):
        return [value**3 / 7 + 2 for value in values]

    mapped = cubed(bonafide), cubed(spoof)
    assert equal_error_rate(*mapped).rate == equal_error_rate(bonafide, spoof).rate
    assert min_dcf(*mapped) == min_dcf(bonafide, spoof)


@given(tied_scores, tied_scores)
def test_exchanging_classes_and_sign_mirrors_the_curve(bonafide, spoof):
    curve = det_curve(bonafide, spoof)
    mirrored = det_curve([-score for score in spoof], [-score for score in bonafide])
    np.testing.assert_array_equal(mirrored.miss, curve.false_alarm[::-1])
    np.testing.assert_array_equal(mirrored.false_alarm, curve.miss[::-1])


@given(tied_scores, tied_scores)
def test_exchanging_classes_sign_and_costs_leaves_min_dcf(bonafide, spoof):
    exchanged = CostModel(p_spoof=0.95, c_miss=10.0, c_false_alarm=1.0)
    mirrored = [-score for score in spoof], [-score for score in bonafide]
    assert min_dcf(*mirrored, costs=exchanged) == pytest.approx(min_dcf(bonafide, spoof))


@given(scores, scores)
def test_detection_costs_are_bounded(bonafide, spoof):
    least = min_dcf(bonafide, spoof)
    assert 0 <= least <= 1
    assert least <= act_dcf(bonafide, spoof) + 1e-12
    assert act_dcf(bonafide, spoof) <= 2.9 + 1e-12


@given(scores, scores)
def test_more_copies_of_all_trials_leave_the_averages(bonafide, spoof):
    tripled = bonafide * 3, spoof * 3
    assert act_dcf(*tripled) == pytest.approx(act_dcf(bonafide, spoof))
    assert cllr(*tripled) == pytest.approx(cllr(bonafide, spoof))


def test_separated_scores_have_no_error():
    assert equal_error_rate([2, 3, 4], [-1, 0]).rate == 0
    assert min_dcf([2, 3, 4], [-1, 0]) == 0
    assert equal_error_rate([-1, 0], [2, 3, 4]).rate == 1


def test_ties_reject_bona_fide_first():
    # All scores tie: the curve runs along the misses first, so the EER is that of the corner.
    assert equal_error_rate([0, 0], [0, 0]).rate == 1
    assert min_dcf([0, 0], [0, 0]) == 1


def test_scores_that_say_nothing_cost_one_bit():
    assert cllr(np.zeros(3), np.zeros(5)) == pytest.approx(1)


def test_cllr_does_not_overflow():
    assert cllr([-5000.0], [5000.0]) == pytest.approx(5000 / math.log(2))
    assert cllr([5000.0], [-5000.0]) == 0


def test_official_constants():
    assert ASVSPOOF5_COSTS.bayes_threshold == pytest.approx(-0.641854, abs=1e-6)
    assert act_dcf([-1.0], [1.0]) == pytest.approx(2.9)


def test_error_rates_accept_scores_at_the_threshold():
    rates = error_rates([0.0, 1.0, 2.0, 3.0], [-1.0, 1.0], threshold=1.0)
    assert rates == (0.25, 0.5, 0.375)


def error_rates_at_zero(bonafide, spoof):
    return error_rates(bonafide, spoof, threshold=0.0)


METRICS = (equal_error_rate, min_dcf, act_dcf, cllr, det_curve, error_rates_at_zero)


@pytest.mark.parametrize(("bonafide", "spoof"), [([], [1.0]), ([1.0], []), ([], [])])
def test_a_missing_class_is_refused_with_counts(bonafide, spoof):
    message = f"got {len(bonafide)} bona fide and {len(spoof)} spoof"
    for metric in METRICS:
        with pytest.raises(ScoreError, match=message):
            metric(bonafide, spoof)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_scores_that_are_no_numbers_are_counted(wrong):
    for metric in METRICS:
        with pytest.raises(ScoreError, match="1 of 2 bona fide and 2 of 3 spoof"):
            metric([0.0, wrong], [wrong, wrong, 1.0])


def test_a_threshold_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="threshold must be a number, got nan"):
        error_rates([1.0], [0.0], threshold=math.nan)


@pytest.mark.parametrize(
    "wrong",
    [
        {"p_spoof": 0.0},
        {"p_spoof": 1.0},
        {"p_spoof": math.nan},
        {"c_miss": 0.0},
        {"c_false_alarm": -1.0},
        {"c_false_alarm": math.nan},
        {"c_miss": math.inf},
    ],
)
def test_costs_must_make_sense(wrong):
    with pytest.raises(ValueError, match="should be"):
        CostModel(**wrong)


@settings(max_examples=20)
@given(st.integers(2, 400), st.integers(2, 400), st.integers(0, 2**32 - 1))
def test_eer_is_near_both_error_rates_at_its_threshold(n_bonafide, n_spoof, seed):
    generator = np.random.default_rng(seed)
    bonafide, spoof = generator.normal(1, 1, n_bonafide), generator.normal(0, 1, n_spoof)
    assume(len({*bonafide, *spoof}) == n_bonafide + n_spoof)
    eer = equal_error_rate(bonafide, spoof)
    rates = error_rates(bonafide, spoof, threshold=np.nextafter(eer.threshold, np.inf))
    assert rates.hter == pytest.approx(eer.rate)
    assert abs(rates.miss - rates.false_alarm) <= 1 / min(n_bonafide, n_spoof)


def test_published_scores_of_another_system(published_scores):
    bonafide, spoof = published_scores
    assert (bonafide.size, spoof.size) == (19963, 11816)
    assert 100 * equal_error_rate(bonafide, spoof).rate == pytest.approx(6.709324, abs=5e-7)
    assert min_dcf(bonafide, spoof) == pytest.approx(0.172855, abs=5e-7)
    assert act_dcf(bonafide, spoof) == pytest.approx(1.047616, abs=5e-7)
    assert cllr(bonafide, spoof) == pytest.approx(1.021017, abs=5e-7)
    assert 100 * equal_error_rate(-bonafide, -spoof).rate == pytest.approx(93.29, abs=5e-3)

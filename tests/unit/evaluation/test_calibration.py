"""Logistic calibration: a minimum, the same whatever the scale of the scores."""

import logging
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signl.errors import ScoreError
from signl.evaluation.calibration import (
    LEAST_OF_CLASS,
    SLOPE_DEVIATION,
    calibrated_metrics,
    fit_calibration,
    ridge_for,
    why_uncalibrated,
)
from signl.metrics import Scores, act_dcf, cllr, equal_error_rate, min_dcf


def overlapping_scores(seed, n_bonafide=150, n_spoof=400):
    generator = np.random.default_rng(seed)
    return Scores(generator.normal(-3, 0.4, n_bonafide), generator.normal(-4, 0.6, n_spoof))


def log_loss(scores, slope, offset, prior):
    shift = math.log(prior / (1 - prior))
    of_bonafide = np.logaddexp(0, -(slope * scores.bonafide + offset + shift)).mean()
    of_spoof = np.logaddexp(0, slope * scores.spoof + offset + shift).mean()
    return prior * of_bonafide + (1 - prior) * of_spoof


@pytest.mark.parametrize("prior", [0.1, 0.5, 0.655])
@pytest.mark.parametrize("seed", range(5))
def test_gradient_vanishes_at_the_fit(seed, prior):
    scores = overlapping_scores(seed)
    slope, offset = fit_calibration(*scores, prior_bonafide=prior, ridge=1e-12)
    width = 1e-5
    along_slope = log_loss(scores, slope + width, offset, prior) - log_loss(
        scores, slope - width, offset, prior
    )
    along_offset = log_loss(scores, slope, offset + width, prior) - log_loss(
        scores, slope, offset - width, prior
    )
    assert along_slope / (2 * width) == pytest.approx(0, abs=1e-8)
    assert along_offset / (2 * width) == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("prior", [0.1, 0.5])
def test_no_neighbour_is_better(prior):
    scores = overlapping_scores(3)
    slope, offset = fit_calibration(*scores, prior_bonafide=prior, ridge=1e-9)
    least = log_loss(scores, slope, offset, prior)
    for step in np.random.default_rng(0).normal(0, 0.3, (200, 2)):
        assert log_loss(scores, slope + step[0], offset + step[1], prior) > least


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 100), st.floats(-50, 50), st.integers(0, 1000))
def test_fit_undoes_any_affine_map(scale, shift, seed):
    scores = overlapping_scores(seed, 40, 60)
    mapped = Scores(*(scale * part + shift for part in scores))
    np.testing.assert_allclose(
        fit_calibration(*mapped).apply(mapped.bonafide),
        fit_calibration(*scores).apply(scores.bonafide),
        rtol=1e-6,
        atol=1e-6,
    )


def test_calibrated_scores_need_no_further_calibration():
    scores = overlapping_scores(1)
    calibration = fit_calibration(*scores, ridge=1e-9)
    again = fit_calibration(*(calibration.apply(part) for part in scores), ridge=1e-9)
    assert again == pytest.approx((1, 0), abs=1e-6)


def test_log_likelihood_ratios_are_left_alone():
    # Gaussians of unit variance at +-1: the log-likelihood ratio of a score x is 2 x.
    generator = np.random.default_rng(4)
    bonafide, spoof = generator.normal(1, 1, 200_000), generator.normal(-1, 1, 200_000)
    assert fit_calibration(2 * bonafide, 2 * spoof) == pytest.approx((1, 0), abs=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_calibration_on_the_same_scores_beats_raw_and_uninformed_ones(seed):
    scores = overlapping_scores(seed)
    calibrated = calibrated_metrics(scores, scores)
    assert calibrated.cllr <= min(cllr(*scores), 1) + 1e-6
    # A map that rises changes no ranking, so the cost stays above the least one.
    assert min_dcf(*scores) <= calibrated.act_dcf + 1e-9
    assert calibrated.act_dcf < act_dcf(*scores)


def test_published_scores_are_badly_scaled_only(published_scores):
    calibrated = calibrated_metrics(Scores(*published_scores), Scores(*published_scores))
    assert calibrated.cllr < 0.3 < 1 < cllr(*published_scores)
    assert calibrated.act_dcf < 0.2


def test_map_comes_from_development_scores_alone():
    dev, evaluation = overlapping_scores(0), overlapping_scores(1)
    calibrated = calibrated_metrics(dev, evaluation)
    assert calibrated.calibration == fit_calibration(*dev)
    mapped = [calibrated.calibration.apply(part) for part in evaluation]
    assert calibrated.cllr == cllr(*mapped)
    assert calibrated.act_dcf == act_dcf(*mapped)
    assert equal_error_rate(*mapped).rate == equal_error_rate(*evaluation).rate


def test_separated_scores_give_a_finite_map():
    calibration = fit_calibration([2.0, 3.0], [-1.0, 0.0, 1.0])
    assert 0 < calibration.slope < SLOPE_DEVIATION
    assert cllr(calibration.apply([2.0, 3.0]), calibration.apply([-1.0, 0.0, 1.0])) < 0.2


def test_constant_scores_say_nothing():
    assert fit_calibration([7.0, 7.0], [7.0]) == pytest.approx((0, 0), abs=1e-9)


def test_scores_the_wrong_way_round_are_reported(caplog):
    scores = overlapping_scores(0)
    with caplog.at_level(logging.WARNING):
        turned = fit_calibration(-scores.bonafide, -scores.spoof)
    assert turned.slope == pytest.approx(-fit_calibration(*scores).slope)
    assert "turns the scores around" in caplog.text


@pytest.mark.parametrize("wrong", [{"prior_bonafide": 0.0}, {"prior_bonafide": 1.0}, {"ridge": 0}])
def test_arguments_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        fit_calibration([1.0], [0.0], **wrong)


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(ScoreError, match="1 of 2 bona fide"):
        fit_calibration([1.0, math.nan], [0.0])


def test_the_ridge_falls_with_the_number_of_the_rarer_class():
    assert ridge_for(10, 10) == pytest.approx(1 / (20 * SLOPE_DEVIATION**2))
    assert ridge_for(10, 10**6) == pytest.approx(1 / (40 * SLOPE_DEVIATION**2), rel=1e-4)
    assert ridge_for(10**5, 10**5) == pytest.approx(ridge_for(10, 10) / 10**4)


@pytest.mark.parametrize("prior", [0.1, 0.5])
def test_the_ridge_is_a_normal_prior_of_the_slope(prior):
    """At the fit the mean loss and the prior, over so many trials, pull equally."""
    scores = overlapping_scores(2, 12, 30)
    spread = float(np.std(np.concatenate(scores)))
    slope, offset = fit_calibration(*scores, prior_bonafide=prior)
    width = 1e-5
    rise = log_loss(scores, slope + width, offset, prior) - log_loss(
        scores, slope - width, offset, prior
    )
    n = 1 / (prior**2 / 12 + (1 - prior) ** 2 / 30)
    pull = slope * spread / (n * SLOPE_DEVIATION**2)
    assert rise / (2 * width) == pytest.approx(-pull * spread, rel=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_few_scores_of_dev_cost_no_dozens_of_bits(seed):
    """The least dev set that is calibrated on, one error, and evaluation in another domain."""
    generator = np.random.default_rng(seed)
    dev = Scores(generator.normal(3, 1, LEAST_OF_CLASS), generator.normal(-3, 1, LEAST_OF_CLASS))
    dev.bonafide[0] = dev.spoof.max() - 0.1
    assert not why_uncalibrated(dev)
    evaluation = Scores(generator.normal(-3, 2, 500), generator.normal(-3, 2, 500))
    assert calibrated_metrics(dev, evaluation).cllr < 5


@pytest.mark.parametrize(
    ("bonafide", "spoof", "reasons"),
    [
        ([1.0] * 12, [1.0] * 12, ["all dev scores are equal"]),
        (range(9), range(1, 20), ["dev has 9 bona fide and 19 spoof scores"]),
        (range(20), range(1, 9), ["dev has 20 bona fide and 8 spoof scores"]),
        (range(20, 40), range(20), ["separate the classes"]),
        (range(20), range(20, 40), ["separate the classes"]),
        # A tie between the classes, and no error.
        (range(19, 40), range(20), ["separate the classes"]),
        ([5.0], [1.0, 2.0], ["dev has 1 bona fide", "separate the classes"]),
        (range(20), range(-10, 10), []),
    ],
)
def test_what_cannot_carry_a_calibration(bonafide, spoof, reasons):
    found = why_uncalibrated(Scores(*(np.array(part, float) for part in (bonafide, spoof))))
    assert len(found) == len(reasons)
    for said, expected in zip(found, reasons, strict=True):
        assert expected in said

import numpy as np


def test_the_gain_is_drawn_in_decibels(make, speech, rng):
    ratios = [np.linalg.norm(make("gain")(speech, rng)) for _ in range(300)]
    gains = 20 * np.log10(ratios / np.linalg.norm(speech))
    assert -12 <= gains.min() < -11.5
    assert 5.5 < gains.max() <= 6.0
    assert abs(gains.mean() + 3) < 5 * 18 / np.sqrt(12 * 300)


def test_a_peak_over_full_scale_is_brought_to_that(make, speech, rng):
    assert np.abs(make("gain", gain_db=20)(speech, rng)).max() == 1.0

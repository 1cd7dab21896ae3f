"""RawBoost against its definition (arXiv 2111.04433), an independent filter design, and counts."""

import numpy as np
import pytest
from scipy import signal

from signl.augmentation.rawboost.raw_boost import band_stop, largest_gain


@pytest.mark.parametrize(
    ("low", "high", "n_taps"), [(100, 900, 11), (0.001, 500, 99), (7000, 7999.999, 51)]
)
def test_filters_are_those_of_the_window_method(low, high, n_taps):
    expected = signal.firwin(n_taps, [low, high], window="hamming", fs=16_000)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(band_stop(low, high, n_taps) / scale, expected / scale, atol=1e-9)


@pytest.mark.parametrize("n_taps", [11, 501, 1501])
def test_the_gain_is_the_largest_of_512_frequencies(rng, n_taps):
    taps = rng.standard_normal(n_taps)
    frequencies = np.arange(512) * np.pi / 512
    response = np.exp(-1j * np.outer(frequencies, np.arange(n_taps))) @ taps
    np.testing.assert_allclose(largest_gain(taps), np.abs(response).max())


def test_filters_in_series_have_an_odd_number_of_taps_within_bounds(make, rng):
    boost = make("rawboost", bands=1)
    lengths = [len(boost.draw_filter(rng)) for _ in range(2000)]
    assert {length % 2 for length in lengths} == {1}
    # Whole parts of U(10, 100), raised to odd: 11 to 99, each of 45 as likely.
    assert set(lengths) == set(range(11, 100, 2))
    assert len(make("rawboost").draw_filter(rng)) <= 5 * 98 + 1


def test_with_nothing_stopped_powers_are_added_at_their_gains(make, rng):
    # One band of one hertz and three taps passes nearly all: the filters are gains and a delay.
    values = {"algorithm": 1, "bands": 1, "width_hz": 1, "taps": 3, "centre_hz": 4000}
    boost = make("rawboost", **values, orders=2, gain_db=0, powers_gain_db=-20)
    samples = np.array([0.0, 0.0, 0.5, 0.0, 0.0, 0.0, -0.5, 0.0])
    found = boost(samples, rng)
    # A delay of one sample is undone with one more, as published.
    powers = np.roll(samples + 0.1 * samples**2, -1)
    np.testing.assert_allclose(found, powers - powers.mean(), atol=1e-3)


def test_convolutive_noise_has_no_mean_and_a_peak_of_at_most_one(make, speech, rng):
    boost = make("rawboost", algorithm=1)
    for level in (0.2, 1.0, 40.0):
        found = boost(level * speech, rng)
        assert found.shape == speech.shape
        assert np.abs(found).max() <= 1 + 1e-12
        assert abs(found.mean()) < 1e-10


def test_higher_powers_follow_their_gain(make, speech):
    one, quiet, loud = (
        make("rawboost", algorithm=1, orders=orders, powers_gain_db=gain_db)(
            0.1 * speech, np.random.default_rng(5)
        )
        for orders, gain_db in ((1, 0), (2, -40), (2, -20))
    )
    # The same draws: what the second power adds is larger by 20 dB.
    np.testing.assert_allclose(loud - one, 10 * (quiet - one), atol=1e-12)


def test_impulsive_noise_changes_a_share_of_samples_by_parts_of_themselves(make, rng):
    samples = np.full(1000, 0.25)
    counts, ratios = [], []
    for _ in range(500):
        found = make("rawboost", algorithm=2)(samples, rng)
        changed = found != samples
        counts.append(changed.sum())
        ratios.extend((found[changed] / 0.25 - 1).tolist())
    # floor(1000 U(0, 10) %): uniform on 0..99.
    assert 0 <= min(counts) <= 2
    assert 97 <= max(counts) <= 99
    assert abs(np.mean(counts) - 49.5) < 5 * 100 / np.sqrt(12 * 500)
    # 2 (2u - 1)(2v - 1): mean 0, variance 4 / 9, within -2..2.
    assert np.abs(ratios).max() < 2
    n = len(ratios)
    assert abs(np.mean(ratios)) < 5 * np.sqrt(4 / 9 / n)
    assert abs(np.var(ratios) - 4 / 9) < 5 * np.sqrt((16 / 25 - 16 / 81) / n)


def test_stationary_noise_is_at_its_ratio(make, speech, rng):
    ratios = []
    for _ in range(200):
        noise = make("rawboost", algorithm=3)(speech, rng) - speech
        ratios.append(10 * np.log10(np.sum(speech**2) / np.sum(noise**2)))
    assert 10 <= min(ratios) < 12
    assert 38 < max(ratios) <= 40
    assert abs(np.mean(ratios) - 25) < 5 * 30 / np.sqrt(12 * 200)


def test_stationary_noise_is_coloured_by_its_filter(make, speech, rng):
    values = {"algorithm": 3, "bands": 3, "centre_hz": 4000, "width_hz": 1000, "taps": 99}
    noise = make("rawboost", **values, snr_db=0)(speech, rng) - speech
    power = np.abs(np.fft.rfft(noise)) ** 2
    stopped = power[3900:4100].mean()
    assert stopped < 1e-3 * power[:3000].mean()


def test_algorithms_in_series_and_in_parallel(make, speech):
    def boost(algorithm, samples, rng):
        return make("rawboost", algorithm=algorithm)(samples, rng)

    def rng():
        return np.random.default_rng(11)

    one, two = rng(), rng()
    series = boost(3, boost(2, boost(1, speech, one), one), one)
    np.testing.assert_array_equal(boost(4, speech, two), series)
    one = rng()
    np.testing.assert_array_equal(boost(5, speech, rng()), boost(2, boost(1, speech, one), one))
    one = rng()
    both = boost(1, speech, one) + boost(2, speech, one)
    peak = np.abs(both).max()
    np.testing.assert_array_equal(boost(8, speech, rng()), both / peak if peak > 1 else both)


@pytest.mark.parametrize("algorithm", [1, 2, 3, 4, 5, 8])
def test_silence_and_a_single_sample_are_no_trouble(make, rng, algorithm):
    boost = make("rawboost", algorithm=algorithm)
    assert boost(np.zeros(400), rng).tolist() == [0.0] * 400
    assert np.isfinite(boost(np.array([0.3]), rng)).all()

import numpy as np
import pytest
from scipy.signal import freqz, lfilter

from signl.resynthesis.lpc.linear_prediction import HOP, Filters, excite, predict, pulses

#: Resonances at about 1.0 and 2.9 kHz.
PREDICTOR = -np.poly(
    [0.95 * np.exp(0.4j), 0.95 * np.exp(-0.4j), 0.9 * np.exp(1.15j), 0.9 * np.exp(-1.15j)]
).real[1:]


def process(rng, n_samples, level):
    return lfilter([level], [1.0, *-PREDICTOR], rng.standard_normal(n_samples))


def test_the_filter_of_a_known_process_is_found(rng):
    filters = predict(process(rng, 64_000, level=0.3), order=4)
    np.testing.assert_allclose(filters.predictors[2:-2].mean(axis=0), PREDICTOR, atol=0.08)
    assert np.sqrt(np.mean(filters.levels[2:-2] ** 2)) == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("excitations", [["noise"], ["mixed"]])
def test_what_is_made_has_the_envelope_of_the_process(make, rng, excitations):
    samples = process(rng, 64_000, level=0.1)
    made = make("lpc", orders=[14], excitations=excitations)(samples, rng)
    assert len(made) == len(samples)
    _, response = freqz(0.1, [1.0, *-PREDICTOR], worN=64)
    power = np.abs(np.fft.rfft(made)[:-1].reshape(64, -1)) ** 2
    found = 10 * np.log10(power.mean(axis=1) / len(made))
    # Pulses, where pitches are found in noise, make it rougher than noise alone.
    assert np.abs(found - 20 * np.log10(np.abs(response))).mean() < 2.0


def test_frames_of_one_filter_are_that_filter(rng):
    excitation = rng.standard_normal(16_000)
    n_frames = -(-16_000 // HOP) + 1
    same = Filters(np.tile(PREDICTOR, (n_frames, 1)), np.full(n_frames, 0.5))
    expected = lfilter([0.5], [1.0, *-PREDICTOR], excitation)
    np.testing.assert_allclose(excite(same, excitation), expected, atol=1e-6)


def test_pulses_come_at_the_pitch_and_have_its_power(vowel, rng):
    excitation = pulses(vowel(125), rng)
    middle = excitation[4000:12_000]
    places = np.flatnonzero(np.abs(middle) > 0)
    np.testing.assert_allclose(np.diff(places), 128, atol=2)
    assert np.mean(middle**2) == pytest.approx(1.0, rel=0.1)
    noise = pulses(1e-3 * rng.standard_normal(100), rng)
    assert np.count_nonzero(noise) == 100

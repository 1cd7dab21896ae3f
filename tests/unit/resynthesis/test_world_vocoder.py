import numpy as np
import pytest

from signl.resynthesis.world.world_vocoder import smooth

PLAIN = {"smooth_probability": 0, "pitch_probability": 0}


def band_levels(samples):
    power = np.abs(np.fft.rfft(samples[:16_000])) ** 2
    return 10 * np.log10(power[200:7000].reshape(-1, 200).mean(axis=1))


@pytest.mark.parametrize("ratio", [0.85, 1.0, 1.18])
def test_the_pitch_is_moved_by_the_ratio(make, vowel, rng, pitch_hz, ratio):
    options = {"smooth_probability": 0, "pitch_probability": 1, "pitch": ratio}
    made = make("world", **options)(vowel(130), rng)
    assert pitch_hz(made) == pytest.approx(130 * ratio, rel=0.01)


def test_the_envelope_stays(make, vowel, rng):
    samples = vowel(130)
    made = make("world", **PLAIN)(samples, rng)
    assert len(made) == len(samples)
    assert np.abs(band_levels(made) - band_levels(samples))[:15].mean() < 2.5


def test_some_pitches_are_moved_and_some_are_not(make, vowel, pitch_hz):
    world = make("world", smooth_probability=0, pitch_probability=0.5, pitch=0.85)
    samples = vowel(130, 0.12)
    found = [pitch_hz(world(samples, np.random.default_rng(n))) for n in range(14)]
    n_moved = sum(abs(pitch - 130 * 0.85) < 7 for pitch in found)
    assert sum(abs(pitch - 130) < 7 for pitch in found) + n_moved == 14
    assert 0 < n_moved < 14


def test_the_first_cepstral_values_are_kept_and_no_others(rng):
    logs = np.cumsum(rng.standard_normal((3, 513)), axis=1) / 10
    smoothed = smooth(np.exp(logs), 24)
    before, after = (np.fft.irfft(each, axis=1)[:, :513] for each in (logs, np.log(smoothed)))
    np.testing.assert_allclose(after[:, :24], before[:, :24], atol=1e-12)
    np.testing.assert_allclose(after[:, 24:], 0, atol=1e-12)
    np.testing.assert_allclose(smooth(np.exp(logs), 513), np.exp(logs), rtol=1e-9)


def test_nothing_is_drawn_but_from_the_generator(make, vowel):
    world = make("world")
    samples = vowel(130, 0.2)
    first = world(samples, np.random.default_rng(1))
    world(vowel(180, 0.2), np.random.default_rng(2))
    np.testing.assert_array_equal(world(samples, np.random.default_rng(1)), first)

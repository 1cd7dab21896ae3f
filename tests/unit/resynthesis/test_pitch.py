import numpy as np

from signl.resynthesis.pitch import LEAST_SAMPLES, filled, pitch_of


def test_the_pitch_of_a_vowel_and_of_noise(vowel, rng):
    pitch = pitch_of(vowel(140), 10.0)
    np.testing.assert_allclose(np.diff(pitch.times_s), 0.01)
    voiced = pitch.hz[pitch.hz > 0]
    assert len(voiced) > 80
    np.testing.assert_allclose(voiced[5:-5], 140, rtol=0.01)
    assert np.mean(pitch_of(rng.standard_normal(16_000), 10.0).hz > 0) < 0.5


def test_what_is_short_is_filled_up():
    assert filled(np.ones(3)).tolist() == [1.0] * 3 + [0.0] * (LEAST_SAMPLES - 3)
    assert len(filled(np.ones(5000))) == 5000
    assert np.isfinite(pitch_of(filled(np.ones(1)), 15.0).hz).all()

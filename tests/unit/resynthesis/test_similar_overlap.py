import numpy as np
import pytest

from signl.resynthesis.wsola.similar_overlap import stretch


def test_at_its_own_duration_nothing_is_changed(vowel):
    samples = vowel(120, 0.5)
    np.testing.assert_allclose(stretch(samples, 1.0), samples, atol=1e-12)


@pytest.mark.parametrize("ratio", [0.75, 1.33])
def test_the_duration_changes_and_the_pitch_does_not(make, vowel, rng, pitch_hz, ratio):
    made = make("wsola", stretch=ratio, pitch_probability=0)(vowel(120), rng)
    assert len(made) == round(16_000 * ratio)
    assert pitch_hz(made) == pytest.approx(120, rel=0.01)
    # A steady sound stays steady: pieces that do not fit would make it beat.
    levels = np.sqrt((made[2560:-2560][: 640 * 8].reshape(8, 640) ** 2).mean(axis=1))
    assert levels.max() / levels.min() < 1.3


@pytest.mark.parametrize("ratio", [0.8, 1.25])
def test_the_pitch_changes_and_the_duration_does_not(make, vowel, rng, pitch_hz, ratio):
    made = make("wsola", stretch=ratio, pitch_probability=1)(vowel(120), rng)
    assert len(made) == 16_000
    assert pitch_hz(made) == pytest.approx(120 * ratio, rel=0.01)


def test_what_happens_when_is_kept(rng):
    samples = 0.01 * rng.standard_normal(16_000)
    samples[8000:8400] += rng.standard_normal(400)
    loudest = np.convolve(stretch(samples, 1.3) ** 2, np.ones(400), "same").argmax()
    assert loudest == pytest.approx(1.3 * 8200, abs=400)


def test_both_are_drawn_in_their_share(make, rng):
    wsola = make("wsola", stretch=1.2)
    n_same = sum(len(wsola(np.ones(1000), rng)) == 1000 for _ in range(200))
    assert abs(n_same - 140) < 5 * np.sqrt(200 * 0.7 * 0.3)

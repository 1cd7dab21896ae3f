import numpy as np
import pytest


@pytest.mark.parametrize("factor", [0.9, 1.1, 1.25])
def test_a_tone_is_higher_and_shorter_by_the_factor(make, rng, factor):
    tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    played = make("speed", factors=[factor])(tone, rng)
    assert len(played) == np.ceil(16_000 / factor)
    expected = np.sin(2 * np.pi * 440 * factor * np.arange(len(played)) / 16_000)
    np.testing.assert_allclose(played[200:-200], expected[200:-200], atol=0.01)


def test_speeds_are_drawn_and_one_changes_nothing(make, speech, rng):
    augment = make("speed")
    lengths = [len(augment(speech, rng)) for _ in range(90)]
    assert set(lengths) == {14546, 16_000, 17778}
    assert abs(lengths.count(16_000) - 30) < 5 * np.sqrt(90 * 2 / 9)
    assert make("speed", factors=[1.0])(speech, rng) is speech

import numpy as np
import pytest

from signl.augmentation.augmentations import AUGMENTATIONS


def gains_of(taps):
    """Gains at 33 frequencies from 0 to half the sample rate, in nepers."""
    return np.log(np.abs(np.fft.rfft(taps, 2048))[::32])


def test_without_a_step_nothing_is_changed(make, speech, rng):
    np.testing.assert_allclose(make("equaliser", step=0)(speech, rng), speech, atol=1e-12)


def test_the_filter_is_symmetric_so_that_nothing_is_late(make, rng):
    taps = make("equaliser").draw_filter(rng)
    assert len(taps) == 65
    np.testing.assert_allclose(taps, taps[::-1], atol=1e-12)
    impulse = np.zeros(400)
    impulse[200] = 1.0
    filtered = make("equaliser")(impulse, rng)
    assert np.abs(filtered).argmax() == 200
    np.testing.assert_allclose(filtered[168:200], filtered[232:200:-1], atol=1e-12)


def test_gains_are_a_random_walk_over_the_frequencies(make, rng):
    equaliser = make("equaliser", step=0.12, taps=1001)
    walks = np.array([gains_of(equaliser.draw_filter(rng)) for _ in range(600)])
    # Of n steps the variance is n times that of one; within five standard errors, and 5 % that
    # the window takes. Far from the ends the filter of 1001 taps has all of the drawn gains.
    for n in (4, 16):
        variance = np.var(walks[:, 8 + n] - walks[:, 8])
        assert abs(variance / (n * 0.12**2) - 1) < 5 * np.sqrt(2 / 600) + 0.05
    assert np.abs(walks.mean(axis=1)).max() < 0.1


def test_an_even_number_of_taps_is_refused():
    with pytest.raises(ValueError, match="allowed are odd numbers, 63 or 65"):
        AUGMENTATIONS.build({"kind": "equaliser", "taps": 64})

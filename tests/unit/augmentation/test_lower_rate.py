import numpy as np


def test_what_the_lower_rate_cannot_hold_is_lost_and_the_rest_stays(make, rng):
    time = np.arange(16_000) / 16_000
    low, high = np.sin(2 * np.pi * 1000 * time), np.sin(2 * np.pi * 6000 * time)
    found = make("resampling", rate_hz=8000)(low + high, rng)
    assert found.shape == low.shape
    np.testing.assert_allclose(found[200:-200], low[200:-200], atol=0.01)
    assert make("resampling", rate_hz=11_000)(low[:333], rng).shape == (333,)

import numpy as np
import pytest

from signl.augmentation.filtering import add_at_snr, convolve, limit_peak


@pytest.mark.parametrize(("n_samples", "n_taps", "skip"), [(50, 7, 0), (50, 7, 4), (3, 9, 8)])
def test_a_convolution_is_that_of_the_definition(rng, n_samples, n_taps, skip):
    samples, response = rng.standard_normal(n_samples), rng.standard_normal(n_taps)
    whole = np.concatenate([np.convolve(samples, response), np.zeros(skip + 1)])
    found = convolve(samples, response, skip=skip)
    np.testing.assert_allclose(found, whole[skip : skip + n_samples], atol=1e-12)


def test_noise_is_added_at_the_ratio(rng):
    # By hand: energies 4 and 1, so noise of 6.02 dB less is as it is.
    samples, noise = np.array([2.0, 0.0]), np.array([0.0, 1.0])
    np.testing.assert_allclose(add_at_snr(samples, noise, 20 * np.log10(2)), [2.0, 1.0])
    np.testing.assert_allclose(add_at_snr(samples, 7 * noise, 20.0), [2.0, 0.2])
    assert add_at_snr(samples, 0 * noise, 20.0).tolist() == [2.0, 0.0]


def test_only_a_peak_over_full_scale_is_brought_down():
    assert limit_peak(np.array([0.5, -2.0])).tolist() == [0.25, -1.0]
    assert limit_peak(np.array([0.5, -0.75])).tolist() == [0.5, -0.75]

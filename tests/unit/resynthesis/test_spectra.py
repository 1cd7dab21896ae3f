import numpy as np
import pytest
from transformers.audio_utils import mel_filter_bank

from signl.resynthesis.spectra import mel_bank, spectrum_of, waveform_of


@pytest.mark.parametrize("n_samples", [1, 255, 256, 257, 5000])
def test_a_spectrum_is_turned_back_to_its_waveform(rng, n_samples):
    samples = rng.standard_normal(n_samples)
    spectrum = spectrum_of(samples, 512, 128)
    assert spectrum.shape == (257, 1 + n_samples // 128)
    np.testing.assert_allclose(waveform_of(spectrum, 128, n_samples), samples, atol=1e-12)


@pytest.mark.parametrize("norm", ["slaney", None])
@pytest.mark.parametrize("scale", ["slaney", "htk"])
def test_the_bank_is_that_of_others(scale, norm):
    form = dict(num_frequency_bins=513, num_mel_filters=80, sampling_rate=22_050)
    expected = mel_filter_bank(
        **form, min_frequency=20.0, max_frequency=8000.0, norm=norm, mel_scale=scale
    )
    found = mel_bank(
        80, 1024, sample_rate_hz=22_050, low_hz=20.0, high_hz=8000.0, scale=scale, norm=norm
    )
    np.testing.assert_allclose(found, expected.T, rtol=1e-3, atol=1e-5)

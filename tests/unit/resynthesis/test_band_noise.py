import numpy as np
import pytest

from signl.resynthesis.noise_vocoder.band_noise import envelope
from signl.resynthesis.spectra import mel_bank, spectrum_of

ALL = {"above_probability": 0}


def energies_of(samples, n_bands=24):
    return (mel_bank(n_bands, 512) @ np.abs(spectrum_of(samples, 512, 128)) ** 2).sum(axis=1)


def test_bands_keep_their_energies(make, vowel, rng):
    samples = vowel(120, 2.0) + 0.02 * rng.standard_normal(32_000)
    made = make("noise_vocoder", bands=24, **ALL)(samples, rng)
    assert len(made) == len(samples)
    levels = 10 * np.log10(energies_of(made) / energies_of(samples))
    # Between the middles of two bands the envelope is a line, and resonances are sharper.
    assert np.abs(levels).mean() < 1.5
    assert 10 * np.log10(np.sum(made**2) / np.sum(samples**2)) == pytest.approx(0, abs=1)
    assert abs(np.corrcoef(made, samples)[0, 1]) < 0.1


def test_energies_move_with_time(make, rng):
    samples = rng.standard_normal(16_000) * np.repeat([1.0, 0.1], 8000)
    made = make("noise_vocoder", **ALL)(samples, rng)
    assert 15 < 10 * np.log10(np.sum(made[:7500] ** 2) / np.sum(made[8500:] ** 2)) < 22


def test_below_a_frequency_nothing_is_changed(make, vowel, rng):
    samples = vowel(120) + 0.02 * rng.standard_normal(16_000)
    made = make("noise_vocoder", above_probability=1, above_hz=[2500])(samples, rng)
    before, after = np.fft.rfft(samples), np.fft.rfft(made)
    kept, changed = slice(0, 2300), slice(2800, 8000)
    difference = np.abs(after - before) ** 2
    assert difference[kept].sum() < 1e-3 * np.sum(np.abs(before[kept]) ** 2)
    assert difference[changed].sum() > np.sum(np.abs(before[changed]) ** 2)


@pytest.mark.parametrize("n_bands", [1, 16, 48, 96])
def test_the_envelope_of_a_flat_spectrum_is_flat(n_bands):
    np.testing.assert_allclose(envelope(np.full((257, 3), 2.5), n_bands), 2.5)

import numpy as np
import pytest

from signl.resynthesis.spectra import spectrum_of


def magnitudes_of(samples):
    """Magnitudes in bands of eight bins and times of 16 frames: what overlaps is averaged out."""
    power = np.abs(spectrum_of(samples, 512, 128)[:256, :112]) ** 2
    return np.sqrt(power.reshape(32, 8, 7, 16).mean(axis=(1, 3)))


@pytest.mark.parametrize("window", [256, 512, 1024])
def test_without_noise_jitter_changes_nothing(make, vowel, rng, window):
    phase = make("phase", changes=["jitter"], jitter=0, windows=[window])
    np.testing.assert_allclose(phase(vowel(120), rng), vowel(120), atol=1e-12)


@pytest.mark.parametrize("change", ["jitter", "random", "quantised"])
def test_magnitudes_stay_and_phases_do_not(make, vowel, rng, change):
    samples = vowel(120) + 0.05 * rng.standard_normal(16_000)
    made = make("phase", changes=[change], jitter=1.2)(samples, rng)
    assert len(made) == len(samples)
    # Windows that disagree take power from each other, at all frequencies alike.
    levels = 20 * np.log10(magnitudes_of(made) / magnitudes_of(samples))
    assert -8 < np.median(levels) < 0
    assert np.abs(levels - np.median(levels)).mean() < 1.5
    assert np.corrcoef(made, samples)[0, 1] < 0.99


def test_changes_are_what_they_are_called(make, rng):
    phases = rng.uniform(-np.pi, np.pi, (257, 400))
    by = make("phase", changes=["jitter"], jitter=[0.6, 1.6])
    deviations = [np.std(by.changed(phases, rng) - phases) for _ in range(40)]
    assert 0.59 < min(deviations) < 0.8
    assert 1.4 < max(deviations) < 1.61
    turned = make("phase", changes=["quantised"], quantised_jitter=0).changed(phases, rng)
    np.testing.assert_allclose(turned / (np.pi / 2), np.round(turned / (np.pi / 2)), atol=1e-12)
    assert np.abs(turned - phases).max() <= np.pi / 4 + 1e-12
    random = make("phase", changes=["random"]).changed(phases, rng)
    assert abs(np.exp(1j * (random - phases)).mean()) < 5 / np.sqrt(phases.size)

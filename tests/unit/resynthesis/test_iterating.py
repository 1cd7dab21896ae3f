import numpy as np
import pytest

from signl.resynthesis.griffin_lim.iterating import find_phases, through_bands
from signl.resynthesis.spectra import mel_bank, spectrum_of


def magnitudes_of(samples):
    return np.abs(spectrum_of(samples, 512, 128))


def misfit(samples, magnitudes):
    return np.linalg.norm(magnitudes_of(samples) - magnitudes) / np.linalg.norm(magnitudes)


def test_iterations_never_move_away_from_the_magnitudes(vowel):
    magnitudes = magnitudes_of(vowel(120, 0.4))
    misfits = [
        misfit(find_phases(magnitudes, 6400, n, np.random.default_rng(1)), magnitudes)
        for n in range(12)
    ]
    assert misfits[0] > 0.4
    assert misfits[-1] < 0.25
    # Each moves nearer in the sense of the whole spectrum (Griffin and Lim, theorem); of the
    # magnitudes alone that is so but for what the ends take.
    assert np.all(np.diff(misfits) < 1e-3)


def test_magnitudes_stay_and_the_waveform_does_not(make, vowel, rng):
    samples = vowel(120)
    made = make("griffin_lim")(samples, rng)
    assert len(made) == len(samples)
    assert misfit(made, magnitudes_of(samples)) < 0.3
    assert abs(np.corrcoef(made, samples)[0, 1]) < 0.5


@pytest.mark.parametrize("n_bands", [32, 80])
def test_what_bands_hold_stays_and_what_lies_between_does_not(vowel, n_bands):
    magnitudes = magnitudes_of(vowel(120))
    told = through_bands(magnitudes, n_bands)
    assert told.min() >= 0
    bank = mel_bank(n_bands, 512)
    held = [np.linalg.norm(bank @ each, axis=0) for each in (told, magnitudes)]
    np.testing.assert_allclose(held[0], held[1], rtol=0.1, atol=1e-3 * held[1].max())
    assert np.linalg.norm(told - magnitudes) > 0.05 * np.linalg.norm(magnitudes)


def test_iterations_and_bands_are_drawn(make, vowel):
    samples = vowel(120, 0.1)
    mels = make("mel_griffin_lim", iterations=6, bands=[32])
    assert len({mels(samples, np.random.default_rng(3)).tobytes() for _ in range(3)}) == 1
    found = {make("mel_griffin_lim")(samples, np.random.default_rng(n)).tobytes() for n in range(9)}
    assert len(found) == 9

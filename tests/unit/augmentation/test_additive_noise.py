import numpy as np
import pytest

from signl.errors import AudioError


def test_white_noise_is_flat_and_at_its_ratio(make, speech, rng):
    noise = make("noise", snr_db=[5, 5])(speech, rng) - speech
    assert np.isclose(10 * np.log10(np.sum(speech**2) / np.sum(noise**2)), 5)
    power = np.abs(np.fft.rfft(noise)[1:8001].reshape(4, 2000)) ** 2
    # Means of 2000 exponential values: each quarter within five standard errors.
    assert np.abs(power.mean(axis=1) / power.mean() - 1).max() < 5 / np.sqrt(2000)


def test_a_sound_is_added_from_a_random_place_over_and_over(make, write_sound, speech, rng):
    sound = np.linspace(0.1, 0.9, 320)  # 50 of them are a second
    folder = write_sound("ramp.wav", sound)
    augment = make("noise", folder=folder, snr_db=0)
    starts = set()
    for _ in range(20):
        added = augment(speech, rng) - speech
        added *= np.linalg.norm(np.resize(sound, 16_000)) / np.linalg.norm(speech)
        start = int(np.abs(sound - added[0]).argmin())
        starts.add(start)
        expected = sound[(start + np.arange(16_000)) % 320]
        np.testing.assert_allclose(added, expected, rtol=1e-5)
    assert len(starts) > 10


def test_each_sound_is_as_likely(make, write_sound, rng):
    for name, level in (("a.wav", 0.25), ("b.wav", -0.25), ("c.wav", 0.0)):
        folder = write_sound(name, np.full(50, level))
    augment = make("noise", folder=folder, snr_db=0)
    signs = [np.sign(augment(np.array([1e-3, 1e-3]), rng)[0] - 1e-3) for _ in range(300)]
    # Of silence there is nothing to add. Binomial, five standard deviations.
    for sign in (-1, 0, 1):
        assert abs(signs.count(sign) - 100) < 5 * np.sqrt(300 * 2 / 9)


def test_a_file_that_is_no_sound_is_named(make, write_sound, tmp_path, speech, rng):
    folder = write_sound("a.wav", np.ones(5))
    (tmp_path / "sounds" / "a.wav").write_bytes(b"nothing")
    with pytest.raises(AudioError, match=r"sounds/a\.wav: "):
        make("noise", folder=folder)(speech, rng)

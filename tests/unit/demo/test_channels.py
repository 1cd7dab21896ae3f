import numpy as np
import pytest

from signl.demo.channels import ASVSPOOF5_CODECS, DF_CODECS, Domain, mu_law, record
from signl.demo.voices import make_speaker, speak

DOMAIN = Domain(tilt_db=(-3.0, 3.0), noise_db=(40.0, 60.0))


@pytest.fixture(scope="module")
def voice():
    return speak(make_speaker(0, "Ada"), 1.0, np.random.default_rng(0))


def test_a_recording_is_longer_and_within_range(voice):
    for seed in range(20):
        recorded = record(voice, DOMAIN, np.random.default_rng(seed))
        assert 0.1 <= (len(recorded) - len(voice)) / 16_000 <= 0.6
        assert np.abs(recorded).max() <= 0.99 + 1e-9
        assert -45 < 20 * np.log10(np.sqrt(np.mean(recorded**2))) < -19.9


def test_a_recording_does_not_show_how_loud_the_voice_was(voice):
    soft, loud = (record(gain * voice, DOMAIN, np.random.default_rng(0)) for gain in (0.01, 10.0))
    np.testing.assert_allclose(soft, loud, atol=1e-6)


def test_the_published_conditions_exist():
    assert list(ASVSPOOF5_CODECS) == [f"C{number:02d}" for number in range(1, 12)]
    assert len(DF_CODECS) == 9


@pytest.mark.parametrize("codec", [*DF_CODECS, *ASVSPOOF5_CODECS])
def test_every_codec_but_none_changes_the_signal_a_little(codec, voice):
    coded = (DF_CODECS | ASVSPOOF5_CODECS)[codec](voice)
    assert coded.shape == voice.shape
    assert np.corrcoef(coded, voice)[0, 1] > 0.7
    assert np.array_equal(coded, voice) == (codec == "nocodec")


def test_mu_law_has_as_many_values_as_its_bits_allow():
    levels = np.unique(mu_law(np.linspace(-1, 1, 10_001), bits=4))
    assert len(levels) == 2**4 + 1
    np.testing.assert_allclose(levels, -levels[::-1], atol=1e-15)

import numpy as np
import pytest

from signl.demo.attacks import ATTACKS, attack
from signl.demo.dsp import stft
from signl.demo.voices import make_speaker, speak


@pytest.fixture(scope="module")
def voice():
    return speak(make_speaker(0, "Ada"), 1.3, np.random.default_rng(0))


def spoof(name, voice, seed=1):
    return attack(name, voice, np.random.default_rng(seed))


def levels(waveform):
    """Log-magnitudes, averaged over 4 frames and 8 bins: what an ear would compare."""
    magnitude = np.abs(stft(waveform / np.std(waveform), size=512, hop=128))[:, :256]
    frames = len(magnitude) // 4 * 4
    blocks = magnitude[:frames].reshape(-1, 4, 32, 8).mean(axis=(1, 3))
    return np.log(blocks + 1e-2).ravel()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_keeps_length_and_words_but_not_the_signal(name, voice):
    fake = spoof(name, voice)
    assert fake.shape == voice.shape
    assert np.isfinite(fake).all()
    gain = fake @ voice / (voice @ voice)
    assert np.sum((fake - gain * voice) ** 2) > 0.01 * np.sum(fake**2)
    assert np.corrcoef(levels(fake), levels(voice))[0, 1] > 0.6


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_follows_from_its_generator(name, voice):
    np.testing.assert_array_equal(spoof(name, voice), spoof(name, voice))


def test_attacks_differ_from_one_another(voice):
    fakes = [spoof(name, voice) for name in ATTACKS]
    for index, first in enumerate(fakes):
        for second in fakes[index + 1 :]:
            assert np.abs(first - second).max() > 1e-3


def test_a_splice_leaves_both_ends_in_place(voice):
    fake = ATTACKS["splice"](voice, np.random.default_rng(1))
    tenth = len(voice) // 10
    np.testing.assert_array_equal(fake[:tenth], voice[:tenth])
    np.testing.assert_array_equal(fake[-tenth:], voice[-tenth:])
    assert not np.array_equal(fake[4 * tenth : 6 * tenth], voice[4 * tenth : 6 * tenth])


@pytest.mark.parametrize("name", ATTACKS)
def test_silence_and_short_voices_are_survived(name, voice):
    for waveform in (np.zeros(4000), voice[:300]):
        fake = spoof(name, waveform)
        assert fake.shape == waveform.shape
        assert np.isfinite(fake).all()


def test_unknown_attacks_are_named(voice):
    with pytest.raises(ValueError, match=r"'vocodec'.*griffin_lim"):
        spoof("vocodec", voice)

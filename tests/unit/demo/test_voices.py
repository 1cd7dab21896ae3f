from dataclasses import replace

import numpy as np
import pytest

from signl.demo.dsp import SAMPLE_RATE_HZ, stft
from signl.demo.vocoders import track_pitch
from signl.demo.voices import imitate, make_speaker, speak


def say(speaker, seed=0, duration_s=2.0):
    return speak(speaker, duration_s, np.random.default_rng(seed))


def test_speakers_follow_from_seed_and_name():
    assert make_speaker(0, "Ada") == make_speaker(0, "Ada")
    assert make_speaker(0, "Ada") != make_speaker(1, "Ada")
    assert make_speaker(0, "Ada").f0_hz != make_speaker(0, "Ida").f0_hz
    assert {make_speaker(0, str(number)).gender for number in range(20)} == {"F", "M"}


@pytest.mark.parametrize("duration_s", [0.1, 0.5, 3.7])
def test_an_utterance_has_its_duration_and_level(duration_s):
    waveform = say(make_speaker(0, "Ada"), duration_s=duration_s)
    assert len(waveform) == round(duration_s * SAMPLE_RATE_HZ)
    assert np.sqrt(np.mean(waveform**2)) == pytest.approx(0.1, rel=1e-3)


def test_utterances_follow_from_their_generator():
    speaker = make_speaker(0, "Ada")
    np.testing.assert_array_equal(say(speaker, 1), say(speaker, 1))
    assert not np.array_equal(say(speaker, 1), say(speaker, 2))


@pytest.mark.parametrize("f0_hz", [100.0, 150.0, 220.0])
def test_voiced_frames_have_the_speakers_pitch(f0_hz):
    speaker = replace(make_speaker(0, "Ada"), f0_hz=f0_hz, f0_span=0.05)
    pitch = track_pitch(say(speaker, duration_s=4.0))
    voiced = pitch.f0_hz[pitch.voicing > 0.9]
    assert len(voiced) > 50
    assert np.median(voiced) == pytest.approx(f0_hz, rel=0.1)


def test_an_utterance_has_syllables_and_unvoiced_parts():
    waveform = say(make_speaker(0, "Ada"), duration_s=4.0)
    power = np.abs(stft(waveform, size=512, hop=128)) ** 2
    level_db = 10 * np.log10(power.sum(axis=1) + 1e-9)
    assert np.ptp(np.percentile(level_db, [10, 90])) > 15
    high_share = power[:, 128:].sum(axis=1) / (power.sum(axis=1) + 1e-9)
    assert np.mean(high_share > 0.5) > 0.02
    assert np.mean(high_share < 0.1) > 0.3


def test_imitations_are_smoother():
    speaker = make_speaker(0, "Ada")
    copy = imitate(speaker)
    assert (copy.name, copy.f0_hz, copy.tract) == (speaker.name, speaker.f0_hz, speaker.tract)
    assert copy.jitter < speaker.jitter
    assert copy.breath < speaker.breath


def test_a_duration_must_be_positive():
    with pytest.raises(ValueError, match="duration_s"):
        say(make_speaker(0, "Ada"), duration_s=0)

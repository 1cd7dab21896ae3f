import numpy as np
import pytest

from signl.augmentation.codec.transcoding import CODINGS, encode


def lag_of(one, other):
    spectrum = np.fft.rfft(one, 1 << 16) * np.conj(np.fft.rfft(other, 1 << 16))
    lag = int(np.fft.irfft(spectrum).argmax())
    return lag if lag < 1 << 15 else lag - (1 << 16)


@pytest.mark.parametrize("codec", sorted(CODINGS))
def test_what_is_coded_is_as_long_no_later_and_nearly_the_same(make, speech, rng, codec):
    coded = make("codec", codecs=[codec], kbps=[32])(speech, rng)
    assert coded.shape == speech.shape
    assert lag_of(coded, speech) == 0
    assert 0.95 < np.corrcoef(coded, speech)[0, 1] < 1 - 1e-7
    assert np.isclose(np.linalg.norm(coded), np.linalg.norm(speech), rtol=0.1)


@pytest.mark.parametrize("codec", ["aac", "mp3", "opus"])
def test_files_grow_with_the_bit_rate(speech, codec):
    speech = np.tile(speech, 3)
    small, large = (len(encode(speech, CODINGS[codec], kbps)) for kbps in (16, 64))
    assert small < 3 * 16_000 / 8 * 1.5
    assert large > 2 * small


def test_telephones_have_a_narrow_band_of_256_steps(make, speech, rng):
    tone = 0.4 * np.sin(2 * np.pi * 6000 * np.arange(16_000) / 16_000)
    assert np.linalg.norm(make("codec", codecs=["mulaw"])(tone, rng)) < 0.02 * np.linalg.norm(tone)
    coded = encode(speech, CODINGS["mulaw"], 8)
    assert abs(len(coded) - 8000) < 200


def test_codecs_and_bit_rates_are_drawn(make, speech, rng):
    augment = make("codec", codecs=["alaw", "mulaw"])
    assert len({augment(speech, rng).tobytes() for _ in range(12)}) == 2
    augment = make("codec", codecs=["mp3"], kbps=[16, 32])
    assert len({augment(speech, rng).tobytes() for _ in range(12)}) == 2


@pytest.mark.parametrize("codec", sorted(CODINGS))
def test_a_peak_over_full_scale_is_brought_down_and_a_sample_is_no_trouble(make, rng, codec):
    augment = make("codec", codecs=[codec])
    tone = 3 * np.sin(2 * np.pi * 400 * np.arange(8000) / 16_000)
    assert np.isclose(np.linalg.norm(augment(tone, rng)), np.linalg.norm(tone / 3), rtol=0.1)
    assert augment(np.array([0.2]), rng).shape == (1,)

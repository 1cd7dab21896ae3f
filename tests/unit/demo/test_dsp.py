import numpy as np
import pytest

from signl.demo import dsp

LENGTH = 5000


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(size=LENGTH)


@pytest.mark.parametrize(("size", "hop"), [(512, 128), (256, 64), (1024, 256)])
def test_istft_inverts_stft(noise, size, hop):
    spectra = dsp.stft(noise, size=size, hop=hop)
    assert spectra.shape == (dsp.n_frames(LENGTH, hop), size // 2 + 1)
    restored = dsp.istft(spectra, size=size, hop=hop, length=LENGTH)
    np.testing.assert_allclose(restored, noise, atol=1e-12)


def test_overlap_add_equals_adding_frame_by_frame(noise):
    frames = dsp.cut_frames(noise, size=300, hop=128)
    expected = np.zeros(len(frames) * 128 + 300)
    for index, frame in enumerate(frames):
        expected[index * 128 : index * 128 + 300] += frame
    found = dsp.overlap_add(frames, centre=150, hop=128, length=LENGTH)
    np.testing.assert_allclose(found, expected[150 : 150 + LENGTH])


def test_shape_frames_delays_by_a_linear_phase(noise):
    delay, hop = 7, 256
    phase = np.exp(-2j * np.pi * delay * np.arange(513) / 1024)
    responses = np.tile(phase, (dsp.n_frames(LENGTH, hop), 1))
    found = dsp.shape_frames(noise, responses, hop=hop)
    inner = slice(300, -300)
    np.testing.assert_allclose(found[inner], np.roll(noise, delay)[inner], atol=1e-12)


def test_smooth_is_a_moving_average(noise):
    found = dsp.smooth(noise, 5)
    assert found.shape == noise.shape
    np.testing.assert_allclose(found[2:-2], np.convolve(noise, np.ones(5) / 5, "valid"))


def test_band_limit_removes_what_lies_outside(noise):
    limited = dsp.band_limit(noise, low_hz=1000, high_hz=3000)
    power = np.abs(np.fft.rfft(limited * dsp.hann(LENGTH))) ** 2
    hz = np.fft.rfftfreq(LENGTH, 1 / dsp.SAMPLE_RATE_HZ)
    outside = (hz < 800) | (hz > 3200)
    assert power[outside].sum() < 1e-4 * power.sum()

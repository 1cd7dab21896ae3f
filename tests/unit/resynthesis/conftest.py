"""Waveforms for the tests of resynthesis."""

import numpy as np
import pytest
from scipy.signal import lfilter

from signl.resynthesis.methods import METHODS

RATE_HZ = 16_000


@pytest.fixture
def make():
    """Return a function that builds a method of a kind."""

    def made(kind, **values):
        return METHODS.build({"kind": kind, **values}).build()

    return made


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def vowel():
    """Return a function that makes a vowel: pulses through two resonances, its peak at 0.5."""

    def made(pitch_hz, duration_s=1.0):
        phase = np.cumsum(np.full(int(duration_s * RATE_HZ), pitch_hz / RATE_HZ))
        samples = (np.diff(np.floor(phase), prepend=0.0) > 0).astype(float)
        for formant_hz, width_hz in ((700, 80), (1200, 90), (2600, 160)):
            radius = np.exp(-np.pi * width_hz / RATE_HZ)
            pole = radius * np.exp(2j * np.pi * formant_hz / RATE_HZ)
            samples = lfilter([1.0], [1.0, -2 * pole.real, radius**2], samples)
        samples += 1e-4 * np.random.default_rng(0).standard_normal(len(samples))
        return 0.5 * samples / np.abs(samples).max()

    return made


@pytest.fixture
def pitch_hz():
    """Return a function that tells the pitch of a steady waveform, by autocorrelation."""

    def told(samples):
        middle = samples[len(samples) // 4 : -len(samples) // 4] * 1.0
        power = np.abs(np.fft.rfft(middle, 4 * len(middle))) ** 2
        # Eight times the rate, so that a lag is known to an eighth of a sample.
        likeness = np.fft.irfft(power, 8 * 4 * len(middle))
        lags = np.arange(8 * RATE_HZ // 400, 8 * RATE_HZ // 60)
        return 8 * RATE_HZ / lags[likeness[lags].argmax()]

    return told

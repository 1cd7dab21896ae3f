"""Sounds and waveforms for the tests of augmentations."""

import numpy as np
import pytest
import soundfile

from signl.augmentation.augmentations import AUGMENTATIONS


@pytest.fixture
def make():
    """Return a function that builds an augmentation of a kind."""

    def made(kind, **values):
        return AUGMENTATIONS.build({"kind": kind, **values}).build()

    return made


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def speech():
    """A second of noise of the band of speech, its peak at 0.5."""
    white = np.random.default_rng(1).standard_normal(16_000)
    shaped = np.convolve(white, np.hanning(16), "same") * np.hanning(16_000)
    return 0.5 * shaped / np.abs(shaped).max()


@pytest.fixture
def write_sound(tmp_path):
    """Return a function that writes a sound into the folder ``sounds`` and returns the folder."""

    def write(name, samples, rate_hz=16_000):
        folder = tmp_path / "sounds"
        folder.mkdir(exist_ok=True)
        soundfile.write(folder / name, samples, rate_hz, subtype="FLOAT")
        return str(folder)

    return write

"""What files say of their length; test_audio has what comes of it when they are decoded."""

import io

import numpy as np
import pytest
import soundfile

from signl.audio_files import state

SAMPLES = np.sin(np.arange(8000) / 5).astype(np.float32)


def encode(form, subtype=None):
    handle = io.BytesIO()
    soundfile.write(handle, SAMPLES, 16_000, format=form, subtype=subtype)
    return handle.getvalue()


@pytest.mark.parametrize("form", ["WAV", "RF64", "AIFF", "W64", "CAF", "AU", "FLAC", "OGG"])
def test_a_whole_file_says_how_long_it_is(form):
    said = state(encode(form))
    assert said.known
    assert said.cut is None
    # Of Ogg a tenth of a second is left to the codec.
    slack = 1600 if form == "OGG" else 1
    assert said.n_samples is None or abs(said.n_samples - len(SAMPLES)) <= slack


@pytest.mark.parametrize("form", ["WAV", "AIFF", "W64", "CAF", "AU"])
def test_half_a_file_is_cut(form):
    content = encode(form)
    assert state(content[: len(content) // 2]).cut


def test_what_is_no_audio_is_not_known():
    assert not state(b"<!DOCTYPE html>" * 50).known

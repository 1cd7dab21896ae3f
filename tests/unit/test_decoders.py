"""What the two decoders give, mixed and unmixed; that they agree is among the tests of audio."""

import io

import numpy as np
import pytest
import soundfile

from signl.audio import to_mono_16k
from signl.decoders import MAX_CHANNELS, check_form, decode_with_ffmpeg, decode_with_sndfile
from signl.errors import AudioError

RATE_HZ, SECONDS = 16_000, 40


@pytest.mark.parametrize("decode", [decode_with_sndfile, decode_with_ffmpeg])
@pytest.mark.parametrize("n_channels", [1, 2, 5])
def test_channels_are_mixed_while_decoding_as_they_are_after_it(decode, n_channels):
    noise = 0.1 * np.random.default_rng(0).standard_normal((RATE_HZ * SECONDS, n_channels))
    buffer = io.BytesIO()
    soundfile.write(buffer, noise.clip(-1, 1), RATE_HZ, format="FLAC")
    mixed = decode(buffer.getvalue(), 2.0 * SECONDS, mixes=True)
    apart = decode(buffer.getvalue(), 2.0 * SECONDS)
    assert mixed.samples.shape == (RATE_HZ * SECONDS, 1)
    assert apart.samples.shape == (RATE_HZ * SECONDS, n_channels)
    np.testing.assert_array_equal(to_mono_16k(mixed), to_mono_16k(apart))


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_what_is_no_number_is_none_when_mixed(value):
    samples = np.zeros((1000, 2), np.float32)
    samples[500, 0] = value
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE_HZ, format="WAV", subtype="FLOAT")
    mixed = decode_with_sndfile(buffer.getvalue(), 1.0, mixes=True).samples
    assert np.flatnonzero(~np.isfinite(mixed[:, 0])).tolist() == [500]


@pytest.mark.parametrize(
    ("rate_hz", "n_channels", "said"),
    [(16_001, 1, "16001 Hz"), (16_000, MAX_CHANNELS + 1, "65 channels"), (96_000, 64, "a second")],
)
def test_forms_out_of_bounds_are_refused(rate_hz, n_channels, said):
    with pytest.raises(AudioError, match=said):
        check_form(rate_hz, n_channels)

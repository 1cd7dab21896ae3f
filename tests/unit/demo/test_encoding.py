import io
import wave

import av
import numpy as np
import pytest
import soundfile

from signl.demo.encoding import flac_bytes, float_wav_bytes, to_pcm16, wav_bytes


@pytest.fixture
def waveform():
    return np.random.default_rng(0).uniform(-0.5, 0.5, 20_000)


def decode_with_av(encoded):
    with av.open(io.BytesIO(encoded)) as container:
        assert container.streams.audio[0].rate == 16_000
        return np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])


@pytest.mark.parametrize("streamed", [False, True])
def test_flac_is_read_by_ffmpeg_sample_for_sample(waveform, streamed):
    encoded = flac_bytes(waveform, streamed=streamed)
    np.testing.assert_array_equal(decode_with_av(encoded), to_pcm16(waveform))


def test_only_streamed_flac_lacks_its_length(waveform):
    whole, streamed = (flac_bytes(waveform, streamed=flag) for flag in (False, True))
    total = [int.from_bytes(encoded[21:26], "big") & (2**36 - 1) for encoded in (whole, streamed)]
    assert total == [len(waveform), 0]
    assert whole[:21] + whole[26:] == streamed[:21] + streamed[26:]
    assert whole[21] & 0xF0 == streamed[21] & 0xF0


def test_libsndfile_refuses_streamed_flac(waveform):
    assert len(soundfile.read(io.BytesIO(flac_bytes(waveform)))[0]) == len(waveform)
    with pytest.raises((soundfile.LibsndfileError, ValueError)):
        soundfile.read(io.BytesIO(flac_bytes(waveform, streamed=True)))


def test_wav_holds_16_bits(waveform):
    with wave.open(io.BytesIO(wav_bytes(waveform))) as reader:
        assert (reader.getsampwidth(), reader.getnchannels(), reader.getframerate()) == (
            2,
            1,
            16_000,
        )
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    np.testing.assert_array_equal(samples, to_pcm16(waveform))


def test_float_wav_holds_the_same_values_in_32_bits(waveform):
    encoded = float_wav_bytes(waveform)
    assert soundfile.info(io.BytesIO(encoded)).subtype == "FLOAT"
    samples, rate = soundfile.read(io.BytesIO(encoded), dtype="float32")
    assert rate == 16_000
    np.testing.assert_array_equal(samples * 32768, to_pcm16(waveform))


def test_peaks_are_clipped():
    np.testing.assert_array_equal(to_pcm16(np.array([-2.0, 0, 2.0])), [-32768, 0, 32767])

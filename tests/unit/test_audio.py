import contextlib
import io
import os
import subprocess
import sys
import time

import av
import numpy as np
import pytest
import soundfile
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import Wav2Vec2FeatureExtractor

from signl import audio, decoders
from signl.audio import SAMPLE_RATE_HZ, decode, load_waveform, normalise, repeat_to, to_mono_16k
from signl.errors import AudioError

#: Format, subtype, and how far the two decoders may differ: lossless ones not at all.
FORMATS = [
    ("FLAC", "PCM_16", 0.0),
    ("FLAC", "PCM_24", 0.0),
    ("WAV", "PCM_16", 0.0),
    ("WAV", "FLOAT", 0.0),
    ("OGG", "VORBIS", 1e-5),
    ("MP3", "MPEG_LAYER_III", 1e-4),
]
#: Where STREAMINFO, the first block of a FLAC file, holds 36 bits of the number of samples.
N_SAMPLES_AT = 4 + 4 + 13


def noise(n_samples, *, n_channels=1, seed=0):
    samples = 0.2 * np.random.default_rng(seed).standard_normal((n_samples, n_channels))
    return samples.clip(-1, 1).squeeze(axis=1) if n_channels == 1 else samples.clip(-1, 1)


def sine(frequency_hz, rate_hz, *, seconds=2.0):
    return 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def encode(samples, *, rate_hz=SAMPLE_RATE_HZ, kind="FLAC", subtype="PCM_16"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate_hz, format=kind, subtype=subtype)
    return buffer.getvalue()


def without_length(flac):
    """The FLAC as encoders write it that cannot seek back: its header says 0 samples."""
    header = bytearray(flac)
    header[N_SAMPLES_AT] &= 0xF0
    header[N_SAMPLES_AT + 1 : N_SAMPLES_AT + 5] = bytes(4)
    return bytes(header)


@pytest.mark.parametrize("max_duration_s", [9.0, 1.0])
@pytest.mark.parametrize(("kind", "subtype", "tolerance"), FORMATS)
def test_both_decoders_give_the_same_samples(kind, subtype, tolerance, max_duration_s):
    encoded = encode(noise(2 * SAMPLE_RATE_HZ), kind=kind, subtype=subtype)
    by_sndfile = decoders.decode_with_sndfile(encoded, max_duration_s)
    by_ffmpeg = decoders.decode_with_ffmpeg(encoded, max_duration_s)
    assert by_sndfile.rate_hz == by_ffmpeg.rate_hz == SAMPLE_RATE_HZ
    assert by_sndfile.samples.dtype == by_ffmpeg.samples.dtype == np.float32
    assert by_sndfile.samples.shape == (round(min(2.0, max_duration_s) * SAMPLE_RATE_HZ), 1)
    np.testing.assert_allclose(by_ffmpeg.samples, by_sndfile.samples, rtol=0, atol=tolerance)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_flac_is_lossless(subtype):
    samples = np.round(noise(5000) * 2**15) / 2**15
    decoded = decode(encode(samples, subtype=subtype), max_duration_s=9)
    np.testing.assert_array_equal(decoded.samples[:, 0], samples.astype(np.float32))


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_a_flac_that_does_not_say_its_length(seconds):
    flac = encode(noise(round(2 * SAMPLE_RATE_HZ)))
    expected = load_waveform(flac, max_duration_s=seconds)
    assert torch.equal(load_waveform(without_length(flac), max_duration_s=seconds), expected)


def test_channels_are_averaged():
    stereo = np.round(noise(3000, n_channels=2) * 2**15) / 2**15
    mono = load_waveform(encode(stereo), max_duration_s=9)
    assert mono.shape == (3000,)
    np.testing.assert_allclose(mono, stereo.mean(axis=1), atol=1e-7)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_resampling_keeps_length_and_frequency(rate_hz):
    encoded = encode(sine(1000.0, rate_hz), rate_hz=rate_hz)
    waveform = load_waveform(encoded, max_duration_s=9)
    assert waveform.shape == (2 * SAMPLE_RATE_HZ,)
    middle = waveform[4000:-4000]
    power = torch.fft.rfft(middle * torch.hann_window(len(middle))).abs().square()
    peak_hz = int(power.argmax()) * SAMPLE_RATE_HZ / len(middle)
    assert peak_hz == pytest.approx(1000.0, abs=SAMPLE_RATE_HZ / len(middle))
    around = power[int(power.argmax()) - 5 : int(power.argmax()) + 6].sum()
    assert around / power.sum() > 0.9999
    assert middle.square().mean().sqrt() == pytest.approx(0.5 / 2**0.5, rel=0.01)


def test_what_lies_above_the_new_nyquist_frequency_is_gone():
    waveform = load_waveform(encode(sine(15_000.0, 44_100), rate_hz=44_100), max_duration_s=9)
    assert waveform[1000:-1000].abs().max() < 0.01


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100])
@pytest.mark.parametrize("max_duration_s", [0.25, 0.3333, 1.0])
def test_no_more_than_asked_for(rate_hz, max_duration_s):
    encoded = encode(noise(2 * rate_hz), rate_hz=rate_hz)
    waveform = load_waveform(encoded, max_duration_s=max_duration_s)
    assert len(waveform) == round(max_duration_s * SAMPLE_RATE_HZ)


@pytest.fixture(scope="module")
def long_flac():
    """Twenty minutes."""
    minute = np.round(sine(200.0, SAMPLE_RATE_HZ, seconds=60) * 2**15).astype(np.int16)
    return encode(np.tile(minute, 20))


def seconds_of(decoder, encoded, max_duration_s):
    began = time.perf_counter()
    assert len(decoder(encoded, max_duration_s).samples) == max_duration_s * SAMPLE_RATE_HZ
    return time.perf_counter() - began


@pytest.mark.parametrize("decoder", [decoders.decode_with_sndfile, decoders.decode_with_ffmpeg])
def test_a_long_file_is_decoded_only_as_far_as_needed(decoder, long_flac):
    whole = seconds_of(decoder, long_flac, 20 * 60)
    # 1/133 of the samples.
    assert min(seconds_of(decoder, long_flac, 9) for _ in range(3)) < whole / 10


def test_memory_of_a_long_file(long_flac, tmp_path):
    path = tmp_path / "long.flac"
    path.write_bytes(without_length(long_flac))
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from signl.audio import load_waveform\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "encoded = Path(sys.argv[1]).read_bytes()\n"
        "load_waveform(encoded, max_duration_s=1)\n"
        "before = peak()\n"
        "load_waveform(encoded, max_duration_s=9)\n"
        "print(peak() - before)\n"
    )
    run = [sys.executable, "-c", code, str(path)]
    grown_kib = int(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    # Twenty minutes in float32 are 75 MiB.
    assert grown_kib < 20 * 1024


def test_one_sample_is_enough():
    waveform = load_waveform(encode(np.array([0.5])), max_duration_s=9)
    assert waveform.tolist() == [0.5]
    assert normalise(waveform).tolist() == [0.0]


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_one_sample_of_another_rate(rate_hz):
    encoded = encode(np.array([0.5]), rate_hz=rate_hz)
    assert len(load_waveform(encoded, max_duration_s=9)) >= 1


def test_silence_stays_silent_and_finite():
    waveform = load_waveform(encode(np.zeros(1000)), max_duration_s=9)
    assert torch.equal(normalise(waveform), torch.zeros(1000))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(value):
    samples = noise(1000)
    samples[500] = value
    with pytest.raises(AudioError, match="infinite or not a number"):
        load_waveform(encode(samples, kind="WAV", subtype="FLOAT"), max_duration_s=9)


@pytest.mark.parametrize("rate_hz", [1, 44_101, 2_000_000_000])
def test_rates_that_nothing_has_are_refused(rate_hz):
    wav = bytearray(encode(noise(1000), kind="WAV"))
    wav[24:28] = rate_hz.to_bytes(4, "little")
    with pytest.raises(AudioError, match=rf"sample rate of {rate_hz} Hz.*in 1000\.\.400000"):
        load_waveform(bytes(wav), max_duration_s=9)


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        (b"", "0 bytes that neither libsndfile"),
        (b"not audio but text, whatever its name says\n" * 20, "neither libsndfile .* nor FFmpeg"),
        (b"fLaC", "4 bytes that neither"),
        (encode(np.zeros(0), kind="WAV"), "44 bytes"),
        (encode(noise(1000))[:60], "60 bytes"),
    ],
    ids=["empty file", "text", "magic number alone", "no sample", "header alone"],
)
def test_what_cannot_be_decoded_is_refused_with_both_reasons(encoded, message):
    with pytest.raises(AudioError, match=message) as refused:
        load_waveform(encoded, max_duration_s=9)
    # Addresses of buffers would make each message, and each quarantine file, another one.
    assert "BytesIO" not in str(refused.value)
    assert "<none>" not in str(refused.value)


@pytest.mark.parametrize("rewrite", [bytes, without_length])
def test_a_truncated_flac_is_refused_where_the_missing_part_is_needed(rewrite):
    flac = rewrite(encode(noise(2 * SAMPLE_RATE_HZ)))
    part = flac[: round(0.7 * len(flac))]
    with pytest.raises(AudioError, match="can decode"):
        load_waveform(part, max_duration_s=9)
    before_the_cut = load_waveform(part, max_duration_s=1)
    assert torch.equal(before_the_cut, load_waveform(flac, max_duration_s=1))


@pytest.mark.parametrize("n_channels", [2, 8, 9, 40])
def test_ffmpeg_reads_any_number_of_channels(n_channels):
    encoded = encode(noise(1000, n_channels=n_channels), kind="WAV")
    expected = decoders.decode_with_sndfile(encoded, 9.0).samples
    np.testing.assert_array_equal(decoders.decode_with_ffmpeg(encoded, 9.0).samples, expected)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(kind, subtype) for kind, subtype, _ in FORMATS]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    st.floats(0, 1),
)
def test_damage_gives_samples_or_our_error(form, flips, kept):
    kind, subtype = form
    encoded = bytearray(encode(noise(2000), kind=kind, subtype=subtype))
    for place, value in flips:
        encoded[int(place * len(encoded))] = value
    try:
        decoded = decode(bytes(encoded[: round(kept * len(encoded))]), max_duration_s=0.1)
    except AudioError:
        return
    assert decoded.samples.ndim == 2
    assert len(decoded.samples) >= 1
    assert np.isfinite(decoded.samples).all()


def of_unknown_codec(wav):
    """The WAV with a codec, 16 bits at byte 20, that does not exist."""
    return wav[:20] + b"\x99\x99" + wav[22:]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
@example(b"RIFF\xff\xff\xff\xffWAVEfmt ")
@example(b"ID3" + bytes(200))
@example(of_unknown_codec(encode(noise(500), kind="WAV")))
def test_any_bytes_give_samples_or_our_error(encoded):
    with contextlib.suppress(AudioError):
        assert len(decode(encoded, max_duration_s=1).samples) >= 1


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 200))
def test_repeating_goes_round(n_given, n_wanted):
    waveform = torch.arange(n_given)
    repeated = repeat_to(waveform, n_wanted)
    assert torch.equal(repeated, torch.arange(n_wanted) % n_given)
    assert torch.equal(repeat_to(repeated, min(n_given, n_wanted)), waveform[:n_wanted])


def test_nothing_cannot_be_repeated():
    with pytest.raises(ValueError, match="empty waveform"):
        repeat_to(torch.empty(0), 10)


@pytest.mark.parametrize("scale", [1e-5, 0.1, 30.0])
def test_normalisation_is_that_of_the_wav2vec2_feature_extractor(scale):
    waveform = scale * (noise(5000).astype(np.float32) + 0.3)
    extractor = Wav2Vec2FeatureExtractor(do_normalize=True)
    expected = extractor(waveform, sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt").input_values
    np.testing.assert_allclose(normalise(torch.from_numpy(waveform)), expected[0], atol=2e-5)


@pytest.mark.parametrize("n_samples", [1, 2, 1000, 144_000])
def test_normalisation_is_that_of_pytorch_to_the_last_bit(n_samples):
    generator = torch.Generator().manual_seed(n_samples)
    for scale in (1e-6, 1e-3, 0.1, 1.0):
        waveform = scale * (torch.randn(n_samples, generator=generator) + 0.5)
        variance, mean = torch.var_mean(waveform, correction=0)
        expected = (waveform - mean) / torch.sqrt(variance + 1e-7)
        assert torch.equal(normalise(waveform), expected)


def test_decoding_and_normalising_wake_no_threads():
    code = """if True:
        import io, os, numpy as np, soundfile, torch
        from signl.audio import load_clip
        file = io.BytesIO()
        soundfile.write(file, np.sin(np.arange(80_000)), 16_000, format="FLAC")
        before = len(os.listdir("/proc/self/task"))
        load_clip(file.getvalue(), clip_s=9.0)
        assert len(os.listdir("/proc/self/task")) == before
        torch.rand(1_000_000).sqrt()
        assert len(os.listdir("/proc/self/task")) > before
    """
    surroundings = {**os.environ, "OMP_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", code], check=True, env=surroundings)


def test_mixing_leaves_16_khz_mono_as_it_is():
    samples = noise(100).astype(np.float32)[:, None]
    mono = to_mono_16k(audio.Recording(samples, SAMPLE_RATE_HZ))
    np.testing.assert_array_equal(mono, samples[:, 0])


JOINABLE = [
    *(("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("FLAC", "PCM_16")),
    *(("WAV", "PCM_16"), ("WAV", "PCM_24"), ("AIFF", "PCM_16"), ("W64", "PCM_16")),
    *(("RF64", "PCM_16"), ("CAF", "PCM_16"), ("AU", "PCM_16"), ("VOC", "PCM_16")),
]


@pytest.mark.parametrize(("kind", "subtype"), JOINABLE)
def test_joined_files_are_decoded_to_their_end(kind, subtype):
    parts = [encode(noise(n), kind=kind, subtype=subtype) for n in (16_000, 32_000)]
    decoded = [decode(part, max_duration_s=9).samples for part in parts]
    joined = decode(b"".join(parts), max_duration_s=9).samples
    np.testing.assert_array_equal(joined, np.concatenate(decoded))


def by_ffmpeg(form, codec, n_samples, *, rate_hz):
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(
            np.round(2**15 * noise(n_samples)).astype(np.int16)[None], "s16", "mono"
        )
        frame.rate = rate_hz
        context = stream.codec_context
        resampler = av.AudioResampler(context.format.name, "mono", rate_hz, context.frame_size)
        for each in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(each))
        container.mux(stream.encode(None))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("form", "codec", "rate_hz"),
    [("wv", "wavpack", 16_000), ("amr", "libopencore_amrnb", 8_000), ("adts", "aac", 16_000)],
)
def test_what_ffmpeg_alone_reads_is_joined_or_refused_too(form, codec, rate_hz):
    if codec not in av.codecs_available:
        pytest.skip(f"FFmpeg without {codec}")
    one, two = (by_ffmpeg(form, codec, n * rate_hz, rate_hz=rate_hz) for n in (1, 2))
    n_one, n_two, n_both = (
        len(decode(each, max_duration_s=9).samples) for each in (one, two, one + two)
    )
    assert n_one >= rate_hz
    assert n_both == pytest.approx(n_one + n_two, abs=2048)
    for damaged in (two[: len(two) // 2], one[: len(one) // 2] + two):
        with pytest.raises(AudioError, match=r"cut short|neither libsndfile"):
            decode(damaged, max_duration_s=9)


@pytest.mark.parametrize(("kind", "subtype"), JOINABLE)
def test_half_a_file_is_refused(kind, subtype):
    whole = encode(noise(32_000), kind=kind, subtype=subtype)
    with pytest.raises(AudioError, match=r"cut short|neither libsndfile"):
        decode(whole[: len(whole) // 2], max_duration_s=9)


@pytest.mark.parametrize("kind", ["AVR", "IRCAM", "MAT5", "PAF", "PVF", "SDS", "SVX", "XI"])
def test_forms_that_do_not_say_where_they_end_are_refused(kind):
    """Half of such a file would pass as whole."""
    whole = encode(noise(8_000), kind=kind, subtype="DPCM_16" if kind == "XI" else "PCM_16")
    with pytest.raises(AudioError, match=rf"{kind} is no form that is read"):
        decode(whole, max_duration_s=9)


@pytest.mark.parametrize("size", [bytes(4), b"\xff" * 4])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_a_wav_that_does_not_say_its_size(size, rate_hz, subtype):
    samples = noise(2 * rate_hz, n_channels=2)
    whole = encode(samples, rate_hz=rate_hz, kind="WAV", subtype=subtype)
    wav = bytearray(whole)
    at = wav.index(b"data") + 4
    wav[4:8] = wav[at : at + 4] = size
    found = decode(bytes(wav), max_duration_s=9)
    expected = decode(whole, max_duration_s=9).samples
    assert len(found.samples) >= len(expected)
    np.testing.assert_array_equal(found.samples[: len(expected)], expected)


def test_too_many_channels_are_refused():
    wav = bytearray(encode(noise(1000), kind="WAV"))
    wav[22:24], wav[32:34] = (100).to_bytes(2, "little"), (200).to_bytes(2, "little")
    with pytest.raises(AudioError, match=r"100 channels, allowed are 1\.\.64"):
        decode(bytes(wav), max_duration_s=9)


class Counted(io.BytesIO):
    """A file that counts the bytes that are read of it."""

    n_read = 0

    def read(self, *arguments):
        content = super().read(*arguments)
        self.n_read += len(content)
        return content

    def readinto(self, buffer):
        n_bytes = super().readinto(buffer)
        self.n_read += n_bytes
        return n_bytes


def _minutes(form):
    samples = 0.1 * np.random.default_rng(0).standard_normal(16_000 * 130)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples.clip(-1, 1), 16_000, format=form)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["FLAC", "WAV", "OGG", "MP3"])
def test_a_beginning_is_that_of_the_whole_file_and_reads_no_more(form):
    encoded = _minutes(form)
    file = Counted(encoded)
    beginning = audio.load_beginning(file, max_duration_s=3.0)
    expected = audio.load_waveform(encoded, max_duration_s=3.0)
    np.testing.assert_array_equal(beginning, expected)
    # Of Ogg the end is searched for too, for its length.
    assert file.n_read < len(encoded) / 2


@pytest.mark.parametrize("encoded", [_minutes("AIFF"), b"", b"no audio" * 50])
def test_of_what_may_be_several_files_there_is_no_beginning(encoded):
    assert audio.load_beginning(io.BytesIO(encoded), max_duration_s=3.0) is None


def test_a_file_that_ends_sooner_has_no_beginning():
    assert audio.load_beginning(io.BytesIO(_minutes("FLAC")), max_duration_s=131.0) is None

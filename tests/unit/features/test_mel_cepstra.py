import numpy as np
import pytest
import torch

from signl.errors import ConfigError
from signl.features.frontends import frontend_options

CPU = torch.device("cpu")
WINDOW, HOP, N_FFT = 400, 160, 512


def options_of(**options):
    return frontend_options({"kind": "mfcc", **options})


def draw(n_samples, n_waveforms=2):
    generator = torch.Generator().manual_seed(n_samples)
    return torch.randn(n_waveforms, n_samples, generator=generator)


@pytest.mark.parametrize("frame", [0, 3, 8])
def test_a_frame_against_its_definition(frame):
    waveforms = draw(WINDOW + 8 * HOP)
    samples = waveforms[1].double().numpy()
    emphasised = samples - 0.97 * np.append(0, samples[:-1])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    power = np.abs(np.fft.rfft(emphasised[frame * HOP :][:WINDOW] * window, N_FFT)) ** 2
    mels = np.linspace(*(2595 * np.log10(1 + np.array([20, 7600]) / 700)), 42)
    corners = 700 * (10 ** (mels / 2595) - 1)
    bins = np.linspace(0, 8000, N_FFT // 2 + 1)
    bands = [power @ np.interp(bins, corners[j : j + 3], [0, 1, 0]) for j in range(40)]
    m, n = np.arange(40)[:, None], np.arange(40)
    cosines = np.cos(np.pi * m * (2 * n + 1) / 80) * np.sqrt(2 / 40)
    cosines[0] /= np.sqrt(2)
    expected = cosines @ np.log(np.array(bands) + 1e-6)
    found = options_of(subtract_mean=False).build(CPU)(waveforms)[1, frame]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-3)


def test_the_mean_is_that_of_the_utterance_and_takes_a_filter_with_it():
    waveforms = draw(8000)
    frames = options_of().build(CPU)(waveforms)
    kept = options_of(subtract_mean=False).build(CPU)(waveforms)
    torch.testing.assert_close(frames, kept - kept.mean(dim=1, keepdim=True))
    # A louder recording is a constant on the first coefficient.
    torch.testing.assert_close(options_of().build(CPU)(3 * waveforms), frames, atol=1e-3, rtol=0)


def test_differences_are_slopes_over_five_frames():
    waveforms = draw(WINDOW + 20 * HOP)
    cepstra, first, second = options_of(deltas=True).build(CPU)(waveforms).split(40, dim=-1)
    assert torch.equal(cepstra, options_of().build(CPU)(waveforms))
    for values, slopes in ((cepstra, first), (first, second)):
        expected = (values[:, 5] - values[:, 3] + 2 * (values[:, 6] - values[:, 2])) / 10
        torch.testing.assert_close(slopes[:, 4], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("given", "width"),
    [({}, 40), ({"n_coefficients": 13, "deltas": True}, 39), ({"variant": "kawa"}, 384)],
    ids=str,
)
@pytest.mark.parametrize("n_samples", [400, 559, 560, 8123])
def test_frames_are_as_many_as_promised(given, width, n_samples):
    options = options_of(**given)
    frontend, geometry = options.build(CPU), options.geometry()
    assert geometry == (frontend.width, frontend.window_samples, frontend.hop_samples)
    assert frontend(draw(n_samples)).shape == (2, geometry.frames_of(n_samples), width)
    is_centred = "variant" in given
    assert geometry.frames_of(n_samples) == (
        1 + n_samples // HOP if is_centred else (n_samples - WINDOW) // HOP + 1
    )
    assert options.pads is is_centred
    assert options.normalises() is frontend.normalises is not is_centred


def test_silence_is_finite_and_nothing_depends_on_the_batch():
    frontend = options_of().build(CPU)
    waveforms = draw(3000, 3)
    waveforms[0] = 0
    alone = torch.cat([frontend(waveform[None]) for waveform in waveforms])
    assert alone.isfinite().all()
    torch.testing.assert_close(frontend(waveforms), alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_coefficients": 41}, "n_coefficients is 41; allowed are at most 40"),
        ({"low_hz": 7600.0}, "low_hz is 7600 and high_hz 7600; allowed is a high_hz above"),
        ({"preemphasis": 1.5}, r"preemphasis is 1\.5; allowed is at most 1"),
        ({"variant": "kawa", "subtract_mean": True}, "subtract_mean is True beside variant: kawa"),
    ],
    ids=str,
)
def test_numbers_that_do_not_fit_are_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        options_of(**given)


def test_a_named_form_comes_back_from_a_header():
    options = options_of(variant="kawa")
    assert (options.n_mels, options.preemphasis) == (128, 0.0)
    assert frontend_options(options.dump()) == options

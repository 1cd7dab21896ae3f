import numpy as np
import pytest
import torch
from scipy.fft import dct
from scipy.signal import lfilter, stft

from signl.errors import ConfigError
from signl.features.frame_statistics import frame_statistics
from signl.features.frontends import frontend_options

CPU = torch.device("cpu")


def options_of(**more):
    return frontend_options({"kind": "lfcc", "variant": "below_7khz", **more})


def draw(n_samples, n_waveforms=1):
    """Noise of falling spectrum whose level rises and falls, with a pause of digital silence."""
    generator = np.random.default_rng(n_samples)
    noise = lfilter([1], [1, -0.9], generator.normal(size=(n_waveforms, n_samples)))
    waveforms = noise * (1 + np.sin(np.arange(n_samples) / 700)) ** 4 / 1000
    waveforms[:, n_samples // 2 : n_samples // 2 + 1600] = 0
    return torch.from_numpy(waveforms).float()


def by_scipy(waveform):
    """Cepstra (frame, 60) by their definition, in float64, triangle by triangle."""
    samples = waveform.double().numpy()
    spectrum = stft(samples, 16_000, window="hann", nperseg=400, noverlap=240, nfft=512)[2]
    bins, peaks, width = np.arange(257), np.linspace(2, 225, 62)[1:-1], 223 / 61
    bands = [
        np.interp(bins, [peak - width, peak, peak + width], [0, 1, 0]) @ np.abs(spectrum) ** 2
        for peak in peaks
    ]
    floor = 2e-7 * np.mean(bands) + 1e-10
    return dct(np.log(np.maximum(bands, floor)), type=2, axis=0, norm="ortho").T


@pytest.mark.parametrize("gain", [0.01, 1, 100])
@pytest.mark.parametrize("n_samples", [8000, 8001, 16_159, 24_100])
def test_frames_against_their_definition(n_samples, gain):
    waveform = gain * draw(n_samples)
    frames = options_of().build(CPU)(waveform)[0]
    expected = by_scipy(waveform[0])
    assert frames.shape == expected.shape
    np.testing.assert_allclose(frames, expected, atol=2e-3)


def test_the_floor_is_reached_and_follows_the_utterance():
    frontend = options_of().build(CPU)
    frames = frontend(torch.cat([100 * draw(16_000), 300 * draw(16_000)]))
    silent = frames[:, 54:58]
    # In a pause all bands lie at the floor, so the cepstrum is that of a constant.
    assert silent[..., 1:].abs().max() < 1e-3
    louder = np.log(9) * np.sqrt(60)
    np.testing.assert_allclose((silent[1] - silent[0])[:, 0], louder, rtol=0.02)


def test_what_lies_above_7_khz_is_not_seen():
    time = torch.arange(16_000) / 16_000
    waveform = draw(16_000)[0]
    hiss = 1e-3 * torch.sin(2 * torch.pi * 7500 * time)
    frontend = options_of().build(CPU)
    first, second = (frontend(each[None])[0] for each in (waveform, waveform + hiss))
    # But for the frames at the edges and the pause, where what leaks is above the floor.
    torch.testing.assert_close(first[5:45], second[5:45], atol=0.3, rtol=0)
    heard = frontend((waveform + 1e-3 * torch.sin(2 * torch.pi * 3500 * time))[None])[0]
    assert (first[5:45] - heard[5:45]).abs().max() > 1


@pytest.mark.parametrize("n_samples", [1, 159, 160, 161, 8000, 8123])
def test_frames_are_as_many_as_promised(n_samples):
    options = options_of()
    frontend, geometry = options.build(CPU), options.geometry()
    assert geometry == (frontend.width, frontend.window_samples, frontend.hop_samples)
    frames = frontend(draw(n_samples, 2))
    assert frames.shape == (2, 1 + -(-n_samples // 160), 60)
    assert geometry.frames_of(n_samples) == frames.shape[1]
    assert frames.isfinite().all()
    assert options.pads
    assert not options.normalises()


def test_nothing_depends_on_the_batch():
    frontend = options_of().build(CPU)
    waveforms = draw(4000, 3)
    waveforms[0] = 0
    waveforms[1] *= 30
    alone = torch.cat([frontend(waveform[None]) for waveform in waveforms])
    torch.testing.assert_close(frontend(waveforms), alone, atol=1e-4, rtol=1e-4)


def test_the_form_takes_no_other_numbers():
    with pytest.raises(ConfigError, match=r"n_filters is 40 beside variant: below_7khz"):
        options_of(n_filters=40)
    assert options_of().least_crop_s(training=True) > 0


def test_with_deviations_they_are_the_240_statistics_of_the_simple_baselines():
    waveform = draw(24_100)
    frames = options_of().build(CPU)(waveform).half()
    cepstra = by_scipy(waveform[0])
    first = cepstra[2:] - cepstra[:-2]
    second = first[1:] - first[:-1]
    expected = [cepstra.mean(0), cepstra.std(0), first.std(0), second.std(0)]
    found = frame_statistics(frames.mT, "mean_and_deviations")
    np.testing.assert_allclose(found[0], np.concatenate(expected), rtol=2e-3, atol=2e-3)

import math

import numpy as np
import pytest
import torch

from signl.errors import ConfigError
from signl.features.frontends import frontend_options
from signl.features.lfcc.cepstra import Lfcc
from signl.features.lfcc.options import LfccOptions
from signl.features.logmel.log_mel import LogMel
from signl.features.logmel.options import LogMelOptions

CPU = torch.device("cpu")
WINDOW, HOP, N_FFT = 400, 320, 512


def draw_waveforms(n_samples, n_waveforms=2):
    generator = torch.Generator().manual_seed(n_samples)
    return torch.randn(n_waveforms, n_samples, generator=generator)


def power_of_frame(waveform, frame):
    """Power spectrum of a frame, from its definition."""
    samples = waveform[frame * HOP : frame * HOP + WINDOW].double().numpy()
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    return np.abs(np.fft.rfft(samples * window, N_FFT)) ** 2


def triangles(corners_hz):
    """Triangular filters over the FFT's bins, of peak 1, shape (filter, bin)."""
    bins_hz = np.linspace(0, 8000, N_FFT // 2 + 1)
    return np.array(
        [
            np.interp(bins_hz, corners, [0, 1, 0])
            for corners in zip(corners_hz, corners_hz[1:], corners_hz[2:], strict=False)
        ]
    )


def slaney_hz(mel):
    """Slaney's scale: linear to 1 kHz (15 mel), then 27 steps to a factor of 6.4."""
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def slaney_mel(hz):
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * math.log(hz / 1000, 6.4)


@pytest.mark.parametrize(
    ("frontend", "width"),
    [
        (LogMel(LogMelOptions(), CPU), 80),
        (LogMel(LogMelOptions(n_mels=24), CPU), 24),
        (Lfcc(LfccOptions(), CPU), 60),
        (Lfcc(LfccOptions(deltas=False, n_coefficients=13), CPU), 13),
    ],
)
def test_a_crop_has_as_many_frames_as_of_wav2vec2(frontend, width):
    assert frontend.width == width
    assert (frontend.window_samples, frontend.hop_samples) == (WINDOW, HOP)
    frames = frontend(draw_waveforms(72_000))
    assert frames.shape == (2, 224, width)
    assert frames.dtype == torch.float32
    assert frames.isfinite().all()


@pytest.mark.parametrize("n_samples", [400, 719, 720, 721, 1040, 5000])
@pytest.mark.parametrize("window_ms", [25.0, 32.0, 20.0])
def test_frames_are_those_of_whole_windows(n_samples, window_ms):
    frontend = LogMel(LogMelOptions(window_ms=window_ms), CPU)
    n_whole = max(0, (n_samples - frontend.window_samples) // HOP + 1)
    if n_whole:
        assert frontend(draw_waveforms(n_samples)).shape[1] == n_whole


@pytest.mark.parametrize("frame", [0, 3, 8])
def test_logmel_against_its_definition(frame):
    waveforms = draw_waveforms(WINDOW + 8 * HOP)
    corners = [slaney_hz(mel) for mel in np.linspace(slaney_mel(20), slaney_mel(8000), 82)]
    bank = triangles(corners) * (2 / (np.array(corners[2:]) - corners[:-2]))[:, None]
    mel = bank @ power_of_frame(waveforms[1], frame)
    expected = np.log(np.maximum(mel, 1e-6))
    found = LogMel(LogMelOptions(), CPU)(waveforms)[1, frame]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("frame", [0, 3, 8])
def test_lfcc_against_its_definition(frame):
    waveforms = draw_waveforms(WINDOW + 8 * HOP)
    energies = triangles(np.linspace(0, 8000, 42)) @ power_of_frame(waveforms[0], frame)
    k, n = np.arange(20)[:, None], np.arange(40)
    cosines = np.cos(np.pi / 40 * (n + 0.5) * k) * math.sqrt(2 / 40)
    cosines[0] /= math.sqrt(2)
    expected = cosines @ np.log(energies + 1e-6)
    found = Lfcc(LfccOptions(deltas=False), CPU)(waveforms)[0, frame]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-3)


def test_deltas_are_slopes_over_five_frames():
    waveforms = draw_waveforms(WINDOW + 20 * HOP)
    cepstra, first, second = Lfcc(LfccOptions(), CPU)(waveforms).split(20, dim=-1)
    assert torch.equal(cepstra, Lfcc(LfccOptions(deltas=False), CPU)(waveforms))
    for values, slopes in ((cepstra, first), (first, second)):
        expected = (values[:, 5] - values[:, 3] + 2 * (values[:, 6] - values[:, 2])) / 10
        torch.testing.assert_close(slopes[:, 4], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("frontend", [LogMel(LogMelOptions(), CPU), Lfcc(LfccOptions(), CPU)])
def test_nasty_waveforms_give_finite_frames(frontend):
    silence = torch.zeros(1000)
    click = torch.nn.functional.one_hot(torch.tensor(500), 1000).float() * 1000**0.5
    clipped = torch.sign(draw_waveforms(1000)[0])
    assert frontend(torch.stack([silence, click, clipped])).isfinite().all()


@pytest.mark.parametrize("frontend", [LogMel(LogMelOptions(), CPU), Lfcc(LfccOptions(), CPU)])
def test_frames_do_not_depend_on_the_batch(frontend):
    waveforms = draw_waveforms(3000, n_waveforms=5)
    alone = torch.cat([frontend(waveform[None]) for waveform in waveforms])
    torch.testing.assert_close(frontend(waveforms), alone, atol=1e-5, rtol=1e-5)


def test_bands_lie_where_the_options_say():
    seconds = torch.arange(16_000) / 16_000
    for hz in (300.0, 3000.0):
        waveform = torch.sin(2 * torch.pi * hz * seconds)[None]
        narrow = LogMel(LogMelOptions(n_mels=10, low_hz=hz - 200, high_hz=hz + 200), CPU)
        away = LogMel(LogMelOptions(n_mels=10, low_hz=5000, high_hz=7000), CPU)
        assert narrow(waveform).max() > away(waveform).max() + 5


def test_log_mels_of_cola_do_not_hang_on_the_level_and_silence_is_finite():
    options = frontend_options({"kind": "logmel", "variant": "cola", "clip_s": 1.0})
    assert not options.normalises()
    frontend = options.build(torch.device("cpu"))
    waveform = 0.1 * torch.randn(1, 16_000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(frontend(waveform), frontend(0.01 * waveform), rtol=1e-4, atol=1e-4)
    assert torch.equal(frontend(torch.zeros(1, 16_000)), torch.full((1, 98, 64), np.log(1e-5)))


def test_a_number_that_contradicts_the_form_of_cola_is_refused():
    with pytest.raises(ConfigError, match="n_mels is 80 beside variant: cola, whose n_mels is 64"):
        frontend_options({"kind": "logmel", "variant": "cola", "n_mels": 80})

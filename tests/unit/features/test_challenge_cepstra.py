import json

import numpy as np
import pytest
import torch

from signl.errors import ConfigError
from signl.features.extract import Clipper
from signl.features.frontends import frontend_options
from signl.features.lfcc.challenge_cepstra import differences, linear_triangles

CPU = torch.device("cpu")
VARIANTS = ["asvspoof2021", "asvspoof2019"]


def options_of(variant, **more):
    return frontend_options({"kind": "lfcc", "variant": variant, **more})


def draw(n_samples, n_waveforms=2):
    generator = torch.Generator().manual_seed(n_samples)
    return 0.1 * torch.randn(n_waveforms, n_samples, generator=generator)


def test_the_published_coefficients_agree(fixture_of, assert_close):
    fixture = fixture_of("lcnn_lfcc")
    frontend = options_of("asvspoof2021").build(CPU)
    frames = frontend(fixture.waveforms())
    assert frames.shape == (4, 404, 60)
    assert_close(frontend.filter_bank, fixture.expected["filter_bank"], "filter bank")
    assert_close(
        torch.cat([frames[:, :8], frames[:, -8:]], dim=1), fixture.expected["lfcc"], "lfcc"
    )
    assert_close(frames.mean(1), fixture.expected["lfcc_mean"], "mean of lfcc")


@pytest.mark.parametrize(
    ("variant", "n_fft", "n_bins"), [(*VARIANTS[:1], 1024, 256), (*VARIANTS[1:], 512, 257)]
)
@pytest.mark.parametrize("frame", [0, 3, 20])
def test_a_frame_against_its_definition(variant, n_fft, n_bins, frame):
    waveform = draw(3300, 1)
    samples = waveform[0].double().numpy()
    emphasised = samples - 0.97 * np.append(0, samples[:-1])
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(320) / 320)
    around = np.pad(emphasised, 160)[160 * frame : 160 * frame + 320]
    power = np.abs(np.fft.rfft(around * window, n_fft))[:n_bins] ** 2
    corners = np.linspace(0, 1, 22)
    axis = np.linspace(0, 1, n_bins)
    bands = [power @ np.interp(axis, corners[j : j + 3], [0, 1, 0]) for j in range(20)]
    m, n = np.arange(20)[:, None], np.arange(20)
    cosines = np.cos(np.pi * m * (2 * n + 1) / 40) * np.sqrt(2 / 20)
    expected = cosines @ np.log10(np.array(bands) + 2**-23)
    expected[0] = np.log10(power.sum() / n_fft + 2**-23)
    found = options_of(variant).build(CPU)(waveform)[0, frame, :20]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_filters_add_up_to_one_between_the_first_and_the_last_peak():
    bank = linear_triangles(257, 20, 8000.0)
    inner = bank.sum(1)[13:-13]
    torch.testing.assert_close(inner, torch.ones_like(inner))
    assert bank[[0, -1]].max() < 1e-12


def test_differences_of_a_slope_are_twice_the_slope_and_half_that_at_the_edges():
    slope = torch.arange(6.0)[None, :, None]
    assert differences(slope).flatten().tolist() == [1, 2, 2, 2, 2, 1]


@pytest.mark.parametrize("variant", [*VARIANTS, "kawa"])
@pytest.mark.parametrize("n_samples", [1, 159, 160, 256, 257, 8000, 8123])
def test_frames_are_centred_and_as_many_as_promised(variant, n_samples):
    options = options_of(variant)
    frontend, geometry = options.build(CPU), options.geometry()
    assert geometry == (frontend.width, frontend.window_samples, frontend.hop_samples)
    frames = frontend(draw(n_samples))
    assert frames.shape == (2, 1 + n_samples // 160, geometry.width)
    assert geometry.frames_of(n_samples) == frames.shape[1]
    assert frames.isfinite().all()


@pytest.mark.parametrize("variant", [*VARIANTS, "kawa"])
def test_silence_is_finite_and_nothing_depends_on_the_batch(variant):
    frontend = options_of(variant).build(CPU)
    waveforms = draw(3000, 3)
    waveforms[0] = 0
    waveforms[1] *= 1e-3
    alone = torch.cat([frontend(waveform[None]) for waveform in waveforms])
    assert alone.isfinite().all()
    torch.testing.assert_close(frontend(waveforms), alone, atol=1e-4, rtol=1e-4)


def test_published_forms_take_all_of_a_waveform_at_its_level(encode):
    options = options_of("asvspoof2021", clip_s=0.5)
    assert options.pads
    assert not options.normalises()
    clipper = Clipper(clip_s=0.5, repeat="frames", window_samples=0, hop_samples=160,
                      normalises=False, pads=True)  # fmt: skip
    clip = clipper.clip("a", encode(0.4449))
    assert len(clip.waveform) == round(0.4449 * 16_000)
    assert clip.waveform.std() == pytest.approx(0.1, rel=0.05)
    assert not options_of("torchaudio").pads
    assert options_of("torchaudio").normalises()


def test_a_named_form_brings_its_numbers_and_takes_no_others():
    options = options_of("asvspoof2021")
    assert (options.n_filters, options.window_ms, options.hop_ms) == (20, 20.0, 10.0)
    assert frontend_options(json.loads(json.dumps(options.dump()))) == options
    assert frontend_options(options.dump_given()) == options
    with pytest.raises(ConfigError, match=r"n_filters is 30 beside variant: kawa, whose n_filters"):
        options_of("kawa", n_filters=30)
    with pytest.raises(ConfigError, match=r"window_ms is 25\.0 beside variant: asvspoof2019"):
        options_of("asvspoof2019", window_ms=25.0)
    with pytest.raises(ConfigError, match="variant is 'asvspoof2020'; allowed"):
        options_of("asvspoof2020")

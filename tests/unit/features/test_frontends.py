import subprocess
import sys

import pytest
import torch

from signl import audio
from signl.errors import ConfigError
from signl.features import frontend
from signl.features.frontend import n_frames_of
from signl.features.frontends import FRONTENDS, frontend_options, say_the_same
from signl.features.lfcc.cepstra import Lfcc
from signl.features.logmel.log_mel import LogMel

CPU = torch.device("cpu")
KINDS = r"\['joined', 'lfcc', 'logmel', 'mfcc', 'w2v_bert', 'wav2vec2', 'whisper'\]"


def make(**options):
    return frontend_options(options).build(CPU)


def test_the_kind_says_which_front_end(speech_model_folder):
    assert isinstance(make(kind="logmel"), LogMel)
    assert isinstance(make(kind="lfcc"), Lfcc)
    model = make(kind="wav2vec2", model=str(speech_model_folder))
    assert type(model).__name__ == "SpeechModel"


def test_options_reach_the_front_end():
    assert make(kind="logmel", n_mels=40).width == 40
    assert make(kind="lfcc", deltas=False, n_coefficients=7).width == 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, rf"its kind is None; known are {KINDS}"),
        ({"kind": "plp"}, rf"its kind is 'plp'; known are {KINDS}"),
        ({"kind": "logmel", "mels": 40}, r"frontend\.mels is no key; known are .*'n_mels'"),
        ({"kind": "wav2vec2"}, r"frontend\.model is missing"),
        ({"kind": "wav2vec2", "model": ""}, r"frontend\.model is ''"),
        ({"kind": "wav2vec2", "model": "m", "n_mels": 1}, r"frontend\.n_mels is no key"),
        (
            {"kind": "wav2vec2", "model": "m", "layer": -2},
            r"frontend\.layer is -2; allowed is at least -1",
        ),
        ({"kind": "logmel", "n_mels": 40.0}, r"n_mels is 40\.0; .* write 40"),
        ({"kind": "logmel", "n_mels": 0}, r"n_mels is 0; allowed is at least 1"),
        ({"kind": "logmel", "clip_s": float("nan")}, r"clip_s is nan"),
        ({"kind": "logmel", "clip_s": "9"}, r"clip_s is '9'; .* without quotes"),
        ({"kind": "logmel", "low_hz": 4000.0, "high_hz": 4000.0}, "allowed is a high_hz above"),
        ({"kind": "logmel", "high_hz": 8001.0}, r"high_hz is 8001\.0; allowed is at most 8000"),
        ({"kind": "logmel", "window_ms": 0.01}, r"window_ms is 0\.01; allowed is at least 0\.0625"),
        ({"kind": "lfcc", "hop_ms": 0.01}, r"hop_ms is 0\.01; allowed is at least 0\.0625"),
        ({"kind": "lfcc", "clip_s": 0.02}, r"clip_s is 0\.02; allowed is at least .* 0\.025"),
        ({"kind": "lfcc", "n_coefficients": 41}, "n_coefficients is 41; allowed are at most 40"),
        ({"kind": "lfcc", "repeat": "clip"}, r"repeat is 'clip'; allowed .* 'waveform' or 'fr"),
    ],
)
def test_unknown_kinds_and_wrong_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        frontend_options(options)


@pytest.mark.parametrize("window", [1, 3, 400])
@pytest.mark.parametrize("hop", [1, 2, 320])
def test_frames_are_windows_that_fit(window, hop):
    for n_samples in range(0, 2000, 37):
        fitting = [start for start in range(0, n_samples, hop) if start + window <= n_samples]
        assert n_frames_of(n_samples, window_samples=window, hop_samples=hop) == len(fitting)


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "logmel"},
        {"kind": "logmel", "n_mels": 30, "window_ms": 64.0, "hop_ms": 32.0},
        {"kind": "lfcc"},
        {"kind": "lfcc", "n_coefficients": 13, "deltas": False, "hop_ms": 10.0},
        {"kind": "mfcc"},
        {"kind": "mfcc", "window_ms": 32.0, "hop_ms": 16.0, "deltas": True},
        {"kind": "wav2vec2"},
    ],
    ids=str,
)
@pytest.mark.parametrize("n_samples", [1600, 8000, 8123])
def test_geometry_is_what_is_given(options, n_samples, speech_model_folder):
    if options["kind"] == "wav2vec2":
        options = {**options, "model": str(speech_model_folder)}
    geometry = frontend_options(options).geometry()
    made = make(**options)
    assert geometry == (made.width, made.window_samples, made.hop_samples)
    waveforms = torch.randn(2, n_samples, generator=torch.Generator().manual_seed(0))
    assert made(waveforms).shape == (2, geometry.frames_of(n_samples), geometry.width)


def test_a_front_end_says_what_others_must_know(speech_model_folder):
    spectral = frontend_options({"kind": "logmel"})
    model = frontend_options({"kind": "wav2vec2", "model": str(speech_model_folder)})
    assert (spectral.wants_gpu, spectral.is_trainable) == (False, False)
    assert (model.wants_gpu, model.is_trainable) == (True, True)
    assert not model.model_copy(update={"repeat": "frames"}).is_trainable
    assert (spectral.normalises(), model.normalises()) == (True, True)
    assert list(spectral.model_files()) == []
    assert [path.name for path in model.model_files()] == ["config.json", "model.safetensors"]
    with pytest.raises(ConfigError, match="of kind logmel cannot be trained"):
        spectral.build_trainable()


def test_options_come_back_from_what_a_header_holds():
    for options in (
        {"kind": "lfcc", "n_filters": 30},
        {"kind": "wav2vec2", "model": "a/b"},
        {"kind": "wav2vec2", "model": "a/b", "layers": [1, 2]},
        {"kind": "wav2vec2", "model": "a/b", "layers": "all"},
    ):
        built = frontend_options(options)
        assert built.dump_given() == options
        assert frontend_options(built.dump()) == built


def test_options_take_no_pytorch():
    code = (
        "import sys; from signl.features.frontends import *; "
        "[FRONTENDS.options_of(name) for name in FRONTENDS.names]; "
        "sys.exit(bool({'torch', 'numpy', 'pyarrow', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    kinds = ["lfcc", "logmel", "mfcc", "w2v_bert", "wav2vec2", "whisper"]
    assert FRONTENDS.names == ["joined", *kinds]


def test_the_rate_is_that_of_the_audio():
    assert frontend.SAMPLE_RATE_HZ == audio.SAMPLE_RATE_HZ


def test_spectral_front_ends_do_not_wait_for_transformers():
    code = "import sys, signl.features.extract; sys.exit('transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_header_without_an_option_meant_its_default():
    now = frontend_options({"kind": "lfcc"}).dump()
    before = {key: value for key, value in now.items() if key != "variant"}
    assert say_the_same(before, now)
    assert say_the_same(now, before | {"n_filters": 40})
    assert not say_the_same(before | {"n_filters": 41}, now)
    assert not say_the_same(None, now)
    assert not say_the_same({}, now)
    assert not say_the_same({"kind": "of old"}, now)

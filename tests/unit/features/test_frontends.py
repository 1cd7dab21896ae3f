import subprocess
import sys

import pytest
import torch

from signl.errors import ConfigError
from signl.features.frontends import FrontendConfig, make_frontend, n_frames_of
from signl.features.spectral import Lfcc, LogMel
from signl.options import build_options

CPU = torch.device("cpu")


def make(**options):
    return make_frontend(build_options(FrontendConfig, options, "frontend"), CPU)


def test_the_kind_says_which_front_end(speech_model_folder):
    assert isinstance(make(kind="logmel"), LogMel)
    assert isinstance(make(kind="lfcc"), Lfcc)
    model = make(kind="wav2vec2", options={"model": str(speech_model_folder)})
    assert type(model).__name__ == "SpeechModel"


def test_options_reach_the_front_end():
    assert make(kind="logmel", options={"n_mels": 40}).width == 40
    assert make(kind="lfcc", options={"deltas": False, "n_coefficients": 7}).width == 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "mfcc"}, r"kind is 'mfcc'; allowed are \['logmel', 'lfcc', 'wav2vec2'\]"),
        ({"kind": "logmel", "options": {"mels": 40}}, r"kind logmel: unknown keys \['mels'\]"),
        ({"kind": "wav2vec2"}, r"kind wav2vec2: missing keys \['model'\]"),
        ({"kind": "wav2vec2", "options": {"model": "m", "n_mels": 1}}, r"unknown keys"),
    ],
)
def test_unknown_kinds_and_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        make(**options)


@pytest.mark.parametrize("window", [1, 3, 400])
@pytest.mark.parametrize("hop", [1, 2, 320])
def test_frames_are_windows_that_fit(window, hop):
    for n_samples in range(0, 2000, 37):
        fitting = [start for start in range(0, n_samples, hop) if start + window <= n_samples]
        assert n_frames_of(n_samples, window_samples=window, hop_samples=hop) == len(fitting)


def test_spectral_front_ends_do_not_wait_for_transformers():
    code = "import sys, signl.features.extract; sys.exit('transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Options of augmentations: what is allowed, what is refused, and how they are written."""

import json
import subprocess
import sys

import numpy as np
import pytest

from signl.augmentation.augmentation_options import draw, seals_of, stretch_of
from signl.augmentation.augmentations import AUGMENTATIONS
from signl.errors import ConfigError
from signl.training.gradient_options import GradientOptions
from signl.typed import build


def gradient(*augmentations):
    return build(GradientOptions, {"waveform_augmentation": list(augmentations)}, "finetuning")


def options(kind, **values):
    return AUGMENTATIONS.build({"kind": kind, **values})


def test_a_number_stands_for_both_ends_of_a_range():
    (noise,) = gradient({"kind": "noise", "snr_db": 10}).waveform_augmentation
    assert noise.snr_db == (10.0, 10.0)
    assert draw(noise.snr_db, np.random.default_rng(0)) == 10.0


def test_values_are_drawn_evenly_between_the_ends():
    rng = np.random.default_rng(0)
    values = np.array([draw((-20.0, -5.0), rng) for _ in range(4000)])
    assert -20 <= values.min() < -19.9
    assert -5.1 < values.max() <= -5
    # Mean and variance of the uniform distribution, within five standard errors.
    assert abs(values.mean() + 12.5) < 5 * 15 / np.sqrt(12 * 4000)
    assert abs(values.var() - 15**2 / 12) < 5 * 15**2 / np.sqrt(180 * 4000)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"kind": "echo"}, r"waveform_augmentation.0: its kind is 'echo'; known are \['codec', "),
        ({"kind": "noise", "snr_db": [20, 10]}, r"the lower end first, \[10, 20\]"),
        ({"kind": "noise", "snr": 10}, "snr is no key; known are"),
        ({"kind": "noise", "snr_db": True}, "snr_db"),
        ({"kind": "noise", "probability": 1.5}, "probability is 1.5; allowed is at most 1"),
        ({"kind": "rawboost", "algorithm": 6}, "algorithm is 6; allowed is 1, 2, 3, 4, 5 or 8"),
        ({"kind": "rawboost", "centre_hz": [20, 9000]}, "allowed are values from 0 to 8000"),
        ({"kind": "codec", "codecs": []}, "codecs is .*; allowed is at least 1 of them"),
        ({"kind": "codec", "kbps": [320]}, "kbps.0 is 320; allowed is at most 96"),
        ({"kind": "speed", "factors": [3.0]}, "factors.0 is 3.0; allowed is at most 2"),
        ({"kind": "reverberation"}, "its folder is missing"),
        ("noise", "allowed is a mapping with the key kind"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_with_what_is_allowed(entry, message):
    with pytest.raises(ConfigError, match=message):
        gradient(entry)


def test_defaults_are_not_written_and_what_is_written_is_read():
    assert "waveform_augmentation" not in GradientOptions().dump_given()
    given = gradient({"kind": "rawboost", "algorithm": 4}, {"kind": "noise"})
    assert given.dump_given()["waveform_augmentation"] == [
        {"kind": "rawboost", "algorithm": 4},
        {"kind": "noise"},
    ]
    for dumped in (given.dump(), given.dump_given()):
        assert build(GradientOptions, json.loads(json.dumps(dumped)), "") == given


def test_the_public_defaults_of_rawboost():
    default = options("rawboost").model_dump()
    assert (default["orders"], default["bands"], default["algorithm"]) == (5, 5, 5)
    assert default["centre_hz"] == (20, 8000)
    assert default["width_hz"] == (100, 1000)
    assert default["taps"] == (10, 100)
    assert (default["gain_db"], default["powers_gain_db"]) == ((0, 0), (-20, -5))
    assert (default["impulses_percent"], default["impulse_gain"]) == (10, 2)
    assert default["snr_db"] == (10, 40)


def test_more_is_read_of_what_is_played_faster():
    fast, slow = options("speed", factors=[0.9, 1.25]), options("speed", factors=[0.5])
    assert stretch_of([options("noise"), fast, fast]) == 1.25**2
    assert stretch_of([slow]) == stretch_of([]) == 1.0


def test_a_folder_is_looked_at_and_sealed(tmp_path, monkeypatch):
    monkeypatch.setenv("NOISES", str(tmp_path))
    noise = options("noise", folder="$NOISES/all")
    assert noise.folder == f"{tmp_path}/all"
    with pytest.raises(ConfigError, match="all', which is no folder here"):
        noise.check_files()
    (tmp_path / "all" / "below").mkdir(parents=True)
    (tmp_path / "all" / "notes.txt").touch()
    with pytest.raises(ConfigError, match="all', which has no sound; known are"):
        noise.check_files()
    (tmp_path / "all" / "below" / "one.wav").write_bytes(b"12")
    noise.check_files()
    before = seals_of([noise, options("speed")])
    assert len(before) == 1
    (tmp_path / "all" / "below" / "one.wav").write_bytes(b"123")
    assert seals_of([noise]) != before


def test_options_are_read_without_anything_heavy():
    code = (
        "import sys, signl.training.options as o; from signl.augmentation.augmentations import *;"
        "[AUGMENTATIONS.options_of(name) for name in AUGMENTATIONS.names];"
        "print(sorted({'torch', 'numpy', 'av', 'torchaudio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

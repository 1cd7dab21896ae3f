import subprocess
import sys

import numpy as np
import pytest

from signl.resynthesis.method_options import choose, draw_count
from signl.resynthesis.methods import CLASSICAL, METHODS

#: Kinds that take what they are given for granted but for a file.
MODELS = ("vocoder",)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "echo"}, "its kind is 'echo'; known are"),
        ({"kind": "griffin_lim", "iterations": [9, 6]}, r"the lower end first, \[6, 9\]"),
        ({"kind": "griffin_lim", "iterations": 0}, "greater than or equal to 1"),
        ({"kind": "mel_griffin_lim", "bands": [97]}, "at most 96 bands"),
        ({"kind": "noise_vocoder", "bands": [8, 128]}, "at most 96 bands"),
        ({"kind": "noise_vocoder", "above_hz": [8000]}, "less than 8000"),
        ({"kind": "world", "pitch": 3.0}, "allowed are values from 0.5 to 2"),
        ({"kind": "lpc", "orders": []}, "at least 1 item"),
        ({"kind": "phase", "windows": [255]}, "multiple of 4"),
        ({"kind": "wsola", "rate": 1.0}, "is no key; known are"),
        ({"kind": "vocoder"}, "file"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        METHODS.build(values)


def test_a_method_is_called_by_its_name_or_kind():
    assert METHODS.build({"kind": "world"}).label == "world"
    assert METHODS.build({"kind": "vocoder", "file": "a.onnx", "name": "vocos"}).label == "vocos"


def test_numbers_are_drawn_with_both_ends(rng):
    assert {draw_count((6, 9), rng) for _ in range(200)} == {6, 7, 8, 9}
    found = [choose((3, 5, 7), rng) for _ in range(600)]
    for value in (3, 5, 7):
        assert abs(found.count(value) - 200) < 5 * np.sqrt(600 * 2 / 9)


@pytest.mark.parametrize("kind", sorted({*METHODS.names} - {*MODELS}))
def test_silence_and_what_is_shorter_than_a_frame_are_no_trouble(make, kind):
    method = make(kind)
    for n_samples in (1, 2, 100, 511):
        for samples in (np.zeros(n_samples), np.ones(n_samples)):
            made = method(samples, np.random.default_rng(n_samples))
            assert made.dtype == np.float64
            assert np.isfinite(made).all()
            assert len(made) == n_samples or (kind == "wsola" and len(made) > 0)
    assert np.abs(method(np.zeros(4000), np.random.default_rng(0))).max() < 1e-4


@pytest.mark.parametrize("kind", sorted({*METHODS.names} - {*MODELS}))
def test_draws_follow_the_generator_and_what_is_given_is_left_alone(make, vowel, kind):
    method, samples = make(kind), vowel(120, 0.2)
    before = samples.copy()
    found = {method(samples, np.random.default_rng(n)).tobytes() for n in range(8)}
    np.testing.assert_array_equal(samples, before)
    assert len(found) > 1
    again = make(kind)(samples, np.random.default_rng(3))
    np.testing.assert_array_equal(again, method(samples, np.random.default_rng(3)))


def test_options_are_read_without_anything_heavy():
    code = (
        "import sys; from signl.resynthesis.methods import METHODS;"
        "import signl.resynthesis.copies_options;"
        "[METHODS.options_of(name) for name in METHODS.names];"
        "heavy = {'torch', 'numpy', 'av', 'scipy', 'pyworld', 'onnxruntime'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert set(CLASSICAL) < set(METHODS.names)

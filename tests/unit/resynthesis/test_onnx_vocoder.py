import numpy as np
import pytest
import torch
from onnx_graphs import write_clicks, write_steps

from signl.errors import AudioError
from signl.resynthesis.methods import METHODS
from signl.resynthesis.vocoder.onnx_vocoder import OnnxVocoder

AT_16K = {"sample_rate_hz": 16_000}


def vocoder(file, **values):
    return OnnxVocoder(METHODS.build({"kind": "vocoder", "file": file, **values}))


@pytest.mark.parametrize("layout", ["mels_frames", "frames_mels"])
def test_the_graph_gets_the_mel_spectrogram(tmp_path, vowel, layout):
    file = write_steps(tmp_path / "a.onnx", layout=layout)
    samples = 1.9 * vowel(120, 0.3)
    made = vocoder(file, mel=AT_16K, layout=layout)(samples, np.random.default_rng(0))
    assert len(made) == len(samples)
    expected = vocoder(file, mel=AT_16K, layout=layout)._mels(torch.from_numpy(samples))
    steps = np.repeat(expected.mean(dim=0).numpy(), 256)
    np.testing.assert_allclose(made, np.pad(steps, (0, 256))[: len(made)], atol=1e-5)


def test_levels_are_brought_back(tmp_path, vowel):
    # The graph gives the same for both, since both have the same peak there.
    made = vocoder(write_steps(tmp_path / "a.onnx"))
    loud, quiet = made(vowel(120, 0.2), None), made(0.1 * vowel(120, 0.2), None)
    np.testing.assert_allclose(quiet, 0.1 * loud, rtol=1e-9)
    own = vocoder(write_steps(tmp_path / "a.onnx"), peak=None)
    assert not np.allclose(own(0.1 * vowel(120, 0.2), None), 0.1 * own(vowel(120, 0.2), None))


def test_other_rates_give_as_many_samples(tmp_path, vowel):
    for samples in (np.ones(1), vowel(120, 0.2), np.zeros(3000)):
        made = vocoder(write_steps(tmp_path / "a.onnx"))(samples, None)
        assert len(made) == len(samples)
        assert np.isfinite(made).all()


def test_pieces_with_what_lies_around_them_are_the_whole(tmp_path):
    file = write_steps(tmp_path / "a.onnx", frames_around=3)
    mels = torch.from_numpy(np.random.default_rng(0).standard_normal((80, 400)))
    whole = vocoder(file, mel=AT_16K).synthesise(mels)
    assert len(whole) == 400 * 256
    pieces = vocoder(file, mel=AT_16K, piece_s=1.0, context=3).synthesise(mels)
    np.testing.assert_allclose(pieces, whole, atol=1e-6)
    bare = vocoder(file, mel=AT_16K, piece_s=1.0, context=0).synthesise(mels)
    assert not np.allclose(bare, whole, atol=1e-3)


def test_spectra_become_waveforms(tmp_path):
    mel = {**AT_16K, "centre": True}
    clicks = vocoder(write_clicks(tmp_path / "a.onnx"), mel=mel, spectrum=["mag", "x", "y"])
    made = clicks.synthesise(torch.zeros(80, 9))
    assert len(made) == 9 * 256
    places = np.flatnonzero(np.abs(made) > 1e-5)
    assert places.tolist() == [256 * frame for frame in range(8)]
    # The last window has its middle where the waveform ends.
    # A click of 1 in the middle of a window, over the sum of the squares of those that overlap.
    np.testing.assert_allclose(made[places][2:-1], 1 / 1.5, rtol=1e-5)


def test_a_wrong_number_of_samples_is_told(tmp_path, vowel):
    file = write_steps(tmp_path / "a.onnx", hop=300)
    with pytest.raises(AudioError, match=r"a\.onnx gives 5400 samples for 18 frames; expected are"):
        vocoder(file, mel=AT_16K)(vowel(120, 0.3), None)


def test_spectra_and_a_waveform_or_windows_that_begin_are_refused(tmp_path):
    file = write_clicks(tmp_path / "a.onnx")
    names = ["mag", "x", "y"]
    for values, message in (
        ({"output": "mag"}, "allowed is output or spectrum, not both"),
        ({}, "spectrum takes mel: centre: true"),
    ):
        with pytest.raises(ValueError, match=message):
            METHODS.build({"kind": "vocoder", "file": file, "spectrum": names, **values})

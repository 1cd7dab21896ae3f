import numpy as np
import pytest
import torch
from transformers import AutoFeatureExtractor, AutoModel

from signl.demo.attacks import attack
from signl.demo.demo_files import frontend_files
from signl.demo.voices import make_speaker, speak
from signl.demo.wav2vec2 import make_wav2vec2
from signl.errors import ConfigError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frontend")
    make_wav2vec2(folder, options={"seed": 0})
    return folder


@pytest.fixture(scope="module")
def voices():
    """Utterances of 12 speakers, 72,000 samples each."""
    return [
        speak(make_speaker(0, f"speaker {index}"), 4.5, np.random.default_rng(index))
        for index in range(12)
    ]


def embed(folder, voices):
    """Last hidden states of shape (utterance, frame, channel)."""
    model = AutoModel.from_pretrained(folder).eval()
    waveforms = torch.tensor(np.stack(voices), dtype=torch.float32)
    with torch.inference_mode():
        return model(waveforms / waveforms.std(dim=1, keepdim=True)).last_hidden_state


@pytest.fixture(scope="module")
def hidden(folder, voices):
    return embed(folder, voices)


def test_the_folder_is_whole_and_read_without_missing_weights(folder):
    assert sorted(map(str, folder.iterdir())) == sorted(frontend_files(folder))
    _, info = AutoModel.from_pretrained(folder, output_loading_info=True)
    assert not any(info.values()), info
    extractor = AutoFeatureExtractor.from_pretrained(folder)
    assert (extractor.sampling_rate, extractor.do_normalize) == (16_000, True)


def test_72000_samples_give_224_frames(hidden):
    assert hidden.shape == (12, 224, 64)
    assert hidden.isfinite().all()


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    make_wav2vec2(tmp_path / "same", options={"seed": 0})
    make_wav2vec2(tmp_path / "other", options={"seed": 1})
    name = "model.safetensors"
    first, same, other = ((path / name).read_bytes() for path in
                          (folder, tmp_path / "same", tmp_path / "other"))  # fmt: skip
    assert first == same
    assert first != other


def test_the_global_generator_is_left_alone(tmp_path):
    before = torch.random.get_rng_state()
    make_wav2vec2(tmp_path, options={})
    assert torch.equal(torch.random.get_rng_state(), before)


def test_utterances_differ_in_more_than_one_direction(hidden):
    centred = hidden.flatten(0, 1) - hidden.mean(dim=(0, 1))
    share = torch.linalg.svdvals(centred) ** 2
    share = share / share.sum()
    assert share[0] < 0.9
    assert (share > 0.01).sum() >= 4


def test_an_attack_moves_the_mean_of_an_utterance(folder, voices, hidden):
    fakes = [attack("noise_bands", voice, np.random.default_rng(0)) for voice in voices]
    shift = embed(folder, fakes).mean(dim=1) - hidden.mean(dim=1)
    direction = shift[:6].mean(dim=0)
    # The direction found on six speakers holds for the six others.
    along = shift[6:] @ direction
    assert (along > 0).sum() >= 5
    assert along.mean() > along.std()


def test_time_structure_survives(hidden):
    centred = hidden - hidden.mean(dim=(0, 1))

    def likeness(lag):
        pairs = torch.cosine_similarity(centred[:, lag:], centred[:, :-lag], dim=-1)
        return float(pairs.mean())

    assert likeness(1) > 0.6
    assert likeness(1) > likeness(5) > likeness(40)
    assert likeness(40) < 0.3


def test_unknown_options_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="depth"):
        make_wav2vec2(tmp_path, options={"depth": 3})

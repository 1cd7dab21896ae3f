"""Which front-end a saved model is given, and that it is the one of its training."""

import json
import shutil

import pytest
import torch
from small_models import save_audio_classifier, save_frame_classifier, tone

import signl
from signl import seals
from signl.errors import ArtefactError, ConfigError
from signl.evaluation.model_inputs import inputs_for
from signl.features.frontends import frontend_options
from signl.models.saving import from_pretrained

CPU = torch.device("cpu")


@pytest.fixture
def speech_model(speech_model_folder, tmp_path):
    """A copy of the small speech model, to be moved and changed."""
    return shutil.copytree(speech_model_folder, tmp_path / "speech")


@pytest.fixture
def model(tmp_path, speech_model):
    """A classifier on its frames."""
    options = {"kind": "wav2vec2", "model": str(speech_model)}
    return save_frame_classifier(tmp_path / "model", options)


def test_a_front_end_that_was_moved_is_named(model, speech_model, tmp_path):
    expected = signl.load(model).score(tone(0.8), 16_000)
    moved = speech_model.rename(tmp_path / "moved")
    with pytest.raises(ConfigError, match=r"from the folder .*speech, which is not here; name it"):
        signl.load(model)
    assert signl.load(model, frontend=moved).score(tone(0.8), 16_000) == expected


def test_a_front_end_of_other_weights_is_refused(model, speech_model):
    weights = speech_model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + bytes(4))
    with pytest.raises(ArtefactError, match="those that the model was trained with"):
        signl.load(model)


def test_a_digest_does_not_depend_on_the_place(speech_model, speech_model_folder):
    digests = {
        frontend_options({"kind": "wav2vec2", "model": str(folder)}).model_digest()
        for folder in (speech_model, speech_model_folder)
    }
    assert len(digests) == 1
    assert len(digests.pop()) == 32
    assert frontend_options({"kind": "logmel"}).model_digest() == ""


def test_a_folder_is_refused_where_no_front_end_is_asked_for(tmp_path, speech_model):
    frames = save_frame_classifier(tmp_path / "frames", {"kind": "logmel"})
    with pytest.raises(ConfigError, match="this model's is logmel, which has no files"):
        signl.load(frames, frontend=speech_model)
    audio = save_audio_classifier(tmp_path / "audio", speech_model)
    with pytest.raises(ConfigError, match="this model reads audio, and has its own"):
        signl.load(audio, frontend=speech_model)


def test_a_card_without_a_front_end_is_refused(tmp_path):
    classifier = from_pretrained(
        save_frame_classifier(tmp_path / "model", {"kind": "logmel"})
    ).module
    with pytest.raises(ArtefactError, match="does not say on features of which front-end"):
        inputs_for(classifier, {"corpus": "toy"}, CPU)


@pytest.mark.parametrize("card", [["features"], {"features": {"kind": "novel"}}])
def test_a_card_of_others_is_looked_at(tmp_path, card):
    model = save_frame_classifier(tmp_path / "model", {"kind": "logmel"})
    path = model / "config.json"
    document = json.loads(path.read_text()) | {"card": card, "seal": seals.BLANK}
    path.write_bytes(seals.seal_document(json.dumps(document).encode()))
    with pytest.raises((ArtefactError, ConfigError), match=r"no mapping|novel"):
        signl.load(model)


def test_a_front_end_of_another_width_is_refused(tmp_path):
    classifier = from_pretrained(
        save_frame_classifier(tmp_path / "model", {"kind": "logmel"})
    ).module
    with pytest.raises(ConfigError, match="it is of another front-end"):
        inputs_for(classifier, {"features": {"kind": "lfcc"}}, CPU)

"""Folders and options of Whisper models that do not fit."""

import json
import shutil

import pytest
import torch

from signl.errors import ConfigError
from signl.features.frontends import frontend_options
from signl.features.whisper.whisper_folder import WHISPER_SIZES

CPU = torch.device("cpu")


@pytest.fixture
def folder(whisper_folder, tmp_path):
    """A copy of it, to be broken."""
    return shutil.copytree(whisper_folder, tmp_path / "model")


def options_of(folder, **options):
    return frontend_options({"kind": "whisper", "model": str(folder), "clip_s": 1.0, **options})


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def refuse_all(options, message):
    """The plan and extraction refuse it."""
    for use in (options.check_model, lambda: options.build(CPU)):
        with pytest.raises(ConfigError, match=message):
            use()


def test_a_folder_that_fits_is_taken(whisper_folder):
    options = options_of(whisper_folder)
    options.check_model()
    names = {path.name for path in options.model_files()}
    assert names == {"config.json", "preprocessor_config.json", "model.safetensors"}
    assert (options.wants_gpu, options.is_trainable, options.pads) == (True, False, False)
    assert options.least_crop_s(training=False) == 0.02
    with pytest.raises(ConfigError, match="of kind whisper cannot be trained"):
        options.build_trainable()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model_type": "wav2vec2"}, "model_type is 'wav2vec2'; allowed is 'whisper'"),
        ({"model_type": ["whisper"]}, r"model_type is \['whisper'\]; allowed is 'whisper'"),
        ({"d_model": "16"}, "d_model is '16'; allowed is a whole number"),
        ({"d_model": 2048}, "cannot be those of the config.json beside it"),
        ({"encoder_layers": 0}, "encoder_layers is 0; allowed is at least 1"),
        ({"architectures": 7}, "architectures is 7"),
        ({"num_mel_bins": 128}, "feature_size is 80; allowed is 128"),
        ({"quantization_config": {"bits": 4}}, "has a quantization_config"),
        ({"transformers_weights": "../other.safetensors"}, "transformers_weights is '../other"),
    ],
    ids=str,
)
def test_a_configuration_that_does_not_fit_is_refused(folder, values, message):
    change(folder / "config.json", **values)
    refuse_all(options_of(folder), message)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"encoder_attention_heads": 3}, "cannot be loaded"),
        ({"activation_function": "none such"}, "cannot be loaded"),
        ({"encoder_ffn_dim": 24}, "cannot be loaded"),
    ],
    ids=str,
)
def test_what_transformers_refuses_is_refused(folder, values, message):
    change(folder / "config.json", **values)
    with pytest.raises(ConfigError, match=message):
        options_of(folder).build(CPU)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sampling_rate": 8000}, "sampling_rate is 8000; allowed is 16000"),
        ({"hop_length": 320}, "hop_length is 320; allowed is 160"),
        ({"n_fft": 512}, "n_fft is 512; allowed is 400"),
        ({"do_normalize": "no"}, "do_normalize is 'no'; allowed are true and false"),
    ],
    ids=str,
)
def test_a_preprocessor_of_another_spectrogram_is_refused(folder, values, message):
    change(folder / "preprocessor_config.json", **values)
    refuse_all(options_of(folder), message)


@pytest.mark.parametrize(
    ("written", "normalise", "expected"),
    [(None, "auto", False), (True, "auto", True), (True, False, False), (None, True, True)],
)
def test_input_keeps_its_level_unless_something_says_otherwise(
    folder, written, normalise, expected
):
    if written is not None:
        change(folder / "preprocessor_config.json", do_normalize=written)
    options = options_of(folder, normalise=normalise)
    assert options.normalises() is options.build(CPU).normalises is expected


def test_weights_that_are_cut_off_are_refused(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:2000])
    refuse_all(options_of(folder), r"model\.safetensors is damaged")


def test_clips_longer_than_the_positions_are_refused(whisper_folder):
    refuse_all(
        options_of(whisper_folder, clip_s=1.02), r"clip_s is 1\.02; allowed are at most the 1 s"
    )
    with pytest.raises(ConfigError, match=r"clip_s is 30\.5; allowed are at most the 30 s"):
        options_of(whisper_folder, clip_s=30.5)
    with pytest.raises(ConfigError, match=r"clip_s is 0\.01; allowed is at least a frame, 0\.02"):
        options_of(whisper_folder, clip_s=0.01)


@pytest.mark.parametrize("given", [{"layer": 3}, {"layers": [1, 3]}])
def test_a_block_that_there_is_not_is_refused(whisper_folder, given):
    refuse_all(options_of(whisper_folder, **given), r"layer 3 is not in -1\.\.2")


def test_ids_of_published_models_have_a_width_and_need_a_revision():
    options = options_of("openai/whisper-tiny.en", layers=[1, 2])
    assert options.geometry() == (768, 320, 320)
    assert options_of("openai/whisper-medium", layers="all").geometry().width == 25 * 1024
    assert "whisper-large-v3-turbo" in WHISPER_SIZES
    with pytest.raises(ConfigError, match="needs a revision"):
        options.check_model()
    with pytest.raises(ConfigError, match="width of the front-end model 'a/b' is not known"):
        options_of("a/b").geometry()

"""Folders of speech models that are broken, hostile, or of models that do not fit."""

import json
import shutil

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from signl.audio import normalise
from signl.errors import ConfigError
from signl.features.extract import Clipper, extract_features
from signl.features.feature_shards import Shard
from signl.features.frontends import frontend_options
from signl.features.speech_model.hidden_states import TrainableSpeechModel

CPU = torch.device("cpu")
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}
#: SEW has 13 by default.
CONVOLUTIONS = {"conv_kernel": (10, 3, 3, 3, 3, 2, 2), "conv_stride": (5, 2, 2, 2, 2, 2, 2)}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 1262\n"


@pytest.fixture
def folder(speech_model_folder, tmp_path):
    """A copy of the speech model, to be broken."""
    return shutil.copytree(speech_model_folder, tmp_path / "model")


def options_of(folder, **options):
    return frontend_options({"kind": "wav2vec2", "model": str(folder), **options})


def change_config(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def save(model_type, config_type, folder, **more):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        getattr(transformers, model_type)(
            getattr(transformers, config_type)(**(SIZES | more))
        ).save_pretrained(folder)


def refuse_all(options, message):
    """All that reads the folder refuses it: the plan, extraction, and training."""
    for use in (
        options.check_model,
        lambda: options.build(CPU),
        lambda: options.build_trainable(crop_s=4.5),
    ):
        with pytest.raises(ConfigError, match=message):
            use()


@pytest.mark.parametrize(
    ("family", "more"),
    [
        ("Wav2Vec2", {}),
        ("Wav2Vec2", {"do_stable_layer_norm": True, "feat_extract_norm": "layer"}),
        ("Hubert", {}),
        ("WavLM", {}),
        ("Wav2Vec2Conformer", {}),
        ("UniSpeech", {}),
        ("UniSpeechSat", {}),
        ("Data2VecAudio", {}),
    ],
    ids=str,
)
def test_the_models_of_the_family_work(tmp_path, family, more):
    save(f"{family}Model", f"{family}Config", tmp_path, **more)
    options = options_of(tmp_path)
    options.check_model()
    frames = options.build(CPU)(torch.randn(2, 8000, generator=torch.Generator().manual_seed(0)))
    assert frames.shape == (2, options.geometry().frames_of(8000), 16)


@pytest.mark.parametrize(
    ("family", "more", "message"),
    [
        ("Wav2Vec2", {"add_adapter": True}, "add_adapter is true"),
        ("Wav2Vec2", {"add_adapter": True, "output_hidden_size": 48}, "add_adapter is true"),
        ("SEW", CONVOLUTIONS, "model_type is 'sew'"),
    ],
    ids=str,
)
def test_models_that_give_other_frames_are_refused(tmp_path, family, more, message):
    save(f"{family}Model", f"{family}Config", tmp_path, **more)
    refuse_all(options_of(tmp_path), f"{message}.*allowed are models of waveforms")


@pytest.mark.parametrize("model_type", ["whisper", "wav2vec2-bert", "sew-d", None, ["wav2vec2"]])
def test_models_of_other_input_are_refused(folder, model_type):
    change_config(folder, model_type=model_type)
    refuse_all(options_of(folder), r"config\.json: model_type is .*allowed are models of waveforms")


def test_frames_other_than_promised_are_refused_naming_both():
    config = transformers.Wav2Vec2Config(**SIZES, add_adapter=True, num_adapter_layers=2)
    with torch.random.fork_rng(devices=[]):
        model = transformers.Wav2Vec2Model(config)
    with pytest.raises(ConfigError, match=r"gives 6 frames of width 16 where .* promise 21 of wid"):
        TrainableSpeechModel(model)


def test_a_refused_model_leaves_no_features(pack, encode, tmp_path):
    save("Wav2Vec2Model", "Wav2Vec2Config", tmp_path / "m", add_adapter=True)
    output, index = tmp_path / "s.safetensors", tmp_path / "s.parquet"
    with pytest.raises(ConfigError, match="add_adapter"):
        extract_features(
            pack({"a": encode(1.0)}),
            output,
            index,
            options={"kind": "wav2vec2", "model": str(tmp_path / "m")},
        )
    assert not output.exists()
    assert not index.exists()


def test_the_trial_pass_draws_no_random_number(folder):
    states = []
    for load in (
        lambda: transformers.AutoModel.from_pretrained(folder),
        lambda: options_of(folder).build_trainable().model,
    ):
        torch.manual_seed(0)
        assert not load().training
        states.append(torch.random.get_rng_state())
    assert torch.equal(*states)


def test_code_of_a_model_folder_is_never_run(folder, monkeypatch):
    def asked(*_):
        raise AssertionError("the terminal was asked")

    monkeypatch.setattr("builtins.input", asked)
    (folder / "evil.py").write_text(f"open({str(folder / 'RAN')!r}, 'w')\n")
    code = {"AutoConfig": "evil.EvilConfig", "AutoModel": "evil.EvilModel"}
    change_config(folder, auto_map=code)
    options_of(folder).build(CPU)
    change_config(folder, model_type="evilmodel")
    refuse_all(options_of(folder), "model_type is 'evilmodel'")
    assert not (folder / "RAN").exists()


@pytest.mark.parametrize("key", ["_attn_implementation", "attn_implementation"])
@pytest.mark.parametrize("value", ["flash_attention_2", "eager", "someone/kernels"])
def test_attention_is_ours_whatever_the_folder_says(folder, speech_model_folder, key, value):
    change_config(folder, **{key: value})
    model = options_of(folder).build_trainable()
    assert model.model.config._attn_implementation == "sdpa"
    published = options_of(speech_model_folder).build_trainable()
    assert published.model.config._attn_implementation == "sdpa"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"quantization_config": {"quant_method": "bitsandbytes"}}, "has a quantization_config"),
        ({"transformers_weights": "../other.safetensors"}, "transformers_weights is '../other"),
        ({"hidden_size": 1e300}, "hidden_size is 1e"),
        ({"hidden_size": 60_000}, "cannot be those of the config.json beside it"),
        ({"hidden_size": 1 << 40}, "hidden_size is 1099511627776; allowed is at most 65536"),
        ({"num_hidden_layers": 0}, "num_hidden_layers is 0"),
        ({"conv_kernel": [10, 3]}, "conv_kernel has 2 numbers and conv_stride 7"),
        ({"conv_stride": [1000] * 7}, "conv_stride gives a frame every"),
        ({"conv_stride": "5"}, "conv_stride is '5'"),
        ({"mask_time_prob": float("nan")}, "mask_time_prob is nan"),
        ({"num_attention_heads": 3}, "cannot be loaded"),
        ({"hidden_act": "none such"}, "cannot be loaded"),
    ],
    ids=str,
)
def test_values_of_a_configuration_that_do_not_fit_are_refused(folder, values, message):
    change_config(folder, **values)
    with pytest.raises(ConfigError, match=message):
        options_of(folder).build(CPU)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (POINTER, "is a pointer of git-lfs.*git lfs pull"),
        (
            b"<!DOCTYPE html><html>Too many requests</html>",
            "is a page of a web .*download it again",
        ),
        (b"", "is damaged .*download it again"),
        (b"\x00" * 4, "is damaged .*download it again"),
        (None, "is damaged .*download it again"),
    ],
    ids=["pointer", "HTML", "empty", "zeros", "half"],
)
def test_a_broken_file_of_weights_is_refused_with_the_cure(folder, content, message):
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    refuse_all(options_of(folder), rf"model\.safetensors {message}")


@pytest.mark.parametrize("content", [POINTER, b"<html>", b"", b"PK\x03\x04half of it"])
def test_broken_weights_of_pytorch_are_refused(folder, content):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(content)
    refuse_all(options_of(folder), r"pytorch_model\.bin")


def test_weights_of_pytorch_are_read(folder, speech_model_folder):
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    waveforms = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0))
    options_of(folder).check_model()
    expected = options_of(speech_model_folder).build(CPU)(waveforms)
    assert torch.equal(options_of(folder).build(CPU)(waveforms), expected)


def write_index(folder, name):
    """Move all weights into a file of another name, which an index names."""
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    save_file(weights, folder / "part.safetensors", metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": dict.fromkeys(weights, name)}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def test_weights_in_parts_are_read(folder, speech_model_folder):
    write_index(folder, "part.safetensors")
    options = options_of(folder)
    options.check_model()
    names = [path.name for path in options.model_files()]
    assert names == ["config.json", "model.safetensors.index.json", "part.safetensors"]
    waveforms = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0))
    expected = options_of(speech_model_folder).build(CPU)(waveforms)
    assert torch.equal(options.build(CPU)(waveforms), expected)


@pytest.mark.parametrize("name", ["../part.safetensors", "/etc/passwd", "a/b", "..", 7, "a\0b"])
def test_an_index_that_leads_out_of_the_folder_is_refused(folder, name):
    write_index(folder, name)
    refuse_all(options_of(folder), r"index\.json names .*files that lie beside it")


def test_an_index_of_a_missing_file_is_refused(folder):
    write_index(folder, "other.safetensors")
    refuse_all(options_of(folder), r"other\.safetensors is missing.*download the model again")


def test_an_adapter_beside_the_model_is_refused(folder):
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "someone/model"}')
    refuse_all(options_of(folder), "has an adapter_config.json")


def test_a_folder_without_weights_is_refused(folder):
    (folder / "model.safetensors").unlink()
    refuse_all(options_of(folder), r"has no weights; allowed is one of \['model\.safetensors'")


@pytest.mark.parametrize("text", ["", "{", "[1]", "<html>", "[" * 100_000, "\x00"], ids=len)
def test_a_broken_config_is_refused_by_name(folder, text):
    (folder / "config.json").write_text(text)
    refuse_all(options_of(folder), r"config\.json (cannot be read as JSON|is no description)")


def test_a_layer_that_the_config_does_not_have_is_refused_when_planning(folder):
    options_of(folder, layer=3).check_model()
    with pytest.raises(ConfigError, match=r"layer 4 is not in -1\.\.3, the layers of .*model"):
        options_of(folder, layer=4).check_model()


@pytest.mark.parametrize("model", ["some/model", "/no/such/folder", "./here", "~/models/xlsr"])
def test_what_is_neither_folder_nor_id_with_revision_is_refused(model):
    with pytest.raises(ConfigError, match="is no folder here; a model id needs a revision"):
        options_of(model).check_model()
    if model != "some/model":
        with pytest.raises(ConfigError, match="is no folder here"):
            options_of(model, revision="main").check_model()


def test_whatever_transformers_raises_becomes_ours(folder, monkeypatch):
    def raising(*_, **__):
        raise ImportError("this needs `pip install sentencepiece`")

    monkeypatch.setattr(transformers.AutoModel, "from_pretrained", raising)
    with pytest.raises(ConfigError, match=r"sentencepiece.*\nInstall the package that is named"):
        options_of(folder).build(CPU)


def test_a_cache_that_cannot_be_written_names_the_variable(monkeypatch):
    def raising(*_, **__):
        raise PermissionError(13, "Permission denied", "/proc/nohome/.cache")

    monkeypatch.setattr("transformers.utils.hub.cached_file", raising)
    with pytest.raises(ConfigError, match=r"/proc/nohome.*\n.*HF_HOME"):
        options_of("some/model", revision="0123abc").build(CPU)


def test_a_crop_shorter_than_the_mask_is_refused_before_training(folder):
    options = options_of(folder)
    # Ten frames: 400 samples, and nine hops of 320.
    assert options.least_crop_s(training=True) == (400 + 9 * 320) / 16_000
    assert options.least_crop_s(training=False) == 400 / 16_000
    with pytest.raises(ConfigError, match=r"has 9 frames.*mask_time_length.*at least 0\.205"):
        options.build_trainable(crop_s=0.2)
    model = options.build_trainable(crop_s=options.least_crop_s(training=True))
    model.eval()(torch.zeros(2, 3200))
    model.train()(torch.zeros(2, 3280))
    with pytest.raises(ConfigError, match="a crop of 3200 samples has 9 frames"):
        model.train()(torch.zeros(2, 3200))


def test_without_masks_a_frame_is_enough(folder):
    change_config(folder, apply_spec_augment=False)
    assert options_of(folder).least_crop_s(training=True) == 400 / 16_000
    assert options_of("facebook/wav2vec2-base").least_crop_s(training=True) == 0.205


@pytest.mark.parametrize(
    ("preprocessor", "normalise", "expected"),
    [
        (None, "auto", True),
        ({}, "auto", True),
        ({"do_normalize": True}, "auto", True),
        ({"do_normalize": False}, "auto", False),
        ({"do_normalize": False}, True, True),
        ({"do_normalize": True}, False, False),
    ],
)
def test_input_is_normalised_as_the_preprocessor_says(
    folder, encode, preprocessor, normalise, expected
):
    if preprocessor is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    options = options_of(folder, normalise=normalise)
    options.check_model()
    assert options.normalises() is options.build(CPU).normalises is expected
    assert options.is_trainable is expected
    if expected:
        options.build_trainable()
    else:
        with pytest.raises(ConfigError, match="do_normalize: false, normalise: true"):
            options.build_trainable()


def test_a_clip_is_left_as_it_was_recorded_where_the_model_wants_it(encode, pack, folder, tmp_path):
    def clip(normalises):
        clipper = Clipper(
            clip_s=1.0, repeat="frames", window_samples=400, hop_samples=320, normalises=normalises
        )
        return clipper.clip("a", encode(0.825)).waveform

    assert not torch.allclose(clip(False), clip(True))
    torch.testing.assert_close(normalise(clip(False)), clip(True))
    values = []
    for given in (True, False):
        options = {"kind": "wav2vec2", "model": str(folder), "clip_s": 1.0, "normalise": given}
        path = tmp_path / f"{given}.safetensors"
        extract_features(
            pack({"a": encode(0.825)}), path, path.with_suffix(".parquet"), options=options
        )
        values.append(Shard(path).frames(0, 0, 40))
    assert not torch.allclose(*values, atol=1e-2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"do_normalize": "no"}, "do_normalize is 'no'; allowed are true and false"),
        ({"sampling_rate": 8000}, "sampling_rate is 8000; allowed is 16000"),
        ([], "is no description of a preprocessor"),
    ],
)
def test_a_preprocessor_that_does_not_fit_is_refused(folder, content, message):
    (folder / "preprocessor_config.json").write_text(json.dumps(content))
    refuse_all(options_of(folder), message)

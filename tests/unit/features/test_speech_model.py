import json
import shutil
from typing import get_args

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, BertConfig, BertModel

from signl.errors import ConfigError
from signl.features.frontend import n_frames_of
from signl.features.frontends import frontend_options
from signl.features.speech_model.hidden_states import SpeechModel, TrainableSpeechModel
from signl.features.speech_model.model_folder import Family, receptive_field
from signl.features.speech_model.options import SpeechModelOptions

CPU = torch.device("cpu")


def build(folder, **options):
    return SpeechModel(SpeechModelOptions(model=str(folder), **options), CPU)


@pytest.fixture(scope="module")
def waveforms():
    return torch.randn(3, 8000, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def reference(speech_model_folder):
    return AutoModel.from_pretrained(speech_model_folder).eval()


@pytest.fixture
def altered(speech_model_folder, tmp_path):
    """Return a function that copies the folder with other weights."""

    def copied(alter):
        folder = tmp_path / "altered"
        shutil.copytree(speech_model_folder, folder)
        weights = load_file(folder / "model.safetensors")
        alter(weights)
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return folder

    return copied


def test_the_last_hidden_state_is_that_of_transformers(speech_model_folder, reference, waveforms):
    with torch.inference_mode():
        expected = reference(waveforms).last_hidden_state
    frontend = build(speech_model_folder)
    frames = frontend(waveforms)
    torch.testing.assert_close(frames, expected, rtol=0, atol=1e-6)
    assert frontend.width == frames.shape[-1] == 16
    assert not frames.requires_grad


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_a_layer_is_the_hidden_state_of_that_number(
    speech_model_folder, reference, waveforms, layer
):
    with torch.inference_mode():
        states = reference(waveforms, output_hidden_states=True).hidden_states
    frames = build(speech_model_folder, layer=layer)(waveforms)
    torch.testing.assert_close(frames, states[layer], rtol=0, atol=1e-6)


@pytest.mark.parametrize("is_stable", [False, True])
@pytest.mark.parametrize("family", get_args(Family))
def test_layers_above_the_highest_state_are_not_computed(family, is_stable, waveforms):
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32}
    config = AutoConfig.for_model(
        family,
        **sizes,
        num_hidden_layers=4,
        conv_dim=(8,) * 7,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        do_stable_layer_norm=is_stable,
    )
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        model = AutoModel.from_config(config).eval()
        states = model(waveforms, output_hidden_states=True).hidden_states
    for layers, n_left in (([4, 1], 4), ([3], 4), ([2, 1], 3), ([0], 1)):
        options = SpeechModelOptions(model=family, layers=layers)
        found = SpeechModel(options, CPU, loaded=model)(waveforms)
        assert torch.equal(found, torch.cat([states[layer] for layer in layers], dim=-1))
        assert len(model.encoder.layers) == n_left


@pytest.mark.parametrize("layers", [[1, 2], [2, 1], [0], [3, -1], "all"])
def test_layers_stand_side_by_side(speech_model_folder, reference, waveforms, layers):
    with torch.inference_mode():
        outputs = reference(waveforms, output_hidden_states=True)
        normed = reference.encoder.layer_norm(outputs.hidden_states[3])
    # The output is normalised, that of the last layer is not.
    torch.testing.assert_close(outputs.last_hidden_state, normed)
    options = frontend_options(
        {"kind": "wav2vec2", "model": str(speech_model_folder), "layers": layers}
    )
    options.check_model()
    frontend = options.build(CPU)
    chosen = [
        outputs.last_hidden_state if layer == -1 else outputs.hidden_states[layer]
        for layer in ([0, 1, 2, -1] if layers == "all" else layers)
    ]
    expected = torch.cat(chosen, dim=-1)
    torch.testing.assert_close(frontend(waveforms), expected, rtol=0, atol=1e-6)
    assert options.geometry().width == frontend.width == expected.shape[-1]


def test_a_trained_model_gives_several_layers_too(speech_model_folder, waveforms):
    options = SpeechModelOptions(model=str(speech_model_folder), layers=(1, 2))
    model = options.build_trainable().eval()
    torch.testing.assert_close(model(waveforms), options.build(CPU)(waveforms))
    assert options.trained_form()["layer"] == model.layer == (1, 2)
    assert SpeechModelOptions(model="m", layer=2).trained_form()["layer"] == 2
    everything = SpeechModelOptions(model=str(speech_model_folder), layers="all")
    assert everything.trained_form()["layer"] == everything.build_trainable().layer == "all"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"layer": 1, "layers": [1, 2]}, r"layer is 1 and layers is \(1, 2\); allowed is one"),
        ({"layers": [1, 1]}, r"layers is \[1, 1\]; allowed are all, and a list of hidden"),
        ({"layers": []}, r"layers is \[\]; allowed are all"),
        ({"layers": [-2]}, r"layers is \[-2\]; allowed are all"),
        ({"layers": [True]}, r"layers is \[True\]; allowed are all"),
        ({"layers": "every"}, "layers is 'every'; allowed are all"),
        ({"layers": 3}, "layers is 3; allowed are all"),
    ],
    ids=str,
)
def test_what_names_no_hidden_states_is_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        frontend_options({"kind": "wav2vec2", "model": "m", **given})


def test_layers_that_there_are_not_are_refused(speech_model_folder):
    options = SpeechModelOptions(model=str(speech_model_folder), layers=(1, 4))
    for use in (options.check_model, lambda: options.build(CPU)):
        with pytest.raises(ConfigError, match=r"layer 4 is not in -1\.\.3"):
            use()


@pytest.mark.parametrize(
    ("name", "states"), [("wav2vec2-xls-r-300m", 25), ("wavlm-base", 13), ("wav2vec2-xls-r-2b", 49)]
)
def test_all_layers_of_a_known_id_have_a_width(name, states):
    one = SpeechModelOptions(model=f"someone/{name}").geometry()
    every = SpeechModelOptions(model=f"someone/{name}", layers="all").geometry()
    assert every == (states * one.width, one.window_samples, one.hop_samples)


def test_no_layer_is_dropped_before_one_that_is_named(speech_model_folder, waveforms):
    published = AutoModel.from_pretrained(speech_model_folder, layerdrop=1.0)
    model = TrainableSpeechModel(published, layer=2).train()
    with torch.inference_mode():
        assert model(waveforms).shape[-1] == model.width
    assert published.config.layerdrop == 0.0


@pytest.mark.parametrize("layer", [4, 100])
def test_a_layer_that_there_is_not_is_refused(speech_model_folder, layer):
    with pytest.raises(ConfigError, match=rf"layer {layer} is not in -1\.\.3"):
        build(speech_model_folder, layer=layer)


def test_frames_are_counted_as_by_transformers(speech_model_folder, reference):
    frontend = build(speech_model_folder)
    assert (frontend.window_samples, frontend.hop_samples) == (400, 320)
    for n_samples in (400, 719, 720, 721, 8000, 16_000, 72_000, 143_999, 144_000):
        n_frames = n_frames_of(n_samples, window_samples=400, hop_samples=320)
        assert n_frames == reference._get_feat_extract_output_lengths(n_samples)
    assert n_frames_of(72_000, window_samples=400, hop_samples=320) == 224
    assert n_frames_of(399, window_samples=400, hop_samples=320) == 0


@pytest.mark.parametrize(
    ("kernels", "strides"),
    [([3], [1]), ([3, 3], [2, 2]), ([10, 3, 2], [5, 2, 2]), ([5, 1], [1, 3])],
)
def test_the_receptive_field_is_where_gradients_come_from(kernels, strides):
    window, hop = receptive_field(kernels, strides)
    n_samples = window + 3 * hop
    signal = torch.zeros(1, 1, n_samples, requires_grad=True)
    found = signal
    for kernel, stride in zip(kernels, strides, strict=True):
        found = torch.nn.functional.conv1d(found, torch.ones(1, 1, kernel), stride=stride)
    assert found.shape[-1] == 4
    found[0, 0, 2].backward()
    seen = signal.grad[0, 0].nonzero().flatten()
    # Strides wider than a kernel leave gaps, but the first and last sample are seen.
    assert (int(seen[0]), int(seen[-1])) == (2 * hop, 2 * hop + window - 1)


def test_an_utterance_does_not_depend_on_its_batch(speech_model_folder, waveforms):
    frontend = build(speech_model_folder)
    alone = torch.cat([frontend(waveform[None]) for waveform in waveforms])
    torch.testing.assert_close(frontend(waveforms), alone, rtol=1e-5, atol=1e-5)


def test_dropout_and_masking_are_off(speech_model_folder, waveforms):
    frontend = build(speech_model_folder)
    assert torch.equal(frontend(waveforms), frontend(waveforms))


def test_missing_weights_are_refused_by_name(altered):
    name = "encoder.layers.1.attention.k_proj.weight"
    folder = altered(lambda weights: weights.pop(name))
    with pytest.raises(ConfigError, match=rf"altered' lacks the weights \['{name}'\]"):
        build(folder)


def test_weights_that_encoding_does_not_use_may_be_missing(altered, speech_model_folder, waveforms):
    folder = altered(lambda weights: weights.pop("masked_spec_embed"))
    assert torch.equal(build(folder)(waveforms), build(speech_model_folder)(waveforms))


def test_weights_of_another_shape_are_refused(altered):
    def shrink(weights):
        name = "encoder.layers.1.attention.k_proj.weight"
        weights[name] = weights[name][:8].clone()

    with pytest.raises(ConfigError, match="altered"):
        build(altered(shrink))


def test_a_model_without_convolutions_over_audio_is_refused(tmp_path):
    config = BertConfig(
        vocab_size=10,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
    )
    BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match=r"model_type is 'bert'.*allowed are .*WavLM"):
        build(tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"has no config\.json.*hf download"):
        build(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nonsense"}))
    with pytest.raises(ConfigError, match=r"config\.json: model_type is 'nonsense'.*allowed"):
        build(tmp_path)


def test_an_id_without_revision_is_refused():
    with pytest.raises(ConfigError, match=r"no folder here; as a model id it needs a revision"):
        build("example/no-such-model")


def test_an_id_that_is_not_at_hand_says_how_to_get_it(monkeypatch):
    # Read by huggingface_hub when it is imported, which has happened.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        ConfigError,
        match="hf download example/no-such-model --revision 0123abc --local-dir FOLDER",
    ):
        build("example/no-such-model", revision="0123abc")

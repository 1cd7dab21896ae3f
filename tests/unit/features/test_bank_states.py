import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import SeamlessM4TFeatureExtractor, Wav2Vec2BertModel

from signl.errors import ConfigError
from signl.features.frontends import frontend_options
from signl.features.w2v_bert.bank_states import FilterBank

CPU = torch.device("cpu")


@pytest.fixture
def folder(w2v_bert_folder, tmp_path):
    """A copy of it, to be broken."""
    return shutil.copytree(w2v_bert_folder, tmp_path / "model")


def options_of(folder, **options):
    return frontend_options({"kind": "w2v_bert", "model": str(folder), **options})


def draw(n_samples, n_waveforms=2):
    generator = torch.Generator().manual_seed(n_samples)
    return 0.1 * torch.randn(n_waveforms, n_samples, generator=generator)


def extracted(waveforms):
    """What transformers' extractor gives, of whole pairs of windows."""
    return SeamlessM4TFeatureExtractor()(
        list(waveforms.numpy()),
        sampling_rate=16_000,
        return_tensors="pt",
        return_attention_mask=False,
    ).input_features


@pytest.mark.parametrize("n_pairs", [3, 5, 30])
def test_the_filter_bank_is_that_of_the_published_extractor(n_pairs):
    waveforms = draw(560 + (n_pairs - 1) * 320)
    found = FilterBank(CPU)(waveforms)
    assert found.shape == (2, n_pairs, 160)
    torch.testing.assert_close(found, extracted(waveforms), rtol=0, atol=2e-4)


@pytest.mark.parametrize("layers", [[1, 2], "all", [-1]])
def test_states_are_those_of_transformers(w2v_bert_folder, layers):
    waveforms = draw(8240)
    model = Wav2Vec2BertModel.from_pretrained(w2v_bert_folder).eval()
    with torch.no_grad():
        outputs = model(extracted(waveforms), output_hidden_states=True)
    chosen = [
        outputs.last_hidden_state if layer == -1 else outputs.hidden_states[layer]
        for layer in ([0, 1, -1] if layers == "all" else layers)
    ]
    options = options_of(w2v_bert_folder, layers=layers)
    options.check_model()
    frames = options.build(CPU)(waveforms)
    torch.testing.assert_close(frames, torch.cat(chosen, dim=-1), rtol=0, atol=2e-4)


@pytest.mark.parametrize("n_samples", [560, 719, 720, 879, 880, 8000, 8123])
def test_frames_are_as_many_as_promised(w2v_bert_folder, n_samples):
    options = options_of(w2v_bert_folder)
    frontend, geometry = options.build(CPU), options.geometry()
    assert geometry == (frontend.width, frontend.window_samples, frontend.hop_samples)
    n_windows = (n_samples - 400) // 160 + 1
    assert geometry.frames_of(n_samples) == n_windows // 2
    assert frontend(draw(n_samples)).shape == (2, n_windows // 2, 16)


def test_silence_is_finite_and_nothing_depends_on_the_batch(w2v_bert_folder):
    frontend = options_of(w2v_bert_folder).build(CPU)
    waveforms = draw(3200, 3)
    waveforms[0] = 0
    alone = torch.cat([frontend(waveform[None]) for waveform in waveforms])
    assert alone.isfinite().all()
    torch.testing.assert_close(frontend(waveforms), alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model_type": "wav2vec2"}, "model_type is 'wav2vec2'; allowed is 'wav2vec2-bert'"),
        ({"feature_projection_input_dim": 80}, "feature_projection_input_dim is 80"),
        ({"add_adapter": True}, "add_adapter is True; allowed"),
        ({"hidden_size": 4096}, "cannot be those of the config.json beside it"),
    ],
    ids=str,
)
def test_a_configuration_that_does_not_fit_is_refused(folder, values, message):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    for use in (options_of(folder).check_model, lambda: options_of(folder).build(CPU)):
        with pytest.raises(ConfigError, match=message):
            use()


def test_missing_weights_and_layers_are_refused(folder):
    with pytest.raises(ConfigError, match=r"layer 3 is not in -1\.\.2"):
        options_of(folder, layer=3).build(CPU)
    weights = load_file(folder / "model.safetensors")
    name = "encoder.layers.1.ffn1.output_dense.weight"
    del weights[name]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ConfigError, match=rf"lacks the weights \['{name}'\]"):
        options_of(folder).build(CPU)


def test_the_published_id_has_a_width():
    options = options_of("facebook/w2v-bert-2.0", layers="all")
    assert options.geometry() == (25 * 1024, 560, 320)
    assert not options.normalises()
    with pytest.raises(ConfigError, match="width of the front-end model 'a/b' is not known"):
        options_of("a/b").geometry()

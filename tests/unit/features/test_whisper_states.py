import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import WhisperFeatureExtractor, WhisperModel
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from signl.audio import repeat_to
from signl.costs import frontend_arithmetic
from signl.errors import ConfigError
from signl.features.extract import extract_features
from signl.features.feature_shards import Shard
from signl.features.frontends import frontend_options
from signl.features.whisper.whisper_states import WhisperLogMel, load_whisper_encoder

CPU = torch.device("cpu")
#: The published code's names of the encoder's parts, and those of transformers.
NAMES = {
    "encoder.": "",
    "blocks.": "layers.",
    "attn.query": "self_attn.q_proj",
    "attn.key": "self_attn.k_proj",
    "attn.value": "self_attn.v_proj",
    "attn.out": "self_attn.out_proj",
    "attn_ln": "self_attn_layer_norm",
    "mlp.0": "fc1",
    "mlp.2": "fc2",
    "mlp_ln": "final_layer_norm",
    "ln_post": "layer_norm",
    "positional_embedding": "embed_positions.weight",
}


@pytest.fixture
def folder(whisper_folder, tmp_path):
    """A copy of it, to be broken."""
    return shutil.copytree(whisper_folder, tmp_path / "model")


def options_of(folder, **options):
    return frontend_options({"kind": "whisper", "model": str(folder), "clip_s": 1.0, **options})


def draw(n_samples, n_waveforms=2):
    generator = torch.Generator().manual_seed(n_samples)
    return 0.1 * torch.randn(n_waveforms, n_samples, generator=generator)


def sinusoids(n_positions, width):
    """The encoder's positions, from their definition, rounded where the published code does."""
    step = np.log(10_000) / (width // 2 - 1)
    inverse = torch.exp(-step * torch.arange(width // 2))
    angles = torch.arange(n_positions)[:, None] * inverse
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def test_the_published_spectrogram_agrees(fixture_of, assert_close):
    fixture = fixture_of("whisper_frontend")
    log_mel = WhisperLogMel(80, CPU)
    filters = log_mel.filters.T[[0, 1, 20, 40, 79]]
    assert_close(filters, fixture.expected["mel_filters"], "mel filters")
    found = log_mel(fixture.waveforms())
    assert found.shape == (2, 80, 403)
    assert_close(found[..., ::8], fixture.expected["logmel"], "log-mel")
    repeated = torch.stack([repeat_to(each, 480_000) for each in fixture.waveforms()])
    assert_close(log_mel(repeated)[..., ::60], fixture.expected["logmel_30s"], "log-mel of 30 s")


def test_the_published_encoder_agrees(fixture_of, assert_close, make_whisper, tmp_path):
    fixture = fixture_of("whisper_frontend")
    weights = {"embed_positions.weight": sinusoids(1500, 64)}
    ends = torch.cat(
        [weights["embed_positions.weight"][:4], weights["embed_positions.weight"][-4:]]
    )
    assert_close(ends, fixture.expected["positional"], "positions")
    for key, (shape, _) in fixture.description["state_dict"].items():
        name = key
        for published, own in NAMES.items():
            name = name.replace(published, own)
        weights.setdefault(name, fixture.tensor(key, *shape))
    encoder = make_whisper(
        WhisperEncoder,
        d_model=64,
        encoder_attention_heads=4,
        encoder_ffn_dim=256,
        max_source_positions=1500,
    )
    encoder.load_state_dict(weights)
    encoder.save_pretrained(tmp_path)
    frontend = options_of(tmp_path, clip_s=30.0, pad_to_30s=True).build(CPU)
    repeated = torch.stack([repeat_to(each, 480_000) for each in fixture.waveforms()])
    frames = frontend(repeated)
    assert frames.shape == (2, 1500, 64)
    assert_close(frames[:, ::25], fixture.expected["encoder"], "encoder")


def test_padded_states_are_those_of_transformers(whisper_folder):
    waveforms = draw(8123)
    options = options_of(whisper_folder, layers=[0, 1, -1], pad_to_30s=True)
    frames = options.build(CPU)(waveforms)
    extract = WhisperFeatureExtractor.from_pretrained(whisper_folder)
    spectra = extract(list(waveforms.numpy()), sampling_rate=16_000, return_tensors="pt")
    model = WhisperModel.from_pretrained(whisper_folder).eval().encoder
    with torch.no_grad():
        outputs = model(spectra.input_features, output_hidden_states=True)
    # ceil(8123 / 320) frames: the others are of the padding.
    parts = [*outputs.hidden_states[:2], outputs.last_hidden_state]
    expected = torch.cat([part[:, :26] for part in parts], dim=-1)
    torch.testing.assert_close(frames, expected, rtol=0, atol=1e-5)


def test_a_clip_alone_is_what_an_encoder_of_its_length_gives(whisper_folder, make_whisper):
    """The second route: transformers' own pass, of a model cut to the clip's positions."""
    model = WhisperModel.from_pretrained(whisper_folder).eval().encoder
    cut = make_whisper(WhisperEncoder, max_source_positions=25)
    weights = model.state_dict()
    weights["embed_positions.weight"] = weights["embed_positions.weight"][:25]
    cut.load_state_dict(weights)
    waveforms = draw(8000)
    spectra = WhisperFeatureExtractor()(
        list(waveforms.numpy()), sampling_rate=16_000, padding="do_not_pad", return_tensors="pt"
    )
    with torch.no_grad():
        outputs = cut(spectra.input_features, output_hidden_states=True)
    frames = options_of(whisper_folder, layers=[1, -1]).build(CPU)(waveforms)
    expected = torch.cat([outputs.hidden_states[1], outputs.last_hidden_state], dim=-1)
    torch.testing.assert_close(frames, expected, rtol=0, atol=1e-5)


def test_the_output_is_the_last_state_normalised(whisper_folder):
    frames = options_of(whisper_folder, layers=[2, -1]).build(CPU)(draw(3200))
    norm = load_whisper_encoder(str(whisper_folder), None).layer_norm
    with torch.inference_mode():
        torch.testing.assert_close(norm(frames[..., :16]), frames[..., 16:])
    everything = options_of(whisper_folder, layers="all").build(CPU)(draw(3200))
    picked = options_of(whisper_folder, layers=[0, 1, -1]).build(CPU)(draw(3200))
    assert torch.equal(everything, picked)
    lowest = options_of(whisper_folder, layers=[0, 1]).build(CPU)(draw(3200))
    assert torch.equal(lowest, picked[..., :32])


def test_layers_above_the_highest_state_cost_nothing(whisper_folder):
    lowest, highest, last = (
        frontend_arithmetic(options_of(whisper_folder, layers=[layer])) for layer in (1, 2, -1)
    )
    assert lowest.multiply_adds < highest.multiply_adds == last.multiply_adds
    assert lowest.parameters < highest.parameters == last.parameters


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("n_samples", [320, 639, 640, 641, 8000, 8160, 8319, 16_000])
def test_frames_are_as_many_as_promised(whisper_folder, padded, n_samples):
    options = options_of(whisper_folder, pad_to_30s=padded, layers=[1, 2])
    frontend, geometry = options.build(CPU), options.geometry()
    assert geometry == (frontend.width, frontend.window_samples, frontend.hop_samples)
    n_frames = -(-n_samples // 320) if padded else n_samples // 320
    assert geometry.frames_of(n_samples) == n_frames
    assert frontend(draw(n_samples)).shape == (2, n_frames, 32)


@pytest.mark.parametrize("padded", [False, True])
def test_an_utterance_does_not_depend_on_its_batch(whisper_folder, padded):
    frontend = options_of(whisper_folder, pad_to_30s=padded).build(CPU)
    waveforms = draw(3200, n_waveforms=6)
    waveforms[0] *= 100
    waveforms[1] = 0
    alone = torch.cat([frontend(waveform[None]) for waveform in waveforms])
    assert alone.isfinite().all()
    torch.testing.assert_close(frontend(waveforms), alone, rtol=1e-5, atol=1e-5)


def test_features_of_audio_are_extracted_at_its_level(whisper_folder, pack, encode, tmp_path):
    packed = pack({"long": encode(1.5), "short": encode(0.31, seed=1)})
    output, index = tmp_path / "s.safetensors", tmp_path / "s.parquet"
    for padded, n_short in ((False, 15), (True, 16)):
        options = options_of(whisper_folder, repeat="frames", pad_to_30s=padded)
        assert not options.normalises()
        assert options.pads is padded
        extract_features(packed, output, index, options=options)
        assert Shard(output).shape == (16, 1 if padded else 320, 320, 50)
        assert pq.read_table(index)["n_frames"].to_pylist() == [50, n_short]


@pytest.mark.parametrize("alone", [False, True])
def test_an_encoder_is_loaded_with_and_without_its_decoder(make_whisper, tmp_path, alone):
    model = make_whisper(WhisperEncoder if alone else WhisperModel)
    model.save_pretrained(tmp_path)
    weights = (model if alone else model.encoder).state_dict()
    loaded = load_whisper_encoder(str(tmp_path), None).state_dict()
    assert loaded.keys() == weights.keys()
    assert all(torch.equal(loaded[name], weights[name]) for name in weights)


def test_missing_weights_are_refused_by_name(folder):
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layers.1.fc1.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ConfigError, match=r"lacks the weights \['encoder\.layers\.1\.fc1\.weight"):
        options_of(folder).build(CPU)


def test_code_of_a_model_folder_is_never_run(folder):
    path = folder / "config.json"
    (folder / "evil.py").write_text(f"open({str(folder / 'RAN')!r}, 'w')\n")
    code = {"auto_map": {"AutoConfig": "evil.EvilConfig", "AutoModel": "evil.EvilModel"}}
    path.write_text(json.dumps(json.loads(path.read_text()) | code))
    options_of(folder).build(CPU)
    assert not (folder / "RAN").exists()

import random

import pytest
import torch

from signl.errors import ArtefactError
from signl.models.heads import Classifier, PretrainingModel
from signl.models.published.reference import build_model, convert_state_dict, published_key
from signl.models.signl.options import SignlOptions
from signl.models.signl.spectral_temporal import SpectralTemporalEncoder

SIZES = [(4, 32, 5), (8, 32, 5), (16, 32, 5), (32, 32, 5), (16, 16, 4)]
CLASS_WEIGHTS = torch.tensor([0.1, 0.9])


def make_model(kind, *, nodes=8, channels=16, layers=3, neighbours=3, seed=0):
    torch.manual_seed(seed)
    config = SignlOptions(nodes=nodes, channels=channels, layers=layers, neighbours=neighbours)
    encoder = SpectralTemporalEncoder(20, 30, config)
    model = Classifier.with_mlp(encoder) if kind == "classifier" else PretrainingModel(encoder)
    return model.eval()


def published_name(name, kind):
    """Spell one of our tensors as the published implementation does."""
    first, *rest = name.removeprefix("encoder.").split(".")
    if first == "stem":
        part, layer, leaf = rest
        return f"stem.convs.{3 * int(layer) + ['convolutions', 'norms'].index(part)}.{leaf}"
    if first in {"spectral", "temporal"}:
        _, layer, part, leaf = rest
        encoder = {"spectral": "encoder_t", "temporal": "encoder_f"}[first]
        theirs = {
            "convolution": "gconv",
            "mixing": "conv1d",
            "norm": "batch_norms_conv1d",
            "residual": "fc_res",
        }[part]
        lin = "lin." if (part, leaf) == ("convolution", "weight") else ""
        return f"{encoder}.gnn.{theirs}.{layer}.{lin}{leaf}"
    if name.startswith("head.classes."):
        return f"criterion.{rest[-1]}"
    return ".".join(["fcn" if kind == "classifier" else "g", *rest[-2:]])


def publish(model, kind):
    """Build the state dict that the published implementation would have saved."""
    state = {published_name(name, kind): t for name, t in model.state_dict().items()}
    state |= {
        f"encoder_{axis}.gnn.{unused}.0.weight": torch.ones(4)
        for axis in "tf"
        for unused in ("batch_norms_gconv", "layer_norms_gconv", "layer_norms_conv1d")
    }
    state["wav2vec.encoder.layer_norm.weight"] = torch.ones(20)
    if kind == "encoder":
        return state
    prefixed = {k if k.startswith("criterion.") else f"model.{k}": t for k, t in state.items()}
    return prefixed | {"criterion.ce.weight": CLASS_WEIGHTS}


@pytest.mark.parametrize("kind", ["encoder", "classifier"])
@pytest.mark.parametrize(("nodes", "channels", "layers"), SIZES)
def test_a_checkpoint_comes_back_as_our_model(kind, nodes, channels, layers):
    model = make_model(kind, nodes=nodes, channels=channels, layers=layers)
    checkpoint = convert_state_dict(publish(model, kind))
    assert checkpoint.kind == kind
    assert checkpoint.sizes == (nodes, channels, layers, (256, 128, 80))
    rebuilt = build_model(checkpoint, width=20, n_frames=30, neighbours=3)
    picture = torch.randn(2, 1, 20, 30)
    assert torch.equal(rebuilt.encoder(picture).joint, model.encoder(picture).joint)
    assert rebuilt.state_dict().keys() == model.state_dict().keys()
    assert all(torch.equal(t, model.state_dict()[n]) for n, t in rebuilt.state_dict().items())


@pytest.mark.parametrize("neighbours", [1, 4])
def test_the_number_of_neighbours_is_the_callers(neighbours):
    model = make_model("classifier", neighbours=neighbours, seed=neighbours)
    checkpoint = convert_state_dict(publish(model, "classifier"))
    rebuilt = build_model(checkpoint, width=20, n_frames=30, neighbours=neighbours)
    picture = torch.randn(2, 1, 20, 30)
    assert torch.equal(rebuilt(picture), model(picture))


def test_the_rest_of_a_classifier_is_told_apart():
    checkpoint = convert_state_dict(publish(make_model("classifier"), "classifier"))
    assert torch.equal(checkpoint.class_weights, CLASS_WEIGHTS)
    assert checkpoint.frontend.keys() == {"encoder.layer_norm.weight"}
    assert len(checkpoint.unused) == 6
    assert "model.encoder_f.gnn.layer_norms_conv1d.0.weight" in checkpoint.unused


def test_an_encoder_has_no_class_weights():
    checkpoint = convert_state_dict(publish(make_model("encoder"), "encoder"))
    assert checkpoint.class_weights is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weight_g", "parametrizations.weight.original0"),
        ("weight_v", "parametrizations.weight.original1"),
    ],
)
def test_both_spellings_of_the_positional_convolution_are_understood(old, new):
    state = publish(make_model("encoder"), "encoder")
    positional = "encoder.pos_conv_embed.conv"
    for leaf in (old, new):
        converted = convert_state_dict(state | {f"wav2vec.{positional}.{leaf}": torch.ones(2)})
        assert f"{positional}.{new}" in converted.frontend
        assert f"{positional}.weight_g" not in converted.frontend


def test_a_tensor_in_two_spellings_is_refused():
    state = publish(make_model("encoder"), "encoder")
    positional = "wav2vec.encoder.pos_conv_embed.conv"
    state[f"{positional}.weight_g"] = torch.ones(2)
    state[f"{positional}.parametrizations.weight.original0"] = torch.ones(2)
    with pytest.raises(ArtefactError, match=r"1 tensors have no place.*original0"):
        convert_state_dict(state)


def test_a_checkpoint_without_head_is_refused():
    state = publish(make_model("encoder"), "encoder")
    headless = {key: tensor for key, tensor in state.items() if not key.startswith("g.")}
    with pytest.raises(ArtefactError, match="must hold a head, 0 linear layers found"):
        convert_state_dict(headless)


@pytest.mark.parametrize(
    "stranger",
    [
        "encoder_x.gnn.gconv.0.bias",
        "encoder_t.gnn.attention.0.bias",
        "stem.convs.2.weight",
        "stem.extra",
        "fcn.0.weight",
        "criterion.weight",
        "optimizer",
    ],
)
def test_a_stranger_in_an_encoder_is_refused_by_name(stranger):
    state = publish(make_model("encoder"), "encoder") | {stranger: torch.ones(1)}
    with pytest.raises(ArtefactError, match=rf"1 tensors have no place.*'{stranger}'"):
        convert_state_dict(state)


@pytest.mark.parametrize(
    "stranger", ["stem.convs.0.weight", "model.g.0.weight", "criterion.margin", "ce.weight"]
)
def test_a_stranger_in_a_classifier_is_refused_by_name(stranger):
    state = publish(make_model("classifier"), "classifier") | {stranger: torch.ones(1)}
    with pytest.raises(ArtefactError, match=stranger):
        convert_state_dict(state)


def test_a_missing_tensor_is_named():
    state = publish(make_model("encoder"), "encoder")
    del state["encoder_f.gnn.fc_res.1.bias"]
    with pytest.raises(ArtefactError, match=r"encoder_f\.gnn\.fc_res\.1\.bias is missing"):
        build_model(convert_state_dict(state), width=20, n_frames=30, neighbours=3)


def test_a_tensor_that_sizes_follow_from_is_named():
    state = publish(make_model("encoder"), "encoder")
    del state["stem.convs.12.weight"]
    with pytest.raises(ArtefactError, match=r"must hold 'stem\.convs\.12\.weight'"):
        convert_state_dict(state)


@pytest.mark.parametrize("kind", ["encoder", "classifier"])
def test_published_keys_are_spelled_as_published(kind):
    for name in make_model(kind).state_dict():
        prefix = "model." if kind == "classifier" and not name.startswith("head.classes") else ""
        assert published_key(name, kind) == prefix + published_name(name, kind)


def test_class_weights_of_another_shape_are_refused():
    state = publish(make_model("classifier"), "classifier")
    with pytest.raises(ArtefactError, match=r"criterion\.ce\.weight .* \[3\], expected \[2\]"):
        convert_state_dict(state | {"criterion.ce.weight": torch.ones(3)})


def damage(state, generator):
    """Delete, rename or misshape one tensor that matters; return its key and the new state."""
    keys = [key for key in state if not any(part in key for part in (*UNUSED, "wav2vec", "ce."))]
    key = generator.choice(keys)
    rest = {name: tensor for name, tensor in state.items() if name != key}
    match generator.randrange(4):
        case 0:
            return key, rest
        case 1:
            place = generator.randrange(len(key))
            return key, rest | {
                key[:place] + generator.choice("xq_7") + key[place + 1 :]: state[key]
            }
        case 2:
            return key, rest | {key: torch.ones(*state[key].shape, 2)}
        case _:
            return key, rest | {
                f"{key.rpartition('.')[0]}.lin.{key.rpartition('.')[2]}": state[key]
            }


UNUSED = ("batch_norms_gconv", "layer_norms_gconv", "layer_norms_conv1d")


@pytest.mark.parametrize("kind", ["encoder", "classifier"])
@pytest.mark.parametrize("seed", range(60))
def test_any_damage_is_refused_with_a_name(kind, seed):
    generator = random.Random(seed)
    state = publish(make_model(kind), kind)
    key, damaged = damage(state, generator)
    if damaged.keys() == state.keys() and damaged[key].shape == state[key].shape:
        return
    with pytest.raises(ArtefactError) as refusal:
        build_model(convert_state_dict(damaged), width=20, n_frames=30, neighbours=3)
    named = [key, *(damaged.keys() - state.keys())]
    assert any(name in str(refusal.value) for name in named), (key, str(refusal.value))

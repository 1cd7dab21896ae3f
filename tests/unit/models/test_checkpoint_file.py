"""Files of torch.save, sound and hostile, as checkpoints of the published implementation."""

import argparse
import collections
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from signl.errors import ArtefactError
from signl.models.published.checkpoint_file import (
    XLS_R_300M,
    frontend_from,
    infer_architecture,
    read_checkpoint,
)
from signl.models.published.reference import build_model, convert_state_dict

KINDS = ["encoder", "classifier"]
# As Lightning writes beside the tensors.
LIGHTNING = {
    "epoch": 3,
    "global_step": 120,
    "pytorch-lightning_version": "2.1.3",
    "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 4}}}},
    "callbacks": {
        "ModelCheckpoint{'monitor': 'valid_eer', 'mode': 'min'}": {
            "best_model_score": torch.tensor(0.02),
            "best_k_models": {"models/encoder.ckpt": torch.tensor(0.02)},
            "dirpath": "models",
        },
        "EarlyStopping{'monitor': 'valid_eer'}": {"wait_count": 0, "patience": 3},
    },
    "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(9)}}, "param_groups": []}],
    "lr_schedulers": [{"T_max": 10, "base_lrs": [1e-5]}],
    "MixedPrecision": None,
}


@pytest.fixture
def save(tmp_path):
    """Return a function that saves a checkpoint as Lightning does, and gives its path."""

    def write(state, **others):
        options = {"_use_new_zipfile_serialization": others.pop("zipped", True)}
        path = tmp_path / "encoder_SIGNL.ckpt"
        torch.save(LIGHTNING | others | {"state_dict": state}, path, **options)
        return path

    return write


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_gives_what_its_tensors_give(publish, save, kind, zipped):
    state = publish(kind).state
    found = read_checkpoint(save(collections.OrderedDict(state), zipped=zipped))
    expected = convert_state_dict(state)
    assert (found.kind, found.sizes, found.unused) == (kind, expected.sizes, expected.unused)
    for part in ("model", "frontend"):
        tensors = getattr(found, part)
        assert tensors.keys() == getattr(expected, part).keys()
        assert all(torch.equal(tensors[name], t) for name, t in getattr(expected, part).items())


@pytest.mark.parametrize(
    "harmless",
    [
        argparse.Namespace(num_k=3, path=Path("models"), lr=1e-5),
        {"best": np.float64(0.1), "single": np.float32(0.1), "step": np.int64(3)},
        collections.OrderedDict(a=[(1, None, "b")], b=True),
    ],
)
def test_plain_values_beside_the_tensors_do_no_harm(publish, save, harmless):
    path = save(publish("encoder").state, hyper_parameters=harmless)
    assert read_checkpoint(path).kind == "encoder"


class Hostile:
    """Creates a file when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("place", ["beside", "among the tensors"])
def test_code_in_a_file_is_refused_and_not_run(publish, save, tmp_path, place, zipped):
    target = tmp_path / "ran"
    state, hostile = publish("encoder").state, Hostile(target)
    if place == "beside":
        path = save(state, hyper_parameters=hostile, zipped=zipped)
    else:
        path = save(state | {"stem.convs.0.weight": hostile}, zipped=zipped)
    with pytest.raises(ArtefactError, match=r"encoder_SIGNL\.ckpt holds an object of \w+\.system"):
        read_checkpoint(path)
    assert not target.exists()
    # The payload does what this test fears, or the test would mean nothing.
    torch.load(path, weights_only=False)
    assert target.exists()


def test_objects_of_unknown_classes_are_refused_by_name(publish, save):
    path = save(publish("encoder").state, hyper_parameters=Hostile)
    with pytest.raises(
        ArtefactError, match=r"holds an object of \S*Hostile, .*allowed are tensors"
    ):
        read_checkpoint(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\3\4 and nothing more", b"\x80\x02]q\x00."])
def test_files_of_another_kind_are_refused(tmp_path, content):
    path = tmp_path / "a.ckpt"
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match=r"a\.ckpt is not a (whole file|checkpoint)"):
        read_checkpoint(path)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
@pytest.mark.parametrize("zipped", [True, False])
def test_truncated_files_are_refused(publish, save, share, zipped):
    path = save(publish("encoder").state, zipped=zipped)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ArtefactError, match="is not a whole file"):
        read_checkpoint(path)


def test_folders_and_missing_files_are_told_apart(tmp_path):
    with pytest.raises(ArtefactError, match="is not a whole file"):
        read_checkpoint(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint .*absent\.ckpt"):
        read_checkpoint(tmp_path / "absent.ckpt")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"model": {}, "epoch": 1}, r"\['epoch', 'model'\]"),
        ({"state_dict": [1]}, r"\['state_dict'\]"),
        (torch.ones(2), "Tensor"),
    ],
)
def test_files_without_named_tensors_are_refused(tmp_path, content, found):
    torch.save(content, tmp_path / "a.ckpt")
    with pytest.raises(ArtefactError, match=f"expected an entry 'state_dict'.*found .*{found}"):
        read_checkpoint(tmp_path / "a.ckpt")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ([1.0], "is of list, expected a tensor"),
        (torch.tensor([1.0, torch.nan]), "infinite or not a number"),
        (torch.ones(2, dtype=torch.complex64), "expected a dense one"),
        pytest.param(
            torch.eye(2).to_sparse(),
            "sparse_coo .*expected a dense one",
            marks=pytest.mark.filterwarnings("ignore:Sparse invariant checks"),
        ),
    ],
)
def test_entries_that_are_no_weights_are_named(publish, save, entry, message):
    path = save(publish("encoder").state | {"stem.convs.0.bias": entry})
    with pytest.raises(ArtefactError, match=rf"ckpt holds .*stem\.convs\.0\.bias.*{message}"):
        read_checkpoint(path)


def test_strangers_are_refused_with_the_file(publish, save):
    path = save(publish("encoder").state | {"encoder_x.weight": torch.ones(1)})
    with pytest.raises(ArtefactError, match=r"SIGNL\.ckpt: 1 tensors have no place.*encoder_x"):
        read_checkpoint(path)


@pytest.mark.parametrize("spelling", ["parametrisation", "weight_g"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_frontend_is_the_one_that_was_published(publish, save, kind, spelling):
    published = publish(kind)
    state = published.state
    if spelling == "weight_g":
        pairs = [("parametrizations.weight.original0", "weight_g")]
        pairs.append(("parametrizations.weight.original1", "weight_v"))
        for new, old in pairs:
            state = {key.replace(new, old): tensor for key, tensor in state.items()}
        assert sum("weight_g" in key for key in state) == 1
    expected = Wav2Vec2Model(Wav2Vec2Config(**published.wav2vec2)).eval()
    prefix = "wav2vec." if kind == "encoder" else "model.wav2vec."
    expected.load_state_dict(
        {name: published.state[prefix + name] for name in expected.state_dict()}
    )
    frontend = frontend_from(read_checkpoint(save(state)), published.wav2vec2)
    assert not frontend.training
    waveform = torch.randn(2, 4000, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = frontend(waveform).last_hidden_state
        assert torch.equal(found, expected(waveform).last_hidden_state)


def test_building_a_frontend_draws_no_random_numbers(publish):
    published = publish("encoder")
    before = torch.random.get_rng_state()
    frontend_from(convert_state_dict(published.state), published.wav2vec2)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_half_precision_becomes_single(publish, save):
    published = publish("encoder")
    half = {k: t.half() if t.is_floating_point() else t for k, t in published.state.items()}
    checkpoint = read_checkpoint(save(half))
    model = build_model(checkpoint, width=32, n_frames=12, neighbours=3)
    frontend = frontend_from(checkpoint, published.wav2vec2)
    for module in (model, frontend):
        assert {t.dtype for t in module.parameters()} == {torch.float32}


def test_a_configuration_may_be_a_file(publish, tmp_path):
    published = publish("encoder")
    checkpoint = convert_state_dict(published.state)
    path = tmp_path / "config.json"
    path.write_text(Wav2Vec2Config(**published.wav2vec2).to_json_string())
    frontend = frontend_from(checkpoint, path)
    again = frontend_from(checkpoint, published.wav2vec2)
    assert frontend.state_dict().keys() == again.state_dict().keys()
    for content, message in [("{", "not a configuration in JSON"), ("[1]", "expected an object")]:
        path.write_text(content)
        with pytest.raises(
            ArtefactError, match=rf"config\.json is not a configuration.*|{message}"
        ):
            frontend_from(checkpoint, path)
    path.write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ArtefactError, match=r"config\.json .*type 'bert', expected 'wav2vec2'"):
        frontend_from(checkpoint, path)


@pytest.mark.parametrize(
    "fields", [{"conv_dim": [8, 8]}, {"num_attention_heads": 3}, {"hidden_act": "soft"}]
)
def test_impossible_configurations_are_refused(publish, fields):
    published = publish("encoder")
    with pytest.raises(ArtefactError, match=r"describes no wav2vec 2\.0"):
        frontend_from(convert_state_dict(published.state), published.wav2vec2 | fields)


def test_tensors_that_do_not_fit_the_frontend_are_named(publish):
    published = publish("encoder")
    state = dict(published.state)
    del state["wav2vec.encoder.layer_norm.bias"]
    state["wav2vec.encoder.extra"] = torch.ones(1)
    state["wav2vec.masked_spec_embed"] = torch.ones(3)
    with pytest.raises(ArtefactError) as refusal:
        frontend_from(convert_state_dict(state), published.wav2vec2)
    for problem in (
        "front-end (wav2vec.*) of the published encoder",
        "encoder.layer_norm.bias is missing",
        "encoder.extra is unknown",
        "masked_spec_embed is float32 [3], expected float32 [32]",
    ):
        assert problem in str(refusal.value)


def test_without_a_configuration_the_tensors_tell(publish):
    base = Wav2Vec2Config(num_hidden_layers=1).to_diff_dict()
    frontend = frontend_from(convert_state_dict(publish("encoder", wav2vec2=base).state))
    assert frontend.config.hidden_size == 768
    assert frontend.config.num_hidden_layers == 1


def test_a_width_whose_attention_heads_nobody_published_is_refused(publish):
    with pytest.raises(ArtefactError, match=r"is 32 wide.*known are \[768, 1024.*--frontend FILE"):
        frontend_from(convert_state_dict(publish("encoder").state))


@pytest.mark.parametrize(("width", "heads"), [(768, 12), (1024, 16), (1280, 16), (1920, 16)])
def test_attention_heads_are_those_of_published_models(width, heads):
    config = Wav2Vec2Config(**XLS_R_300M | {"hidden_size": width, "num_attention_heads": heads})
    with torch.device("meta"):
        state = Wav2Vec2Model(config).state_dict()
    assert infer_architecture(state)["num_attention_heads"] == heads


def test_the_architecture_of_xls_r_300m_is_the_published_one():
    with torch.device("meta"):
        model = Wav2Vec2Model(Wav2Vec2Config(**XLS_R_300M))
    # The number of weights of every wav2vec 2.0 of this size, and of its convolutions.
    assert sum(p.numel() for p in model.parameters()) == 315_438_720
    assert sum(p.numel() for p in model.feature_extractor.parameters()) == 4_210_176


def test_the_architecture_of_published_checkpoints_is_told_by_their_tensors():
    with torch.device("meta"):
        state = Wav2Vec2Model(Wav2Vec2Config(**XLS_R_300M)).state_dict()
    assert infer_architecture(state) == XLS_R_300M


def test_other_architectures_of_the_family_are_told_too():
    base = Wav2Vec2Config()  # 768 channels, group norm in the first convolution
    with torch.device("meta"):
        state = Wav2Vec2Model(base).state_dict()
    found = infer_architecture(state)
    for name, value in found.items():
        if name in INFERRED:
            expected = getattr(base, name)
            assert value == (list(expected) if isinstance(expected, tuple) else expected), name


def test_a_front_end_without_a_tensor_that_tells_is_refused():
    with pytest.raises(ArtefactError, match=r"must hold 'feature_projection\.projection\.weight'"):
        infer_architecture({})


INFERRED = {
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "conv_dim",
    "conv_kernel",
    "conv_stride",
    "conv_bias",
    "feat_extract_norm",
    "do_stable_layer_norm",
    "num_conv_pos_embeddings",
    "num_conv_pos_embedding_groups",
}


def test_no_unsafe_advice_of_torch_is_passed_on(tmp_path):
    path = tmp_path / "README.md"
    path.write_text("# A project\n")
    with pytest.raises(ArtefactError, match="is not a whole file of torch") as refused:
        read_checkpoint(path)
    assert "weights_only" not in str(refused.value)
    assert "it begins with b'# A project" in str(refused.value)

"""What a configuration refuses before any job: key, value, and what is allowed."""

import copy
import json
import re

import pytest
import yaml

from signl.errors import ConfigError
from signl.experiment import Experiment
from signl.models.networks import NETWORKS
from signl.objectives.objectives import OBJECTIVES
from signl.training.options import FINETUNINGS

NAN, INF = float("nan"), float("inf")
SIGNL, WAV2VEC2 = "recipes.signl-logmel", "recipes.signl-wav2vec2"


@pytest.fixture
def config(repository):
    # Without the aliases of YAML, by which recipes share what they have in common.
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    return json.loads(json.dumps(config))


def put(config, path, value):
    """Set a key, given as a path of keys with dots between them."""
    *parents, last = path.split("/") if "/" in path else path.split(".")
    place = config
    for key in parents:
        place = place.setdefault(key, {})
    place[last] = value


def refusal_of(config):
    with pytest.raises(ConfigError) as refused:
        Experiment(config)
    return str(refused.value)


@pytest.mark.parametrize("value", [NAN, INF, -INF])
@pytest.mark.parametrize(
    "path",
    [
        f"{SIGNL}.crop_s",
        f"{SIGNL}.finetuning.learning_rate",
        f"{SIGNL}.finetuning.dropout",
        f"{SIGNL}.pretraining.min_delta",
        "frontends.logmel.clip_s",
        "frontends.logmel.hop_ms",
        "limits.undecodable",
        "limits.missing_audio",
        "demo.archives.scale",
    ],
)
def test_what_is_no_finite_number_is_refused_anywhere(config, path, value):
    put(config, path, value)
    assert f"{path} is {value!r}; allowed is a finite number" in refusal_of(config)


def test_numbers_in_lists_are_finite_too(config):
    put(config, f"{SIGNL}.finetuning.class_weights", [NAN, 1.0])
    message = f"{SIGNL}.finetuning.class_weights.0 is nan; allowed is a finite number"
    assert message in refusal_of(config)


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        (f"{SIGNL}.model.nodes", 16.0, "a whole number: write 16"),
        (f"{SIGNL}.finetuning.epochs", 4.0, "a whole number: write 4"),
        (f"{SIGNL}.finetuning.epochs", "4", "a whole number: write it without quotes"),
        (f"{SIGNL}.finetuning.epochs", 0, "at least 1"),
        (f"{SIGNL}.finetuning.epochs", True, "a whole number"),
        (f"{SIGNL}.finetuning.learning_rate", "0.001", "a number: write it without quotes"),
        (f"{SIGNL}.finetuning.learning_rate", "1e-5", "a number: YAML takes 1e-5 for text, "),
        (f"{SIGNL}.finetuning.learning_rate", 0, "more than 0"),
        (f"{SIGNL}.finetuning.dropout", 1.5, "at most 1"),
        (f"{SIGNL}.pretraining.batch_size", 1, "at least 2"),
        (
            f"{SIGNL}.pretraining.precision",
            "16",
            "'bf16-mixed', 'bf16-mixed-everywhere' or '32-true'",
        ),
        (f"{SIGNL}.finetuning.freeze_encoder", "no", "true or false"),
        (f"{SIGNL}.finetuning.class_weights", 3, "a list"),
        (f"{SIGNL}.trainable_frontend", 1, "true or false"),
        ("limits.missing_audio", 1, "less than 1"),
        ("limits.undecodable", -0.1, "at least 0"),
        ("gpus_per_job", 17, "at most 16"),
        ("corpora.cfad.version", "loud", "'clean', 'noisy' or 'codec'"),
        ("demo.archives.scale", "x", "a number"),
        ("archives", "", "at least 1 characters"),
    ],
)
def test_a_value_is_refused_with_what_is_allowed(config, path, value, allowed):
    put(config, path, value)
    assert f"{path} is {value!r}; allowed is {allowed}" in refusal_of(config)


def test_a_seed_is_a_whole_number(config):
    put(config, "experiments.logmel.seeds", [1.0])
    message = "experiments.logmel.seeds.0 is 1.0; allowed is a whole number: write 1"
    assert message in refusal_of(config)


def test_values_of_an_axis_stand_there_once(config):
    put(config, "experiments.logmel.seeds", [1, 1])
    assert "experiments.logmel.seeds is [1, 1]; allowed is each value once" in refusal_of(config)


@pytest.mark.parametrize(
    "path",
    [
        f"{SIGNL}.pretraining.objective_options",
        f"{SIGNL}.per_corpus.cfad.pretraining.objective_options",
    ],
)
def test_options_of_an_objective_stand_in_it(config, path):
    put(config, path, {"invariance": 1.0})
    assert re.search(rf"{re.escape(path)} is no key; known are .*'objective'", refusal_of(config))


@pytest.mark.parametrize("place", [SIGNL, f"{SIGNL}.per_corpus.cfad"])
def test_an_objective_has_the_options_of_its_kind_alone(config, place):
    put(config, f"{place}.pretraining", {"objective": {"kind": "barlow", "invariance": 1.0}})
    message = refusal_of(config)
    where = re.escape(f"{place}.pretraining.objective.invariance")
    assert re.search(rf"{where} is no key; known are \['epsilon', 'kind', 'redundancy'\]", message)
    assert "vicreg" not in message


def test_an_override_of_another_kind_takes_the_place_of_the_first(config):
    put(config, f"{SIGNL}.pretraining.objective", {"kind": "vicreg", "invariance": 1.0})
    put(config, f"{SIGNL}.per_corpus.cfad.pretraining", {"objective": {"kind": "barlow"}})
    experiment = Experiment(config)
    chosen = experiment.pretraining_options("signl-logmel", "cfad").pretraining.objective
    assert chosen.dump() == {"kind": "barlow", "redundancy": 5e-3, "epsilon": 1e-5}
    other = experiment.pretraining_options("signl-logmel", "asvspoof5").pretraining.objective
    assert other.invariance == 1.0


@pytest.mark.parametrize(
    ("path", "known"),
    [
        (f"{SIGNL}.model", str(NETWORKS.names)),
        (f"{SIGNL}.pretraining.objective", str(OBJECTIVES.names)),
        (f"{SIGNL}.finetuning", str(FINETUNINGS.names)),
        (
            "frontends.logmel",
            "['joined', 'lfcc', 'logmel', 'mfcc', 'w2v_bert', 'wav2vec2', 'whisper']",
        ),
    ],
)
def test_an_unknown_kind_is_refused_with_those_that_are_known(config, path, known):
    put(config, f"{path}.kind", "novel")
    assert f"{path}: its kind is 'novel'; known are {known}" in refusal_of(config)


def test_a_mapping_of_a_kind_must_name_it(config):
    put(config, f"{SIGNL}.model", {"nodes": 16})
    assert f"{SIGNL}.model: its kind is None; known are" in refusal_of(config)
    put(config, f"{SIGNL}.model", "signl")
    assert "allowed is a mapping with the key kind" in refusal_of(config)


def test_a_band_is_lower_at_its_lower_end(config):
    config["frontends"]["logmel"] |= {"low_hz": 5000.0, "high_hz": 100.0}
    assert re.search(r"frontends\.logmel: .*low_hz.*5000.*high_hz.*100", refusal_of(config))


def test_a_crop_holds_a_frame(config):
    put(config, f"{SIGNL}.crop_s", 0.05)
    message = f"{SIGNL}.crop_s is 0.05; allowed is at least 0.064, which one frame"
    assert message in refusal_of(config)


def test_a_crop_lies_in_the_clip(config):
    put(config, f"{SIGNL}.crop_s", 9.5)
    assert f"{SIGNL}.crop_s is 9.5; allowed is at most the front-end's clip_s" in refusal_of(config)


@pytest.fixture
def model_folder(tmp_path):
    """The folder of a speech model, of which planning reads the configuration alone."""
    described = {"model_type": "wav2vec2", "hidden_size": 32, "num_hidden_layers": 2}
    masks = {"apply_spec_augment": True, "mask_time_prob": 0.5, "mask_time_length": 100}
    (tmp_path / "config.json").write_text(json.dumps(described | masks))
    import torch
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors")
    return tmp_path


def test_a_crop_of_a_trained_front_end_is_longer_than_its_masks(config, model_folder):
    put(config, "frontends.wav2vec2-small.model", str(model_folder))
    put(config, f"{WAV2VEC2}.trainable_frontend", True)
    put(config, f"{WAV2VEC2}.crop_s", 1.5)
    message = refusal_of(config)
    assert f"{WAV2VEC2}.crop_s is 1.5; allowed is at least" in message
    assert "masks" in message


def test_a_layer_is_one_that_the_model_has(config, model_folder):
    put(config, "frontends.wav2vec2-small.model", str(model_folder))
    put(config, "frontends.wav2vec2-small.layer", 3)
    message = refusal_of(config)
    assert re.search(r"frontends\.wav2vec2-small: .*layer 3 is not in -1\.\.2", message)


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("corpora.in_the_wild.version", "['shards', 'subset']"),
        ("corpora.cfad.seed", "['shards', 'subset', 'version']"),
        ("demo.archive", "['archives', 'frontend']"),
        ("demo.frontend.layers", "['hidden_size'"),
        ("limits.missing", "['missing_audio', 'undecodable']"),
    ],
)
def test_an_option_that_is_not_taken_is_refused(config, path, known):
    put(config, path, 1)
    assert f"{path} is no key; known are {known}" in refusal_of(config)


@pytest.mark.parametrize("section", ["frontends", "recipes", "experiments"])
@pytest.mark.parametrize(
    ("name", "what"),
    [
        (3, "the name is 3; allowed is text"),
        ("a\n", r"the name is 'a\n'; allowed is letters and digits"),
        ("../a", "the name is '../a'; allowed is letters and digits"),
        ("", "the name is ''; allowed is letters and digits"),
        ("a" * 201, "allowed is at most 200 characters"),
    ],
    ids=["number", "line break", "path", "empty", "long"],
)
def test_names_can_stand_in_paths(config, section, name, what):
    config[section][name] = copy.deepcopy(next(iter(config[section].values())))
    message = refusal_of(config)
    assert what in message
    assert "a\n" not in message


def test_audio_is_no_name_of_a_front_end(config):
    config["frontends"]["audio"] = {"kind": "logmel"}
    assert "'audio' is the name of audio without a front-end" in refusal_of(config)


def test_all_offences_are_told_at_once(config):
    put(config, "recipes.mean-logmel.finetuning.folds", 0)
    put(config, "recipes.mean-logmel.finetuning.fold", 1)
    put(config, "limits.undecodable", 2)
    lines = refusal_of(config).splitlines()
    assert lines[0] == "the configuration is refused:"
    assert len(lines) == 4


def test_a_network_without_weights_is_not_pretrained(config):
    put(config, "recipes.mean-logmel.pretraining", {"epochs": 1})
    message = "a network of kind mean_pool has no weights to pre-train; leave it out"
    assert message in refusal_of(config)


def test_a_network_of_frames_needs_a_front_end(config):
    del config["recipes"]["signl-logmel"]["frontend"]
    message = f"{SIGNL} has no frontend, and a network of kind signl reads frames; allowed are"
    assert message in refusal_of(config)


def test_the_optional_search_is_refused_where_it_is_not_installed(config, monkeypatch):
    put(config, f"{SIGNL}.model.search", "torch-cluster")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'signl-pipeline[torch-cluster]'" in refusal_of(config)


def test_paths_are_filled_in(config, monkeypatch):
    monkeypatch.setenv("CORPORA", "/data/corpora")
    put(config, "archives", "$CORPORA/published")
    assert Experiment(config).config.archives == "/data/corpora/published"
    monkeypatch.delenv("CORPORA")
    assert "the variable CORPORA is not set" in refusal_of(config)

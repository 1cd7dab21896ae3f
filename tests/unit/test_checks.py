"""What takes two values, of the embedded experiment's configuration; more in test_experiment."""

import copy

import pytest
import yaml

from signl.errors import ConfigError
from signl.experiment import Experiment


@pytest.fixture
def config(repository):
    return yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "name", ["config.yaml", "config.paper.yaml", "config.pretraining.yaml", "config.strong.yaml"]
)
def test_the_configurations_of_this_repository_make_sense(repository, name):
    Experiment(yaml.safe_load((repository / name).read_text(encoding="utf-8")))


def test_with_all_labels_what_draws_nothing_is_fitted_once(repository):
    config = yaml.safe_load((repository / "config.labels.yaml").read_text(encoding="utf-8"))
    # Whisper is a folder of whoever runs it; the rest of the configuration is as it is.
    config["frontends"]["whisper-base-1-2"] = {
        "kind": "logmel",
        "pooled": "mean",
        "clip_s": 4.5,
        "repeat": "frames",
        "variant": "cola",
    }
    trained = Experiment(config).trained
    seeds = {
        percent: {each.seed for each in trained if each.percent == percent}
        for percent in {each.percent for each in trained}
    }
    assert seeds == {5: {*range(1, 11)}, 10: {*range(1, 11)}, 30: {*range(1, 11)}, 100: {1}}


def test_one_name_is_of_one_perturbation(config, tmp_path):
    first = next(iter(config["experiments"].values()))
    first["perturbations"] = {"noise": {"kind": "noise", "snr_db": 10}, "mp3": {"kind": "codec"}}
    config["experiments"]["more"] = {**first, "perturbations": {"noise": {"kind": "noise"}}}
    with pytest.raises(ConfigError, match=r"more.perturbations.noise is .*allowed is another name"):
        Experiment(config)
    noise = {"kind": "noise", "folder": str(tmp_path)}
    config["experiments"]["more"]["perturbations"] = {"hum": noise}
    with pytest.raises(ConfigError, match=r"more.perturbations.hum: folder is .* has no sound"):
        Experiment(config)
    config["experiments"]["more"]["perturbations"] = {"noise@10": {"kind": "noise"}}
    with pytest.raises(ConfigError, match="the name is 'noise@10'"):
        Experiment(config)


def test_an_encoder_is_given_or_pretrained(config):
    config["recipes"]["signl-logmel"]["encoder"] = "models/encoder"
    with pytest.raises(ConfigError, match="signl-logmel: it has pretraining and encoder; allowed"):
        Experiment(config)
    config["recipes"]["signl-logmel"]["pretraining"] = None
    Experiment(config)


@pytest.fixture
def takes_encoder(config):
    """A recipe that starts from the encoder of another."""
    own = config["recipes"]["signl-logmel"] | {"pretraining": None, "encoder_of": "signl-logmel"}
    config["recipes"]["frozen"] = copy.deepcopy(own)
    return config["recipes"]["frozen"]


def test_an_encoder_is_taken_of_a_recipe_that_could_have_trained_it(config, takes_encoder):
    Experiment(config)
    takes_encoder["encoder_of"] = "frozen"
    with pytest.raises(ConfigError, match=r"encoder_of is 'frozen'; allowed are .*signl-logmel"):
        Experiment(config)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("frontend", "wav2vec2-small"),
        ("crop_s", 3.0),
        ("model", {"kind": "signl", "nodes": 8}),
        ("per_corpus", {}),
    ],
)
def test_an_encoder_of_another_network_is_not_taken(config, takes_encoder, key, value):
    takes_encoder[key] = value
    with pytest.raises(ConfigError, match=rf"recipes\.frozen\.{key}.* that of signl-logmel, whose"):
        Experiment(config)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"published_as": {"model": "signal", "frontend": "raw"}},
            r"recipes\.signl-logmel\.published_as: the paper has no signal/raw; it has .*signl/",
        ),
        (
            {"model": {"kind": "signl", "neighbours": 16, "nodes": 16}},
            r"signl-logmel\.model: neighbours must lie",
        ),
        (
            {"per_corpus": {"cfad": {"model": {"layers": 7}}}},
            r"signl-logmel\.per_corpus\.cfad\.model: the width of a node's features",
        ),
    ],
)
def test_what_a_job_would_refuse_is_refused_at_once(config, change, message):
    config["recipes"]["signl-logmel"] |= change
    with pytest.raises(ConfigError, match=message):
        Experiment(config)


def test_options_of_the_embedded_corpora_are_known(config):
    config["demo"]["archives"] = {"sead": 1}
    with pytest.raises(ConfigError, match=r"demo\.archives\.sead is no key; known are"):
        Experiment(config)


def test_a_given_classifier_needs_no_crop_and_no_front_end(config):
    config["recipes"]["signl-logmel"] = {"classifier": "models/classifier"}
    axes = config["experiments"]["logmel"]
    with pytest.raises(ConfigError, match=r"given classifier signl-logmel and train_corpora"):
        Experiment(config)
    axes |= {"train_corpora": ["cfad"], "label_percents": [5], "seeds": [1]}
    Experiment(config)


@pytest.fixture
def theirs(config, tmp_path):
    """An experiment on scores that are given; its folder, which is empty."""
    config["recipes"]["theirs"] = {"scores": str(tmp_path)}
    config["experiments"]["theirs"] = {
        "recipes": ["theirs"],
        "train_corpora": ["cfad"],
        "label_percents": [100],
        "seeds": [1, 2],
        "evaluate_on": ["in_the_wild"],
    }
    return tmp_path


def test_scores_that_are_given_are_there_for_each_cell(config, theirs):
    message = r"experiments\.theirs, recipes\.theirs\.scores: .* no scores of in_the_wild; allowed"
    with pytest.raises(ConfigError, match=message):
        Experiment(config)
    for seed in (1, 2):
        (theirs / f"seed-{seed}").mkdir()
        (theirs / f"seed-{seed}" / "in_the_wild.txt").touch()
    Experiment(config)


def test_a_score_file_stands_for_one_cell(config, theirs):
    (theirs / "in_the_wild.txt").touch()
    with pytest.raises(ConfigError, match=r"would take .*in_the_wild.txt for 2 cells of theirs"):
        Experiment(config)
    config["experiments"]["theirs"]["seeds"] = [1]
    Experiment(config)


def test_scores_that_are_given_are_not_perturbed(config, theirs):
    (theirs / "in_the_wild.txt").touch()
    axes = config["experiments"]["theirs"]
    axes |= {"seeds": [1], "perturbations": {"noise": {"kind": "noise", "snr_db": 10}}}
    with pytest.raises(
        ConfigError, match=r"recipes\.theirs is given by its scores; allowed is an ex"
    ):
        Experiment(config)


def test_figures_of_two_pairs_of_corpora_have_two_names(config):
    for name in ("cfad-in", "the", "in-the"):
        config["corpora"][name] = {"kind": "table", "table": "mine.csv"}
    axes = config["experiments"]["logmel"]
    axes |= {"train_corpora": ["cfad-in", "cfad"], "evaluate_on": ["the"]}
    config["experiments"]["wav2vec2"]["evaluate_on"] = ["in_the_wild"]
    config["experiments"]["other"] = axes | {"train_corpora": ["cfad"], "evaluate_on": ["in-the"]}
    with pytest.raises(ConfigError, match="would both be called cfad-in-the; give one of these"):
        Experiment(config)

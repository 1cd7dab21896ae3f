"""What takes two values, of the embedded experiment's configuration; more in test_experiment."""

import copy

import pytest
import yaml

from signl.errors import ConfigError
from signl.experiment import AUDIO, Experiment


@pytest.fixture
def config(repository):
    return yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "name", ["config.yaml", "config.paper.yaml", "config.pretraining.yaml", "config.strong.yaml"]
)
def test_the_configurations_of_this_repository_make_sense(repository, name):
    Experiment(yaml.safe_load((repository / name).read_text(encoding="utf-8")))


def test_a_front_end_that_has_no_weights_is_not_trained(config):
    config["recipes"]["signl-logmel"]["trainable_frontend"] = True
    with pytest.raises(ConfigError, match=r"signl-logmel\.trainable_frontend is true; allowed is"):
        Experiment(config)


def test_frames_are_not_repeated_where_the_front_end_is_trained(config):
    config["recipes"]["signl-wav2vec2"]["trainable_frontend"] = True
    Experiment(config)
    config["frontends"]["wav2vec2-small"]["repeat"] = "frames"
    with pytest.raises(ConfigError, match="whose repeat is waveform"):
        Experiment(config)


@pytest.fixture
def hears(config):
    """A recipe whose network reads audio itself."""
    recipe = {"crop_s": 1.0, "model": {"kind": "aasist", "clip_s": 2.0}, "finetuning": {}}
    config["recipes"]["raw"] = recipe
    config["experiments"][next(iter(config["experiments"]))]["recipes"].append("raw")
    return recipe


def test_a_network_of_audio_needs_no_front_end(config, hears):
    experiment = Experiment(config)
    assert experiment.source_of("raw") == AUDIO
    assert experiment.frontend_label("raw") == "none"
    assert experiment.finetuning_options("raw", "cfad").model.clip_s == 2.0
    assert experiment.inspected_s == 9.0
    hears["model"]["clip_s"] = 12.0
    assert Experiment(config).inspected_s == 12.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"frontend": "logmel"},
            "raw.frontend is 'logmel', and a network of kind aasist reads audio; leave it out",
        ),
        ({"crop_s": 2.5}, "raw.crop_s is 2.5; allowed is at most the network's clip_s, 2.0"),
        ({"crop_s": 0.1}, "raw: a crop of 1600 samples is too short .* at least 2315"),
        (
            {"per_corpus": {"cfad": {"model": {"kind": "mean_pool"}}}},
            "raw.per_corpus.cfad has no frontend, and a network of kind mean_pool reads frames",
        ),
        ({"trainable_frontend": True}, "raw.trainable_frontend is true; allowed is that with"),
    ],
    ids=["front-end", "long crop", "short crop", "per corpus", "trained front-end"],
)
def test_what_a_network_of_audio_cannot_have_is_refused(config, hears, change, message):
    hears |= change
    with pytest.raises(ConfigError, match=message):
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


def test_gradients_are_checkpointed_where_the_front_end_is_trained(config):
    config["recipes"]["signl-logmel"]["finetuning"]["gradient_checkpointing"] = True
    with pytest.raises(ConfigError, match="signl-logmel has gradient_checkpointing: true"):
        Experiment(config)


def test_views_are_augmented_where_the_network_reads_frames(config):
    config["recipes"]["signl-wav2vec2"]["pretraining"]["views"] = {"noise": 0.01}
    Experiment(config)
    config["recipes"]["signl-wav2vec2"]["trainable_frontend"] = True
    with pytest.raises(ConfigError, match=r"signl-wav2vec2\.pretraining\.views augment the pict"):
        Experiment(config)


def test_a_queue_holds_a_batch(config):
    pretraining = config["recipes"]["signl-logmel"]["pretraining"]
    pretraining |= {"objective": {"kind": "moco", "queue": 16}, "batch_size": 16}
    Experiment(config)
    pretraining["batch_size"] = 17
    with pytest.raises(ConfigError, match=r"queue is 16 with batch_size 17; allowed is a queue"):
        Experiment(config)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"kind": "audio_ntt"}, r"8 or more channels and frames, got \d+ channels and 1 frames"),
        ({"kind": "xvector"}, "takes 15 or more frames, got 1"),
    ],
)
def test_crops_that_are_too_short_for_a_network_are_refused(config, model, message):
    recipe = config["recipes"]["signl-logmel"]
    recipe["model"] = model
    recipe.pop("per_corpus", None)
    Experiment(config)
    recipe["crop_s"] = 0.095
    with pytest.raises(ConfigError, match=message):
        Experiment(config)


def test_joint_views_are_of_networks_without_graphs(config):
    recipe = config["recipes"]["signl-logmel"]
    joint = {"joint_views": True, "objective": {"kind": "simclr"}}
    recipe["pretraining"] = {**recipe["pretraining"], **joint}
    with pytest.raises(ConfigError, match="joint_views is true with a network of kind signl"):
        Experiment(config)
    recipe["model"] = {"kind": "audio_ntt"}
    recipe.pop("per_corpus", None)
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

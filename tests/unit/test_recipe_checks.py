"""What takes two values of one recipe, of the embedded experiment's configuration."""

import pytest
import yaml
from transformers import WavLMConfig, WavLMModel

from signl.errors import ConfigError
from signl.experiment import AUDIO, Experiment
from signl.features.speech_model.lora_options import LoraOptions


@pytest.fixture
def config(repository):
    return yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))


def test_a_front_end_that_has_no_weights_is_not_trained(config):
    config["recipes"]["signl-logmel"]["trainable_frontend"] = True
    with pytest.raises(ConfigError, match=r"signl-logmel\.trainable_frontend is true; allowed is"):
        Experiment(config)


@pytest.fixture
def adapts(config):
    """The adapters of a recipe whose front-end is trained by them, to be changed."""
    adapters = config["recipes"]["signl-wav2vec2"]["trainable_frontend"] = {"kind": "lora"}
    return adapters


def test_a_front_end_is_trained_by_adapters(config, adapts):
    adapts["rank"] = 4
    experiment = Experiment(config)
    recipe, frontend = experiment.recipe("signl-wav2vec2"), "wav2vec2-small"
    assert experiment.source_of("signl-wav2vec2") == AUDIO
    assert experiment.frontend_label("signl-wav2vec2") == f"{frontend} (LoRA)"
    assert recipe.for_corpus("cfad").trainable_frontend == LoraOptions(rank=4)
    trained = experiment.trained_frontend("signl-wav2vec2")
    for part in (recipe.pretraining_recipe(trained), recipe.finetuning_recipe(trained)):
        given = part.dump_given()
        assert given["lora"] == {"rank": 4}
        assert type(part).model_validate(given) == part
    assert recipe.finetuning_recipe(None).lora is None
    assert not experiment.keeps_adapters("signl-wav2vec2")
    adapts["merge"] = False
    assert Experiment(config).keeps_adapters("signl-wav2vec2")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": 0}, r"signl-wav2vec2\.trainable_frontend\.rank is 0; allowed is at least 1"),
        ({"targets": ["keys"]}, r"trainable_frontend\.targets\.0 is 'keys'; allowed is 'q', 'k'"),
        ({"kind": "dora"}, r"trainable_frontend\.kind is 'dora'; allowed is 'lora'"),
    ],
)
def test_adapters_that_cannot_be_are_refused(config, adapts, change, message):
    adapts |= change
    with pytest.raises(ConfigError, match=message):
        Experiment(config)


def test_adapters_need_a_front_end_that_can_be_trained(config, adapts):
    config["recipes"]["signl-logmel"]["trainable_frontend"] = adapts
    with pytest.raises(ConfigError, match=r"signl-logmel\.trainable_frontend is lora; allowed is"):
        Experiment(config)
    config["recipes"]["signl-logmel"]["trainable_frontend"] = "lora"
    with pytest.raises(
        ConfigError, match=r"trainable_frontend is 'lora'; allowed is true or false"
    ):
        Experiment(config)


def test_adapters_of_attention_that_passes_them_by_are_refused(config, adapts, tmp_path):
    WavLMModel(
        WavLMConfig(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            conv_dim=(8,) * 7,
            num_conv_pos_embeddings=4,
            num_conv_pos_embedding_groups=2,
        )
    ).save_pretrained(tmp_path)
    config["frontends"]["wav2vec2-small"] |= {"model": str(tmp_path), "layer": -1}
    with pytest.raises(ConfigError, match=r"signl-wav2vec2\.trainable_frontend: targets of LoRA"):
        Experiment(config)
    adapts["targets"] = ["intermediate", "output"]
    Experiment(config)


def test_frames_are_not_repeated_where_the_front_end_is_trained(config):
    config["recipes"]["signl-wav2vec2"]["trainable_frontend"] = True
    Experiment(config)
    config["frontends"]["wav2vec2-small"]["repeat"] = "frames"
    with pytest.raises(ConfigError, match="with repeat: waveform"):
        Experiment(config)


@pytest.fixture
def pools(config):
    """A recipe on statistics of a front-end's frames, to be changed, and the front-end."""
    recipe = config["recipes"]["mean-logmel"]
    recipe["model"] = {"kind": "mean_pool", "statistics": "mean"}
    frontend = config["frontends"][recipe["frontend"]] | {
        "pooled": "mean_and_deviation",
        "clip_s": 4.128,
    }
    config["frontends"]["pooled"] = frontend
    recipe |= {"frontend": "pooled", "crop_s": frontend["clip_s"]}
    return recipe, frontend


def test_a_network_reads_statistics_in_place_of_frames(config, pools):
    experiment = Experiment(config)
    assert experiment.finetuning_options("mean-logmel", "cfad").crop_s == pools[1]["clip_s"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crop_s": 1.0}, r"whole clip, and crop_s is 1\.0; allowed is its clip_s, 4\.128"),
        ({"model": {"kind": "lcnn"}}, "a network of kind lcnn reads frames; allowed is that with"),
        (
            {"model": {"kind": "mean_pool"}},
            "statistics is mean_and_deviation of one frame, whose deviation is 0; allowed is mean",
        ),
        (
            {"model": {"kind": "mean_pool", "statistics": "mean", "weighting": "softmax"}},
            "the network weighs hidden states; allowed is that with a front-end of pooled: mean",
        ),
    ],
    ids=["crop", "network", "deviation", "weighting"],
)
def test_what_statistics_cannot_be_for_is_refused(config, pools, change, message):
    recipe, _ = pools
    recipe |= {"finetuning": {"kind": "gradient"}, **change}
    with pytest.raises(ConfigError, match=message):
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


def test_waveforms_are_augmented_where_a_training_reads_them(config, hears):
    entries = [{"kind": "rawboost"}, {"kind": "speed", "factors": [0.9, 1.5]}]
    hears["finetuning"] = {"waveform_augmentation": entries}
    experiment = Experiment(config)
    boost, speed = experiment.finetuning_options("raw", "cfad").finetuning.waveform_augmentation
    assert (boost.algorithm, speed.factors) == (5, (0.9, 1.5))
    assert experiment.inspected_s == 9.0
    # What is read is what was found to be readable: 1.5 s for one of the clip.
    hears["model"]["clip_s"] = 8.0
    assert Experiment(config).inspected_s == 12.0
    axes = next(iter(config["experiments"].values()))
    axes["perturbations"] = {"faster": {"kind": "speed", "factors": [1.25]}}
    assert Experiment(config).inspected_s == 15.0


def test_cached_features_are_not_augmented_as_waveforms(config):
    recipe = config["recipes"]["signl-wav2vec2"]
    plain = recipe["finetuning"]
    recipe["finetuning"] = {**plain, "waveform_augmentation": [{"kind": "codec"}]}
    with pytest.raises(ConfigError, match=r"wav2vec2.finetuning: .* augmented_copies, which are"):
        Experiment(config)
    recipe["trainable_frontend"] = True
    Experiment(config)
    recipe["per_corpus"] = {"cfad": {"pretraining": {"waveform_augmentation": [{"kind": "noise"}]}}}
    Experiment(config)
    recipe["trainable_frontend"] = False
    recipe["finetuning"] = plain
    with pytest.raises(
        ConfigError, match=r"wav2vec2.per_corpus.cfad.pretraining: waveform_augment"
    ):
        Experiment(config)


def test_the_sounds_of_an_augmentation_are_looked_for(config, hears, tmp_path):
    hears["finetuning"] = {
        "waveform_augmentation": [{"kind": "speed"}, {"kind": "noise", "folder": str(tmp_path)}]
    }
    with pytest.raises(
        ConfigError, match=r"raw.finetuning.waveform_augmentation.1: folder is .* no s"
    ):
        Experiment(config)
    (tmp_path / "hum.wav").touch()
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


def test_networks_of_states_read_as_many_as_the_front_end_gives(config):
    config["frontends"]["wav2vec2-small"]["layers"] = [0, 1]
    config["frontends"]["wav2vec2-small"].pop("layer")
    recipe = config["recipes"]["signl-wav2vec2"]
    recipe.pop("per_corpus", None)
    recipe["model"] = {"kind": "mhfa", "states": 2, "heads": 2}
    Experiment(config)
    # One that divides the width too, and would weight halves of states.
    recipe["model"]["states"] = 4
    with pytest.raises(ConfigError, match="states is 4, and a frame of the front-end holds 2 hid"):
        Experiment(config)
    recipe["model"] = {"kind": "mean_pool", "weighting": "softmax"}
    with pytest.raises(ConfigError, match="states is 1, and a frame of the front-end holds 2 hid"):
        Experiment(config)
    recipe |= {"model": {"kind": "mean_pool"}, "pretraining": None}
    Experiment(config)


@pytest.mark.parametrize(
    ("finetuning", "words"),
    [({"kind": "logistic"}, "kind: logistic"), ({"freeze_encoder": True}, "freeze_encoder: true")],
)
def test_a_network_that_nothing_trains_is_refused(config, finetuning, words):
    recipe = config["recipes"]["signl-logmel"]
    recipe.pop("per_corpus", None)
    recipe["finetuning"] = finetuning
    Experiment(config)
    recipe["pretraining"] = None
    message = (
        rf"signl-logmel\.finetuning has {words}, which leaves the network of kind signl at ran"
    )
    with pytest.raises(ConfigError, match=message):
        Experiment(config)


def test_two_views_of_a_pretraining_are_not_the_same(config):
    recipe = config["recipes"]["signl-logmel"]
    recipe.pop("per_corpus", None)
    recipe["crop_s"] = config["frontends"]["logmel"]["clip_s"] = 4.128
    Experiment(config)  # its graphs are augmented
    recipe["model"] = {"kind": "audio_ntt"}
    with pytest.raises(ConfigError, match=r"crop_s is the whole clip of 4\.128 s, and nothing aug"):
        Experiment(config)
    recipe["pretraining"]["views"] = {"noise": 0.01}
    Experiment(config)


def test_what_is_no_log_spectrum_is_not_mixed_or_stretched(config):
    pretraining = config["recipes"]["signl-wav2vec2"]["pretraining"]
    for views in ({"mixup": 0.1}, {"mixback": 0.1}, {"resize_crop": [0.6, 1.5]}):
        pretraining["views"] = views
        with pytest.raises(ConfigError, match="mix or stretch log-spectra, and frames of a front-"):
            Experiment(config)


def test_a_front_end_at_recording_level_is_not_trained(config):
    config["frontends"]["wav2vec2-small"]["normalise"] = False
    config["recipes"]["signl-wav2vec2"]["trainable_frontend"] = True
    with pytest.raises(ConfigError, match="whose input is normalised"):
        Experiment(config)


def test_crops_that_are_all_the_same_are_refused(config):
    recipe = config["recipes"]["signl-logmel"]
    recipe["finetuning"]["crops"] = 3
    Experiment(config)
    recipe["crop_s"] = 9.0
    message = r"signl-logmel\.finetuning\.crops is 3 and crop_s the whole clip of .* allowed is"
    with pytest.raises(ConfigError, match=message):
        Experiment(config)

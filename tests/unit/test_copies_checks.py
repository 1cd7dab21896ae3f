import copy

import pytest
import yaml

from signl.errors import ConfigError
from signl.experiment import Experiment

RECIPE = {
    "frontend": "logmel",
    "crop_s": 1.0,
    "model": {"kind": "xvector"},
    "pretraining": {"augmented_copies": "changed"},
    "finetuning": {"augmented_copies": "changed"},
}


@pytest.fixture
def config(repository):
    given = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    given["frontends"] = {
        "logmel": {"kind": "logmel", "clip_s": 2.0},
        "w2v": {"kind": "wav2vec2", "model": "a/b", "revision": "c" * 40, "clip_s": 2.0},
    }
    given["resynthesis"] = {"made": {}}
    given["augmented_copies"] = {"changed": {"chain": [{"kind": "rawboost"}], "copies": 2}}
    given["recipes"] = {"drawing": copy.deepcopy(RECIPE)}
    given["experiments"] = {
        "labels": {
            "recipes": ["drawing"],
            "train_corpora": ["cfad"],
            "label_percents": [5],
            "seeds": [1],
            "evaluate_on": ["cfad"],
        }
    }
    return given


def test_what_fits_is_taken(config):
    Experiment(config)
    # The two views of the whole clip are of two versions.
    config["recipes"]["drawing"]["crop_s"] = 2.0
    Experiment(config)
    del config["recipes"]["drawing"]["pretraining"]["augmented_copies"]
    with pytest.raises(ConfigError, match=r"then the same; allowed is .* or augmented_copies"):
        Experiment(config)


def changed(**values):
    return lambda given: given["recipes"]["drawing"].update(values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            changed(finetuning={"augmented_copies": "others"}),
            r"drawing\.finetuning\.augmented_copies is 'others'; allowed are \['changed'\]",
        ),
        (
            changed(pretraining={"augmented_copies": "made"}),
            r"drawing\.pretraining\.augmented_copies is 'made'; allowed are \['changed'\]",
        ),
        (
            changed(model={"kind": "aasist"}, frontend=None, pretraining=None),
            r"finetuning\.augmented_copies is 'changed', .* allowed is that with a frontend, "
            "without trainable_frontend; .* waveform_augmentation",
        ),
        (
            changed(frontend="w2v", trainable_frontend=True, pretraining=None),
            r"finetuning\.augmented_copies is 'changed', .* without trainable_frontend",
        ),
        (
            changed(per_corpus={"cfad": {"finetuning": {"augmented_copies": "others"}}}),
            r"per_corpus\.cfad\.finetuning\.augmented_copies is 'others'",
        ),
        (
            changed(finetuning={"kind": "svm", "augmented_copies": "changed"}),
            "'changed' with kind svm, .* allowed is it with kind gradient or logistic",
        ),
        (
            changed(
                finetuning={
                    "kind": "vocoded",
                    "resynthesis": "made",
                    "augmented_copies": "changed",
                }
            ),
            "'changed' with kind vocoded, .* allowed is it with kind gradient or logistic",
        ),
        (
            changed(
                pretraining={
                    "augmented_copies": "changed",
                    "objective": {"kind": "resynthesis", "copies": "made"},
                }
            ),
            "augmented_copies is 'changed' with an objective of kind resynthesis",
        ),
        (
            changed(pretraining={"augmented_copies": "changed", "corpora": ["cfad", "asvspoof5"]}),
            r"corpora is \['cfad', 'asvspoof5'\] with augmented_copies; allowed is one corpus",
        ),
        (
            lambda given: given["experiments"]["labels"].update(
                train_corpora=[["asvspoof5", "cfad"]]
            ),
            "trains drawing, which learns from augmented_copies, on several corpora",
        ),
        (
            lambda given: given["augmented_copies"].update(
                made=given["augmented_copies"]["changed"]
            ),
            r"named \['changed', 'made'\]; allowed are names besides \['dev', 'made'\]",
        ),
        (
            lambda given: given["augmented_copies"]["changed"].update(copies=0),
            r"augmented_copies\.changed\.copies is 0; allowed is at least 1",
        ),
        (
            lambda given: given["augmented_copies"]["changed"].update(
                chain=[{"kind": "rawboost"}, {"kind": "noise", "folder": "/nowhere"}]
            ),
            r"augmented_copies\.changed\.chain\.1: folder is '/nowhere', which is no folder here",
        ),
    ],
)
def test_what_cannot_have_copies_is_refused(config, change, message):
    change(config)
    with pytest.raises(ConfigError, match=message):
        Experiment(config)


def test_a_folder_of_copies_that_no_recipe_takes_is_not_looked_at(config):
    chain = [{"kind": "noise", "folder": "/nowhere"}]
    config["augmented_copies"]["idle"] = {"chain": chain, "copies": 1}
    Experiment(config)

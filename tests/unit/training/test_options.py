"""The defaults are the published settings (arXiv 2501.04942)."""

import pytest
import yaml

from signl.errors import ConfigError
from signl.experiment import Experiment
from signl.models.signl.options import GraphAugmentation
from signl.training.gradient_options import GradientOptions
from signl.training.options import (
    FinetuningRecipe,
    LogisticOptions,
    PretrainingOptions,
    PretrainingRecipe,
)
from signl.typed import build


def test_defaults_of_both_trainings():
    for options in (PretrainingOptions(), GradientOptions()):
        assert (options.epochs, options.batch_size, options.patience) == (100, 96, 3)
        assert (options.learning_rate, options.weight_decay) == (1e-5, 1e-4)
        assert (options.head_widths, options.dropout) == ((256, 128, 80), 0.1)
        assert options.precision == "bf16-mixed"


def test_defaults_of_pretraining():
    options = PretrainingOptions()
    assert (options.objective.kind, options.min_delta) == ("alignment", 7e-5)
    assert options.augmentation == GraphAugmentation(keep_edge=0.5, noise_std=0.1, mask=0.5)


def test_defaults_of_finetuning():
    options = GradientOptions()
    assert (options.cosine_epochs, options.patience_below_eer) == (10, 0.1)
    assert options.class_weights == (0.1, 0.9)
    assert options.loss == "cross_entropy"
    assert not options.freeze_encoder


def test_p2sgrad_has_no_class_weights():
    values = {"loss": "p2sgrad", "head_widths": [64]}
    options = build(GradientOptions, values, "finetuning")
    assert build(GradientOptions, options.dump(), "finetuning") == options
    with pytest.raises(ConfigError, match=r"class_weights is \[0\.5, 0\.5\], and loss: p2sgrad"):
        build(GradientOptions, {**values, "class_weights": [0.5, 0.5]}, "finetuning")


@pytest.mark.parametrize(
    "others", [{}, {"head_widths": [64]}, {"head_widths": [], "loss": "p2sgrad"}]
)
def test_an_output_is_for_a_head_of_one_linear_layer(others):
    message = r"head_output is selu, loss .*; allowed is that with .* head_widths: \[\]"
    with pytest.raises(ConfigError, match=message):
        build(GradientOptions, {"head_output": "selu", **others}, "finetuning")
    build(GradientOptions, {"head_output": "selu", "head_widths": []}, "finetuning")


@pytest.mark.parametrize("name", ["config.yaml", "config.paper.yaml"])
def test_the_recipes_that_come_with_it_can_be_built(repository, name):
    config = yaml.safe_load((repository / name).read_text())
    experiment = Experiment(config)
    for cell in experiment.evaluated:
        recipe, corpus = cell.classifier.recipe, cell.classifier.corpus
        options = experiment.finetuning_options(recipe, corpus)
        assert build(FinetuningRecipe, options.dump_given(), recipe) == options
        if experiment.pretrained_by(recipe) == recipe:
            options = experiment.pretraining_options(recipe, corpus)
            assert build(PretrainingRecipe, options.dump_given(), recipe) == options


def test_the_paper_has_four_neighbours_and_other_weights_for_cfad(repository):
    config = yaml.safe_load((repository / "config.paper.yaml").read_text())
    experiment = Experiment(config)
    recipes = config["recipes"].items()
    for recipe in (name for name, each in recipes if each["model"]["kind"] == "signl"):
        of_cfad, of_df = (
            build(FinetuningRecipe, experiment.finetuning_options(recipe, corpus), recipe)
            for corpus in ("cfad", "asvspoof2021_df")
        )
        assert (of_cfad.model.neighbours, of_df.model.neighbours) == (4, 3)
        assert of_cfad.finetuning.class_weights == (0.33, 0.67)
        assert of_df.finetuning.class_weights == (0.1, 0.9)


def test_errors_name_the_place_in_the_recipe():
    with pytest.raises(
        ConfigError, match=r"recipe\.pretraining\.augmentation\.mask is 2; allowed is at most"
    ):
        build(
            PretrainingRecipe,
            {
                "crop_s": 4.5,
                "model": {"kind": "signl"},
                "pretraining": {"augmentation": {"mask": 2}},
            },
            "recipe",
        )


def test_a_finetuning_that_names_no_kind_is_by_gradient():
    def finetuning(**options):
        values = {"crop_s": 4.5, "model": {"kind": "signl"}, "finetuning": options}
        return build(FinetuningRecipe, values, "recipe").finetuning

    assert finetuning() == GradientOptions()
    assert finetuning(kind="logistic") == LogisticOptions()
    with pytest.raises(ConfigError, match=r"'forest'; known are \['gradient', 'logistic', .*'svm'"):
        finetuning(kind="forest")
    with pytest.raises(ConfigError, match=r"recipe\.finetuning\.epochs is no key"):
        finetuning(kind="logistic", epochs=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 1}, "batch_size is 1; allowed is at least 2"),
        ({"epochs": 4.0}, "epochs is 4.0; .*write 4"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"dropout": 1.5}, "dropout is 1.5"),
    ],
)
def test_what_no_pretraining_can_use_is_refused(options, message):
    values = {"crop_s": 4.5, "model": {"kind": "signl"}, "pretraining": options}
    with pytest.raises(ConfigError, match=rf"recipe\.pretraining\.{message}"):
        build(PretrainingRecipe, values, "recipe")

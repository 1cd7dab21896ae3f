"""The defaults are the published settings (arXiv 2501.04942)."""

import pytest
import yaml

from signl.errors import ConfigError
from signl.experiment import Experiment
from signl.models.signl.options import GraphAugmentation
from signl.options import build_options
from signl.training.options import (
    FinetuningOptions,
    FinetuningRecipe,
    PretrainingOptions,
    PretrainingRecipe,
)


def test_defaults_of_both_trainings():
    for options in (PretrainingOptions(), FinetuningOptions()):
        assert (options.epochs, options.batch_size, options.patience) == (100, 96, 3)
        assert (options.learning_rate, options.weight_decay) == (1e-5, 1e-4)
        assert (options.head_widths, options.dropout) == ((256, 128, 80), 0.1)
        assert options.precision == "bf16-mixed"


def test_defaults_of_pretraining():
    options = PretrainingOptions()
    assert (options.objective, options.min_delta) == ("alignment", 7e-5)
    assert options.augmentation == GraphAugmentation(keep_edge=0.5, noise_std=0.1, mask=0.5)


def test_defaults_of_finetuning():
    options = FinetuningOptions()
    assert (options.cosine_epochs, options.patience_below_eer) == (10, 0.1)
    assert options.class_weights == (0.1, 0.9)
    assert not options.freeze_encoder


@pytest.mark.parametrize("name", ["config.yaml", "config.paper.yaml"])
def test_the_recipes_that_come_with_it_can_be_built(repository, name):
    config = yaml.safe_load((repository / name).read_text())
    experiment = Experiment(config, repository / "rules/schemas/config.schema.yaml")
    for cell in experiment.evaluated:
        recipe, corpus = cell.classifier.recipe, cell.classifier.corpus
        build_options(FinetuningRecipe, experiment.finetuning_options(recipe, corpus), recipe)
        if experiment.pretrained_by(recipe) == recipe:
            options = experiment.pretraining_options(recipe, corpus)
            build_options(PretrainingRecipe, options, recipe)


def test_the_paper_has_four_neighbours_and_other_weights_for_cfad(repository):
    config = yaml.safe_load((repository / "config.paper.yaml").read_text())
    experiment = Experiment(config, repository / "rules/schemas/config.schema.yaml")
    for recipe in config["recipes"]:
        of_cfad, of_df = (
            build_options(FinetuningRecipe, experiment.finetuning_options(recipe, corpus), recipe)
            for corpus in ("cfad", "asvspoof2021_df")
        )
        assert (of_cfad.graph.neighbours, of_df.graph.neighbours) == (4, 3)
        assert of_cfad.finetuning.class_weights == (0.33, 0.67)
        assert of_df.finetuning.class_weights == (0.1, 0.9)


def test_errors_name_the_place_in_the_recipe():
    with pytest.raises(ConfigError, match=r"recipe\.pretraining\.augmentation: mask must lie"):
        build_options(
            PretrainingRecipe,
            {"crop_s": 4.5, "graph": {}, "pretraining": {"augmentation": {"mask": 2}}},
            "recipe",
        )

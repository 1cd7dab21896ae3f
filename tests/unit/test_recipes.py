import pytest

from signl.errors import ConfigError
from signl.features.frontends import frontend_options
from signl.recipes import Recipe, check_embeds, merged, pretraining_pairs
from signl.typed import build

PLAIN = {
    "frontend": "logmel",
    "crop_s": 4.5,
    "model": {"kind": "signl", "nodes": 4, "channels": 8, "neighbours": 3, "layers": 2},
    "finetuning": {"epochs": 5},
}


def test_a_corpus_has_its_own_options():
    own = {"model": {"neighbours": 2}, "finetuning": {"class_weights": [0.3, 0.7]}}
    recipe = build(Recipe, PLAIN | {"per_corpus": {"cfad": own}}, "recipe")
    assert recipe.for_corpus("asvspoof5") is recipe
    of_cfad = recipe.for_corpus("cfad")
    assert of_cfad.model.neighbours == 2
    assert of_cfad.model.nodes == 4
    assert of_cfad.finetuning.epochs == 5
    assert of_cfad.finetuning.class_weights == (0.3, 0.7)
    assert recipe.model.neighbours == 3


def test_another_kind_takes_the_place_of_the_first():
    own = {"finetuning": {"kind": "logistic"}}
    recipe = build(Recipe, PLAIN | {"per_corpus": {"cfad": own}}, "recipe")
    assert recipe.finetuning.kind == "gradient"
    assert recipe.for_corpus("cfad").finetuning.kind == "logistic"
    assert merged({"a": {"kind": "x", "b": 1}}, {"a": {"kind": "y"}}) == {"a": {"kind": "y"}}
    assert merged({"a": {"b": 1}}, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"crop_s": 3.0}, r"recipe\.per_corpus\.cfad\.crop_s is no key; known are \['model'"),
        ({"model": {"nodes": 0}}, r"recipe\.per_corpus\.cfad\.model\.nodes is 0; allowed is at"),
        ({"model": {"node": 1}}, r"recipe\.per_corpus\.cfad\.model\.node is no key; known are"),
    ],
)
def test_what_a_corpus_has_of_its_own_is_checked(own, message):
    with pytest.raises(ConfigError, match=message):
        build(Recipe, PLAIN | {"per_corpus": {"cfad": own}}, "recipe")


def test_a_recipe_has_all_that_a_training_takes():
    with pytest.raises(ConfigError, match=r"its keys \['crop_s', 'model'\] are missing; or name"):
        build(Recipe, {"frontend": "logmel", "finetuning": {}}, "recipe")


def test_a_given_classifier_takes_little_beside_it():
    recipe = build(Recipe, {"classifier": "models/a", "frontend": "logmel"}, "recipe")
    assert recipe.model is None
    with pytest.raises(ConfigError, match=r"has \['crop_s'\] beside classifier; allowed are"):
        build(Recipe, {"classifier": "models/a", "crop_s": 1.0}, "recipe")


def test_trainings_take_their_part():
    recipe = build(Recipe, PLAIN | {"pretraining": {"epochs": 2}}, "recipe")
    frontend = frontend_options({"kind": "wav2vec2", "model": "someone/model"})
    assert recipe.pretraining_recipe(None).dump_given() == {
        "crop_s": 4.5,
        "model": {"kind": "signl", "nodes": 4, "channels": 8, "layers": 2},
        "pretraining": {"epochs": 2},
    }
    assert recipe.finetuning_recipe(frontend).frontend == frontend


def test_scores_that_are_given_take_little_beside_them():
    recipe = build(Recipe, {"scores": "theirs", "score_files": {"score": 3}}, "recipe")
    assert recipe.is_given
    assert recipe.score_files.dump_given() == {"score": 3}
    with pytest.raises(ConfigError, match=r"has \['crop_s'\] beside scores; allowed are \['publ"):
        build(Recipe, {"scores": "theirs", "crop_s": 1.0}, "recipe")
    with pytest.raises(ConfigError, match=r"has \['scores'\] beside classifier; allowed are"):
        build(Recipe, {"scores": "theirs", "classifier": "models/a"}, "recipe")
    with pytest.raises(ConfigError, match="it has score_files without scores"):
        build(Recipe, PLAIN | {"score_files": {"score": 3}}, "recipe")
    with pytest.raises(
        ConfigError, match=r"recipe\.score_files\.higher is 'real'; allowed is 'bon"
    ):
        build(Recipe, {"scores": "theirs", "score_files": {"higher": "real"}}, "recipe")


def test_pairs_differ_in_pretraining_alone():
    kinds = {
        "scratch": PLAIN,
        "trained": PLAIN | {"pretraining": {"epochs": 2}},
        "of": PLAIN | {"encoder_of": "trained"},
        "other": PLAIN | {"pretraining": {"epochs": 2}, "crop_s": 3.0},
        "given": {"classifier": "models/a"},
    }
    recipes = {name: build(Recipe, options, name) for name, options in kinds.items()}
    assert pretraining_pairs(recipes) == [("of", "scratch"), ("trained", "scratch")]


def test_pairs_may_have_another_pretraining_of_a_corpus():
    own = {"per_corpus": {"cfad": {"pretraining": {"epochs": 3}}}}
    recipes = {
        "scratch": build(Recipe, PLAIN, "scratch"),
        "trained": build(Recipe, PLAIN | {"pretraining": {"epochs": 2}} | own, "trained"),
    }
    assert pretraining_pairs(recipes) == [("trained", "scratch")]


def test_a_recipe_without_a_network_has_no_embeddings():
    recipes = {
        "given": Recipe(scores="folder"),
        "both": Recipe(mean_of=("one", "two")),
        "one": Recipe(classifier="folder", frontend="x"),
    }
    check_embeds("one", recipes)
    for name, why in (("given", "given by its scores"), ("both", "mean of the scores of one, two")):
        with pytest.raises(ConfigError, match=rf"recipe {name}: it is .*{why}.*are \['one'\]"):
            check_embeds(name, recipes)

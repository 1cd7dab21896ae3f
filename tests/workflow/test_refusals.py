"""What is refused before anything runs, and in which words."""

import copy

import pytest

from signl.corpora.registry import CORPORA

pytestmark = pytest.mark.workflow


@pytest.fixture
def refused(elsewhere, toy_config):
    """Return a function that changes the configuration and gives what Snakemake says to it."""

    def refuse(change, *arguments):
        config = copy.deepcopy(toy_config)
        change(config)
        done = elsewhere.run(config, "--dry-run", *arguments)
        assert done.returncode != 0
        return done.stdout

    return refuse


def test_an_unknown_key(refused):
    def change(config):
        config["recipes"]["toy"]["model"]["edges"] = 3

    said = refused(change)
    assert "recipes.toy.model.edges is no key" in said
    assert (
        "known are ['channels', 'kind', 'layers', 'neighbours', 'nodes', 'projection', 'search']"
        in said
    )


def test_a_number_that_yaml_took_for_text(refused):
    def change(config):
        config["recipes"]["toy"]["pretraining"]["learning_rate"] = "1e-4"

    said = refused(change)
    assert "recipes.toy.pretraining.learning_rate is '1e-4'; allowed is a number" in said
    assert "write 1.0e-5" in said


@pytest.mark.parametrize("percent", [0, -5, 120])
def test_a_label_percent_out_of_range(refused, percent):
    def change(config):
        config["experiments"]["toy"]["label_percents"] = [percent]

    said = refused(change)
    assert f"experiments.toy.label_percents.0 is {percent}; allowed is" in said


def test_an_unknown_frontend(refused):
    def change(config):
        config["recipes"]["toy"]["frontend"] = "xlsr"

    assert "recipes.toy.frontend is 'xlsr'; allowed are ['toy']" in refused(change)


def test_a_train_corpus_without_train_partition(refused):
    def change(config):
        config["experiments"]["toy"]["train_corpora"] = ["in_the_wild"]

    said = refused(change)
    assert "experiments.toy.train_corpora: corpus with a train partition is 'in_the_wild'" in said
    assert "'asvspoof2021_df', 'asvspoof5', 'cfad'" in said


def test_evaluation_on_audio_that_was_selected_on(refused):
    def change(config):
        config["corpora"]["asvspoof5_signl"] = {"subset": True}
        config["experiments"]["toy"] |= {
            "train_corpora": ["asvspoof5"],
            "evaluate_on": ["asvspoof5_signl"],
        }

    said = refused(change)
    assert "trains on asvspoof5 and evaluates on asvspoof5_signl, which share audio" in said


def test_a_model_id_without_revision(refused):
    def change(config):
        config["frontends"]["toy"] = {"kind": "wav2vec2", "model": "some/model"}

    said = refused(change)
    assert "frontends.toy: " in said
    assert "'some/model'" in said
    assert "a model id needs a revision" in said


def test_missing_archives_are_all_named_at_once(refused, tmp_path):
    def change(config):
        config["archives"] = str(tmp_path / "archives")

    said = refused(change)
    for name in ("cfad", "in_the_wild"):
        for archive in CORPORA[name].archives:
            for file in archive.files:
                assert str(tmp_path / "archives" / archive.folder / file) in said
            assert archive.page in said
    assert "LA.zip" in said
    # The eval partition of this corpus is not asked for, nor is its audio.
    assert "DF_eval_part00" not in said


def test_check_archives_tells_what_is_there(elsewhere, toy_config, tmp_path):
    config = copy.deepcopy(toy_config)
    folder = tmp_path / "archives"
    config["archives"] = str(folder)
    (folder / "InTheWild").mkdir(parents=True)
    (folder / "InTheWild" / "release_in_the_wild.zip").write_bytes(b"zip")
    said = elsewhere.make(config, "check_archives")
    lines = {line.split()[0]: line for line in said.splitlines() if ".zip" in line}
    assert "present" in lines["release_in_the_wild.zip"]
    assert "MISSING" in lines["LA.zip"]
    assert "https://datashare.ed.ac.uk" in lines["LA.zip"]


def test_more_gpus_a_job_than_may_be_used_are_refused(toy, toy_config):
    config = toy_config | {"gpus_per_job": 4}
    done = toy.run(config, "--dry-run")
    assert done.returncode != 0
    assert "gpus_per_job is 4, and no more than 1 may be used" in done.stdout
    said = toy.make(config, "--dry-run", "--resources", "gpu=4", "--forcerun", "pretrain_encoder")
    block = said[said.index("rule pretrain_encoder:") :]
    assert "gpu=4" in block[: block.index("\n\n")]


def test_a_map_of_embeddings_of_a_recipe_without_a_network(refused):
    def change(config):
        config["recipes"]["other"] = copy.deepcopy(config["recipes"]["toy"])
        config["recipes"]["both"] = {"mean_of": ["toy", "other"]}
        config["experiments"]["toy"]["recipes"] = ["toy", "other", "both"]

    cell = "both/cfad/labels-50/seed-1/in_the_wild"
    said = refused(change, f"results/figures/embeddings/{cell}.svg")
    assert "no map of embeddings of the recipe both: it is the mean of the scores of toy," in said
    assert "those with one are ['other', 'toy']" in said

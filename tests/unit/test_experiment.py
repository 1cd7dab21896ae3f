import copy
import re
from collections import Counter

import pytest

from signl import stages
from signl.corpora.registry import corpus_named
from signl.demo.demo_files import DEMO_ARCHIVES, DEMO_FRONTEND, demo_files, frontend_files
from signl.errors import ConfigError
from signl.experiment import AUDIO, Evaluated, Experiment, Pretrained, Trained
from signl.jobs import jobs_of

CHALLENGE_PROTOCOLS = ("ASVspoof5.train.metadata.txt", "ASVspoof5.dev.metadata.txt")
MODEL = {"kind": "signl", "nodes": 4, "channels": 8, "neighbours": 3, "layers": 2}
CONFIG = {
    "archives": DEMO_ARCHIVES,
    "corpora": {
        "asvspoof2021_df": {"subset": True},
        "cfad": {"subset": True, "shards": {"CFAD": 3}},
        "in_the_wild": None,
    },
    "frontends": {
        "logmel": {"kind": "logmel"},
        "small": {"kind": "wav2vec2", "model": DEMO_FRONTEND},
    },
    "recipes": {
        "plain": {"frontend": "logmel", "crop_s": 4.5, "model": MODEL, "finetuning": {}},
        "signl": {
            "frontend": "small",
            "crop_s": 4.5,
            "model": MODEL,
            "pretraining": {"epochs": 7},
            "finetuning": {"epochs": 5, "patience": 2},
            "published_as": {"model": "signl", "frontend": "wav2vec2"},
            "per_corpus": {
                "cfad": {
                    "model": {"neighbours": 2},
                    "finetuning": {"class_weights": [0.33, 0.67]},
                }
            },
        },
    },
    "experiments": {
        "main": {
            "recipes": ["plain", "signl"],
            "train_corpora": ["asvspoof2021_df"],
            "label_percents": [5, 100],
            "seeds": [1, 2],
            "evaluate_on": ["asvspoof2021_df", "in_the_wild"],
        }
    },
}


@pytest.fixture
def config():
    return copy.deepcopy(CONFIG)


@pytest.fixture
def main(config):
    """The axes of the one experiment, to be changed."""
    return config["experiments"]["main"]


@pytest.fixture
def build(config):
    """Return a function that builds the experiment of the configuration as it then is."""
    return lambda: Experiment(config)


def made(experiment, folder):
    """What the jobs of an experiment make in a folder."""
    outputs = [output for job in jobs_of(experiment) for output in job.outputs]
    assert len(outputs) == len(set(outputs))
    return {output for output in outputs if output.startswith(folder)}


def test_encoders_are_those_of_recipes_with_pretraining(build):
    corpus = "asvspoof2021_df"
    assert build().pretrained == [Pretrained("signl", corpus, 1), Pretrained("signl", corpus, 2)]


def test_without_pretraining_there_are_no_encoders(build, main):
    main["recipes"] = ["plain"]
    assert build().pretrained == []


def test_recipes_share_an_encoder(build, config, main):
    config["recipes"]["frozen"] = config["recipes"]["signl"] | {
        "pretraining": None,
        "encoder_of": "signl",
        "finetuning": {"freeze_encoder": True},
    }
    main["recipes"] = ["frozen"]
    experiment = build()
    assert {encoder.recipe for encoder in experiment.pretrained} == {"signl"}
    encoders = made(experiment, "results/encoders")
    main["recipes"] = ["signl", "frozen"]
    assert build().pretrained == experiment.pretrained
    assert made(build(), "results/encoders") == encoders


def test_the_cells_are_the_product_of_the_axes(build):
    cells = build().evaluated
    assert len(cells) == len(set(cells)) == 2 * 2 * 2 * 2
    assert cells == sorted(cells)
    assert Evaluated(Trained("signl", "asvspoof2021_df", 5, 2), "in_the_wild") in cells
    assert build().protocols_of("asvspoof2021_df") == ("eval", "all")


@pytest.mark.parametrize(
    ("axis", "value", "is_new"),
    [
        ("seeds", 3, lambda cell: cell.classifier.seed == 3),
        ("label_percents", 0.5, lambda cell: cell.classifier.percent == 0.5),
        ("train_corpora", "cfad", lambda cell: cell.classifier.corpus == "cfad"),
        ("evaluate_on", "cfad", lambda cell: cell.eval_corpus == "cfad"),
    ],
)
def test_what_is_added_to_an_axis_adds_its_cells_and_changes_no_other(
    build, main, axis, value, is_new
):
    before = set(build().evaluated)
    main[axis].append(value)
    after = set(build().evaluated)
    assert before < after
    assert after - before == {cell for cell in after if is_new(cell)}


def test_cells_of_two_experiments_are_made_once(build, config, main):
    before = build().evaluated
    config["experiments"]["again"] = main | {"seeds": [2]}
    assert build().evaluated == before


def test_a_corpus_that_is_not_trained_on_is_used_by_its_eval_partition_alone(build):
    assert build().partitions_in_use == {
        "asvspoof2021_df": {"train", "dev", "eval"},
        "in_the_wild": {"eval"},
    }


def test_archives_of_corpora_that_no_experiment_uses_are_not_needed(build, main):
    names = set(build().holdings.archives)
    assert {archive.name for archive in corpus_named("in_the_wild").archives} <= names
    assert not {archive.name for archive in corpus_named("cfad").archives} & names
    main["evaluate_on"] = ["asvspoof2021_df"]
    assert set(build().holdings.archives) < names


def test_training_partitions_lie_in_other_archives_than_eval(build):
    experiment = build()
    evaluated = set(experiment.holdings.audio_archives("asvspoof2021_df", "eval"))
    trained = {
        name
        for partition in ("train", "dev")
        for name in experiment.holdings.audio_archives("asvspoof2021_df", partition)
    }
    assert trained
    assert evaluated
    assert not trained & evaluated


def test_every_archive_has_its_shards_and_one_corpus_that_packs_it(build, main):
    main["evaluate_on"].append("cfad")
    experiment = build()
    for name in experiment.holdings.archives:
        assert experiment.holdings.shards_of(name)
        assert experiment.holdings.archive_files(name)
        corpus = experiment.holdings.packing_corpus(name)
        assert name in {archive.name for archive in corpus_named(corpus).archives}
    (of_cfad,) = experiment.holdings.audio_archives("cfad", "eval")
    assert experiment.holdings.shards_of(of_cfad) == [
        "0000-of-0003",
        "0001-of-0003",
        "0002-of-0003",
    ]


def test_options_of_a_corpus_leave_its_shards_out(build):
    experiment = build()
    assert experiment.holdings.corpus_options("cfad") == {"subset": True}
    assert experiment.holdings.corpus_options("in_the_wild") == {}


def test_options_of_a_recipe_are_those_of_the_corpus(build):
    experiment = build()
    plain = experiment.finetuning_options("signl", "asvspoof2021_df")
    assert plain.dump_given() == {
        "crop_s": 4.5,
        "model": {"kind": "signl", "nodes": 4, "channels": 8, "layers": 2},
        "finetuning": {"kind": "gradient", "epochs": 5, "patience": 2},
    }
    tuned = experiment.finetuning_options("signl", "cfad")
    assert tuned.dump_given()["model"]["neighbours"] == 2
    assert tuned.finetuning.class_weights == (0.33, 0.67)
    assert tuned.finetuning.epochs == 5
    assert experiment.pretraining_options("signl", "cfad").dump_given() == {
        "crop_s": 4.5,
        "model": {"kind": "signl", "nodes": 4, "channels": 8, "neighbours": 2, "layers": 2},
        "pretraining": {"epochs": 7},
    }


def test_overrides_leave_the_configuration_as_it_was(build, config):
    build().finetuning_options("signl", "cfad")
    assert config == CONFIG


def test_what_a_recipe_has(build):
    experiment = build()
    assert experiment.pretrained_by("signl") == "signl"
    assert experiment.pretrained_by("plain") is None
    assert experiment.source_of("signl") == "small"
    assert experiment.config.published_as == {"signl": {"model": "signl", "frontend": "wav2vec2"}}


def test_features_that_are_not_kept_are_those_of_evaluation_alone(build, config, main):
    kept = set(build().usable_in_use)
    (corpus, *others) = main["evaluate_on"]
    config["streamed"] = {"small": [corpus]}
    experiment = build()
    assert experiment.source_of("signl") == "small"
    assert experiment.source_of("signl", corpus) == AUDIO
    assert all(experiment.source_of("signl", other) == "small" for other in others)
    assert experiment.streamed_frontend("signl", corpus) == experiment.frontend("signl")
    found = set(experiment.usable_in_use)
    assert kept - found == {("small", corpus, "eval")}
    assert found - kept == {(AUDIO, corpus, "eval")}
    header = experiment.scoring_besides("signl", corpus)
    frontend = experiment.frontend("signl").dump_given()
    assert header == {"streamed": frontend, "features": stages.FEATURES.revision}
    assert experiment.scoring_besides("signl", others[0]) == {}


@pytest.mark.parametrize(
    ("streamed", "expected"),
    [
        ({"smallest": ["cfad"]}, "streamed: front-end is 'smallest'; allowed are"),
        ({"small": ["wild"]}, "streamed.small: corpus is 'wild'; allowed are"),
        ({"small": ["cfad"]}, "streamed.small names cfad, on which no recipe is evaluated that"),
    ],
)
def test_what_is_streamed_must_be_known(build, config, streamed, expected):
    config["streamed"] = streamed
    with pytest.raises(ConfigError, match=expected):
        build()


def test_files_of_a_front_end(build):
    experiment = build()
    assert experiment.frontend_files("logmel") == []
    assert experiment.frontend_files("small") == frontend_files(DEMO_FRONTEND)


def test_embedded_archives_are_made_and_so_never_missing(build):
    experiment = build()
    assert experiment.holdings.are_embedded
    assert experiment.holdings.missing_message == ""
    for name in experiment.holdings.archives:
        assert set(experiment.holdings.archive_files(name)) <= set(demo_files(DEMO_ARCHIVES))
    for corpus in experiment.partitions_in_use:
        assert set(experiment.holdings.protocol_files(corpus)) <= set(demo_files(DEMO_ARCHIVES))


def test_missing_archives_are_named_all_at_once_with_folder_and_page(build, config, tmp_path):
    config["archives"] = str(tmp_path / "archives")
    message = build().holdings.missing_message
    needed = [
        archive
        for corpus in ("asvspoof2021_df", "in_the_wild")
        for archive_set in corpus_named(corpus).sets
        if not archive_set.is_optional
        for archive in archive_set.archives
    ]
    assert len(needed) > 4
    for archive in needed:
        for file in archive.files:
            line = next(line for line in message.splitlines() if f"/{file} " in line)
            assert str(tmp_path / "archives" / archive.folder) in line
            assert archive.page in line
    assert not any(archive.folder in message for archive in corpus_named("cfad").archives)


def test_archives_that_are_there_are_not_missed(build, config, main, tmp_path):
    config["archives"] = str(tmp_path)
    main["evaluate_on"] = ["in_the_wild"]
    before = build().holdings.missing_message
    (archive,) = corpus_named("in_the_wild").archives
    for file in archive.files:
        assert file in before
        (tmp_path / file).touch()
    after = build().holdings.missing_message
    assert archive.files[0] not in after
    assert "LA.zip" in after


@pytest.fixture
def challenge_time(config, main, tmp_path):
    """The official and the divided ASVspoof 5, of which the release of the challenge is there."""
    config["archives"] = str(tmp_path)
    config["corpora"] |= {"asvspoof5": None, "asvspoof5_signl": None}
    main |= {"train_corpora": ["asvspoof5_signl"], "evaluate_on": ["asvspoof5_signl"]}
    for name in ("flac_T.tar", "flac_D.tar", *CHALLENGE_PROTOCOLS):
        (tmp_path / name).touch()
    return config


def test_the_release_of_the_challenge_is_packed_once_for_both_divisions(
    build, challenge_time, tmp_path
):
    experiment = build()
    assert experiment.holdings.missing_message == ""
    assert set(experiment.holdings.archives) == {"flac_T", "flac_D"}
    for name in experiment.holdings.archives:
        assert experiment.holdings.archive_files(name) == [str(tmp_path / f"{name}.tar")]
        assert experiment.holdings.packing_corpus(name) == "asvspoof5"
    for corpus in ("asvspoof5", "asvspoof5_signl"):
        assert experiment.holdings.protocol_files(corpus) == [
            str(tmp_path / name) for name in CHALLENGE_PROTOCOLS
        ]
    assert experiment.holdings.audio_archives("asvspoof5_signl", "eval") == ["flac_D"]


def test_the_release_of_the_challenge_has_no_official_eval(build, challenge_time, main):
    main |= {"train_corpora": ["asvspoof5"], "evaluate_on": ["asvspoof5"]}
    message = build().holdings.missing_message
    assert message.count("flac_E_a") == 10
    assert "flac_T" not in message


def test_a_part_of_an_archive_in_any_form_becomes_one_shard(build, challenge_time):
    whole = build()
    assert len(whole.holdings.shards_of("flac_T")) == 46
    for corpus in ("asvspoof5", "asvspoof5_signl"):
        challenge_time["corpora"][corpus] = {"subset": True}
    part = build()
    assert (
        part.holdings.shards_of("flac_T") == part.holdings.shards_of("flac_D") == ["0000-of-0001"]
    )


@pytest.mark.parametrize("percent", [0, -5, 100.5, 500])
def test_label_percents_are_above_0_and_at_most_100(build, main, percent):
    main["label_percents"] = [5, percent]
    message = (
        rf"experiments\.main\.label_percents\.1 is {percent}; allowed is (more than 0|at most 100)"
    )
    with pytest.raises(ConfigError, match=message):
        build()


def refused(build):
    with pytest.raises(ConfigError) as error:
        build()
    return str(error.value)


def test_a_recipe_of_an_unknown_front_end_is_refused(build, config):
    config["recipes"]["signl"]["frontend"] = "xlsr"
    message = "recipes.signl.frontend is 'xlsr'; allowed are ['logmel', 'small']"
    assert message in refused(build)


def test_an_experiment_with_an_unknown_recipe_is_refused(build, main):
    main["recipes"] = ["signal"]
    message = "experiments.main.recipes: recipe is 'signal'; allowed are ['plain', 'signl']"
    assert message in refused(build)


def test_nothing_is_trained_on_in_the_wild(build, main):
    main["train_corpora"] = ["in_the_wild"]
    message = refused(build)
    assert "experiments.main.train_corpora" in message
    assert "'in_the_wild'; allowed are ['asvspoof2021_df', 'cfad']" in message


@pytest.mark.parametrize("axis", ["train_corpora", "evaluate_on"])
@pytest.mark.parametrize("corpus", ["asvspoof5", "wavefake"])
def test_a_corpus_that_is_not_configured_is_refused(build, main, axis, corpus):
    main[axis] = [corpus]
    message = refused(build)
    assert f"experiments.main.{axis}" in message
    assert f"is '{corpus}'; allowed are ['asvspoof2021_df', 'cfad'" in message


def test_an_unknown_corpus_is_refused(build, config):
    config["corpora"]["wavefake"] = None
    message = refused(build)
    assert "corpora.wavefake" in message
    assert "'asvspoof5_signl'" in message


def test_an_override_for_an_unknown_corpus_is_refused(build, config):
    config["recipes"]["signl"]["per_corpus"] = {"in_the_wild": {}}
    assert "recipes.signl.per_corpus: corpus is 'in_the_wild'" in refused(build)


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ((), "experiments"),
        (("corpora", "cfad"), "shards"),
        (("recipes", "signl"), "per_corpus"),
        (("recipes", "signl", "model"), "neighbours"),
        (("recipes", "signl", "pretraining"), "objective"),
        (("recipes", "signl", "finetuning"), "class_weights"),
        (("recipes", "signl", "per_corpus", "cfad"), "finetuning"),
        (("frontends", "logmel"), "clip_s"),
        (("frontends", "small"), "revision"),
        (("experiments", "main"), "seeds"),
    ],
)
def test_an_unknown_key_is_refused_anywhere_with_those_that_are_known(build, config, path, known):
    place = config
    for key in path:
        place = place[key]
    place["typo"] = 1
    message = refused(build)
    assert ".".join(path) in message
    assert re.search(rf"typo is no key; known are \[.*'{known}'", message)


def test_a_missing_key_is_named(build, main):
    del main["seeds"]
    assert "experiments.main.seeds is missing" in refused(build)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda config: config["corpora"].update(cfad={"shards": {"CFDA": 3}}),
            r"corpora\.cfad\.shards: archive is 'CFDA'; allowed are \['CFAD'",
        ),
        (
            lambda config: config["experiments"]["main"].update(label_percents=[12.3456789]),
            r"label_percents: 12\.3456789 cannot stand in a file name",
        ),
        (
            lambda config: config["experiments"]["main"].update(label_percents=[1e-5]),
            r"label_percents: 1e-05 cannot stand in a file name",
        ),
    ],
)
def test_what_one_option_cannot_see_is_refused(build, config, change, message):
    change(config)
    with pytest.raises(ConfigError, match=message):
        build()


def test_a_pool_reads_all_of_its_corpora(build, main):
    main["train_corpora"] = ["cfad", ["cfad", "asvspoof2021_df"]]
    main["evaluate_on"] = ["in_the_wild"]
    experiment = build()
    pool = "asvspoof2021_df+cfad"
    assert {each.corpus for each in experiment.trained} == {"cfad", pool}
    assert experiment.pools == [pool]
    assert {"train", "dev"} == experiment.partitions_in_use["asvspoof2021_df"]
    assert made(experiment, "results/pooled/") == {
        f"results/pooled/{source}/{pool}/{partition}.parquet"
        for source in ("logmel", "small")
        for partition in ("train", "dev")
    }
    assert made(experiment, "results/pooled_labels/") == {
        f"results/pooled_labels/{pool}/seed-{seed}/labels-{percent}.parquet"
        for seed in (1, 2)
        for percent in (5, 100)
    }
    # What is pooled is sampled of each corpus first, also where that is not trained on alone.
    assert "results/labels/asvspoof2021_df/seed-1/labels-5.parquet" in made(experiment, "results/")
    assert pool not in str(made(experiment, "results/usable/"))


def test_pretraining_on_other_corpora_gives_one_encoder_for_all(build, config, main):
    signl = config["recipes"]["signl"]
    del signl["per_corpus"]
    signl["pretraining"]["corpora"] = ["cfad", "asvspoof2021_df"]
    main["train_corpora"] = ["asvspoof2021_df", "cfad"]
    main["evaluate_on"] = ["in_the_wild"]
    experiment = build()
    pool = "asvspoof2021_df+cfad"
    assert experiment.pretrained == [Pretrained("signl", pool, seed) for seed in (1, 2)]
    assert experiment.pretrained_on("signl", "cfad") == pool
    assert experiment.pools == [pool]
    signl["pretraining"]["corpora"] = ["cfad"]
    assert build().pretrained == [Pretrained("signl", "cfad", seed) for seed in (1, 2)]
    assert build().pools == []


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"train_corpora": [["cfad"]]}, r"\['cfad'\] stands for .* together; allowed are two"),
        ({"train_corpora": [["cfad", "cfad"]]}, "allowed are two or more, each once"),
        ({"train_corpora": [["cfad", "in_the_wild"]]}, "is 'in_the_wild'; allowed are"),
        ({"train_corpora": [["cfad", "wild"]]}, "is 'wild'; allowed are"),
        (
            {"train_corpora": [["cfad", "asvspoof2021_df"], ["asvspoof2021_df", "cfad"]]},
            "allowed is each value once",
        ),
    ],
)
def test_what_is_no_pool_is_refused(build, main, axes, message):
    main.update(axes)
    assert re.search(message, refused(build))


def test_one_encoder_has_no_options_of_one_corpus(build, config):
    config["recipes"]["signl"]["pretraining"]["corpora"] = ["cfad", "asvspoof2021_df"]
    message = "per_corpus.cfad has a model of its own, and pretraining.corpora gives one encoder"
    assert message in refused(build)


def test_scores_that_are_given_need_a_manifest_and_no_audio(config, tmp_path):
    (tmp_path / "in_the_wild.csv").touch()
    del config["frontends"]
    config["recipes"] = {"theirs": {"scores": str(tmp_path), "score_files": {"score": "llr"}}}
    axes = config["experiments"]["main"]
    axes |= {"recipes": ["theirs"], "label_percents": [100], "seeds": [1]}
    axes["evaluate_on"] = ["in_the_wild"]
    experiment = Experiment(config)
    assert experiment.trained == experiment.pretrained == experiment.usable_in_use == []
    assert experiment.partitions_in_use == {"in_the_wild": set()}
    assert experiment.holdings.manifests == ["in_the_wild"]
    assert experiment.holdings.archives == {}
    assert experiment.frontend_label("theirs") == "its own"
    jobs = {job.stage.rule: job for job in jobs_of(experiment) if not job.stage.on_request}
    assert list(jobs) == [
        *("make_demo_archives", "build_manifest", "count_quarantine", "convert_scores"),
        *("measure", "collect_metrics", "compare_recipes", "tabulate", "tabulate_breakdown"),
        *("tabulate_pretraining", "summarise"),
    ]
    given = jobs["convert_scores"]
    assert given.archives == (str(tmp_path / "in_the_wild.csv"),)
    assert given.options == experiment.recipe("theirs").score_files
    place = "theirs/asvspoof2021_df/labels-100/seed-1/in_the_wild.parquet"
    assert given.outputs == [f"results/given_scores/{place}"]


def test_scores_that_are_given_take_no_audio_from_recipes_beside_them(config, tmp_path):
    for corpus in ("asvspoof2021_df", "in_the_wild"):
        (tmp_path / f"{corpus}.txt").touch()
    config["recipes"]["theirs"] = {"scores": str(tmp_path)}
    before = Experiment(config)
    axes = {"recipes": ["theirs"], "train_corpora": ["cfad"], "label_percents": [100]}
    axes |= {"seeds": [1], "evaluate_on": ["asvspoof2021_df", "in_the_wild"]}
    config["experiments"]["theirs"] = axes
    beside = Experiment(config)
    assert beside.partitions_in_use == before.partitions_in_use
    assert beside.holdings.archives == before.holdings.archives
    assert len(beside.evaluated) == len(before.evaluated) + 2


@pytest.fixture
def mean(config, main):
    """The recipe that is the mean of both others."""
    config["recipes"]["both"] = {"mean_of": ["plain", "signl"]}
    main["recipes"] = ["plain", "signl", "both"]
    return config["recipes"]["both"]


def test_the_mean_of_recipes_takes_their_scores_and_nothing_else(build, main, mean):
    with_mean = build()
    main["recipes"] = ["plain", "signl"]
    before = build()
    for name in ("trained", "pretrained", "usable_in_use", "partitions_in_use"):
        assert getattr(with_mean, name) == getattr(before, name)
    added = [job for job in jobs_of(with_mean) if job.wildcards.get("recipe") == "both"]
    rules = Counter(job.stage.rule for job in added)
    n_classifiers = 2 * 2
    assert rules == {
        "combine_scores": 2 * n_classifiers,
        "combine_dev_scores": n_classifiers,
        "measure": 2 * n_classifiers,
    }
    assert all(
        job.also == {"corpus": "asvspoof2021_df", "mean_of": ["plain", "signl"]}
        for job in added
        if job.stage.rule.startswith("combine")
    )
    assert with_mean.frontend_label("both") == "logmel + small"
    place = "both/asvspoof2021_df/labels-5/seed-1"
    assert f"results/combined_dev_scores/{place}.parquet" in made(with_mean, "results/combined_")
    compared = next(job for job in jobs_of(with_mean) if job.stage.rule == "compare_recipes")
    assert f"results/combined_scores/{place}/in_the_wild.parquet" in compared.also["scores"]


@pytest.mark.parametrize(
    ("members", "listed"),
    [
        (["plain", "signl"], ["plain", "both"]),
        (["plain", "plain"], ["plain", "signl", "both"]),
        (["plain", "unknown"], ["plain", "signl", "both"]),
        (["plain", "both"], ["plain", "signl", "both"]),
    ],
)
def test_the_mean_is_of_trained_recipes_that_stand_beside_it(build, main, mean, members, listed):
    mean["mean_of"], main["recipes"] = members, listed
    assert f"recipes.both.mean_of is {members}; allowed are recipes of" in refused(build)


def test_the_mean_of_recipes_has_no_options_of_a_training(build, mean):
    mean["crop_s"] = 4.5
    message = "it has ['crop_s'] beside mean_of; allowed are ['mean_of', 'published_as']"
    assert message in refused(build)

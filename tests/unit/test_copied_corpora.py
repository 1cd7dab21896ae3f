import copy

import pytest
import yaml

from signl import stages
from signl.copied_corpora import Copied, CopiedCorpora, CopiedShard
from signl.errors import ConfigError
from signl.experiment import Experiment
from signl.jobs import jobs_of
from signl.planning import plan_experiment
from signl.staleness import _reason

RECIPE = {
    "frontend": "logmel",
    "crop_s": 1.0,
    "model": {"kind": "mean_pool"},
    "finetuning": {"kind": "zero_label", "resynthesis": "made"},
}


@pytest.fixture(scope="module")
def config(repository):
    given = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    given["frontends"] = {"logmel": {"kind": "logmel", "clip_s": 2.0}}
    given["resynthesis"] = {"made": {}, "idle": {"seed": 3}}
    given["recipes"] = {
        "zero": RECIPE,
        "plain": {**RECIPE, "finetuning": {"kind": "logistic"}},
    }
    given["experiments"] = {
        "labels": {
            "recipes": ["zero", "plain"],
            "train_corpora": ["cfad", "asvspoof5"],
            "label_percents": [5, 100],
            "seeds": [1, 2],
            "evaluate_on": ["in_the_wild"],
        }
    }
    return given


@pytest.fixture(scope="module")
def experiment(config):
    return Experiment(config)


def test_the_mean_of_recipes_has_learnt_from_what_they_have(config):
    given = copy.deepcopy(config)
    given["recipes"]["other"] = {**RECIPE, "finetuning": {"kind": "vocoded", "resynthesis": "made"}}
    given["recipes"]["all"] = {"mean_of": ["zero", "other", "plain"]}
    given["experiments"]["labels"]["recipes"] = ["zero", "other", "plain", "all"]
    copied = CopiedCorpora(Experiment(given))
    assert copied.methods_of("all", "cfad") == copied.methods_of("zero", "cfad") != ""


def test_self_training_has_learnt_from_no_method(config):
    given = copy.deepcopy(config)
    refined = {"kind": "resynth_refine", "resynthesis": "made"}
    for name, heard in (("heard", True), ("alone", False)):
        finetuning = refined | {"pseudo_spoofs": heard}
        given["recipes"][name] = {**RECIPE, "finetuning": finetuning}
    given["experiments"]["labels"]["recipes"] = ["heard", "alone"]
    copied = CopiedCorpora(Experiment(given))
    assert copied.methods_of("heard", "cfad") != ""
    assert copied.methods_of("alone", "cfad") == ""
    assert copied.of_finetuning("alone", "cfad") == copied.of_finetuning("heard", "cfad")


def test_what_no_training_takes_is_not_made(experiment):
    copied = CopiedCorpora(experiment)
    assert copied.in_use == [
        Copied("logmel", "made", "asvspoof5"),
        Copied("logmel", "made", "cfad"),
    ]
    assert copied.of_finetuning("plain", "cfad") is None
    assert copied.gathered_paths(None) == copied.training_paths(None) == []
    assert copied.clip_s("made") == 2.0
    jobs = [job for job in jobs_of(experiment) if job.stage == stages.COPIES]
    assert {job.wildcards["resynthesis"] for job in jobs} == {"made"}


def test_copies_are_of_the_archives_that_hold_the_training_partition(experiment):
    copied = CopiedCorpora(experiment)
    for corpus in ("cfad", "asvspoof5"):
        archives = set(experiment.holdings.audio_archives(corpus, "train"))
        assert {each.archive for each in copied.shards_of(corpus, "made")} == archives
    shard = copied.shards[0]
    assert CopiedShard.of_place(shard.place) == shard
    (path,) = stages.COPIES.paths(**shard.wildcards)
    # Where features of copies look for them: beside archives of their own name.
    assert path == f"results/copies/{shard.place['archive']}/{shard.place['shard']}.parquet"


def test_every_file_that_trainings_take_is_made(experiment):
    copied, made = CopiedCorpora(experiment), {o for j in jobs_of(experiment) for o in j.outputs}
    for each in copied.in_use:
        assert set(copied.gathered_paths(each)) <= made
        assert set(copied.training_paths(each)) <= made
        assert set(copied.copies_paths(each._asdict())) <= made


def test_copies_are_stale_when_their_options_are_others(experiment, config):
    changed = copy.deepcopy(config)
    changed["resynthesis"]["made"] = {"without": ["world"]}
    old, new = (
        next(job for job in jobs_of(each) if job.stage == stages.COPIES)
        for each in (experiment, Experiment(changed))
    )
    header = stages_header(old)
    assert _reason(old, header) == ""
    assert "without" in _reason(new, header)


#: Pre-trained on copies, of which its fine-tuning knows nothing.
LISTENING = {
    "frontend": "logmel",
    "crop_s": 1.0,
    "model": {"kind": "xvector"},
    "pretraining": {"objective": {"kind": "resynthesis", "copies": "idle"}},
    "finetuning": {},
}


@pytest.fixture
def listening(config):
    """The configuration with a recipe that takes an encoder which was pre-trained on copies."""
    given = copy.deepcopy(config)
    taker = {key: value for key, value in LISTENING.items() if key != "pretraining"}
    given["recipes"] |= {"listening": copy.deepcopy(LISTENING)}
    given["recipes"] |= {"taker": taker | {"encoder_of": "listening"}}
    given["experiments"]["labels"]["recipes"] = ["plain", "taker"]
    given["experiments"]["labels"]["train_corpora"] = ["cfad"]
    return given


def test_a_pretraining_takes_copies_of_train_and_of_dev(listening):
    experiment = Experiment(listening)
    copied, jobs = CopiedCorpora(experiment), jobs_of(experiment)
    of_train, of_dev = (Copied("logmel", name, "cfad") for name in ("idle", "idle@dev"))
    assert copied.in_use == [of_train, of_dev]
    assert copied.of_pretraining("listening", "cfad") == [of_train, of_dev]
    made = {path for job in jobs for path in job.outputs}
    for each, partition in ((of_train, "train"), (of_dev, "dev")):
        (table,) = copied.gathered_paths(each)
        assert {table, *copied.training_paths(each), *copied.copies_paths(each._asdict())} <= made
        assert copied.trials_path(each._asdict()) in made
        assert f"/{partition}." in copied.trials_path(each._asdict())
        archives = set(experiment.holdings.audio_archives("cfad", partition))
        shards = copied.shards_of("cfad", each.resynthesis)
        assert {shard.archive for shard in shards} == archives
        assert all(CopiedShard.of_place(shard.place) == shard for shard in shards)
    assert copied.gathered_paths(of_train, of_dev) == [
        "results/gathered_copies/logmel/idle/cfad.parquet",
        "results/gathered_copies/logmel/idle@dev/cfad.parquet",
    ]
    # The same methods, the same seconds.
    assert copied.parameters("idle@dev") == copied.parameters("idle")
    assert copied.clip_s("idle@dev") == 2.0
    methods = copied.methods_of("taker", "cfad")
    assert methods == ", ".join(each.label for each in copied.options_of("idle").used)


def test_the_plan_counts_the_pairs_of_a_pretraining(listening):
    plain = copy.deepcopy(listening)
    plain["recipes"]["listening"]["pretraining"] = {}
    with_copies, without = (
        {each.rule: each for each in plan_experiment(Experiment(each))}
        for each in (listening, plain)
    )
    pairs, alone = (each["pretrain_encoder"].audio_h for each in (with_copies, without))
    assert pairs == pytest.approx(2 * alone)
    assert "resynthesise" not in without
    n_shards = len(CopiedCorpora(Experiment(listening)).shards)
    assert with_copies["resynthesise"].jobs == n_shards
    assert with_copies["gather_copies"].jobs == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda given: given["recipes"]["listening"]["pretraining"]["objective"].update(
                copies="others"
            ),
            r"recipes\.listening\.pretraining\.objective\.copies is 'others'; allowed are .'idle'",
        ),
        (
            lambda given: given["resynthesis"]["idle"].update(pseudo_spoofs=0),
            "of which pseudo_spoofs is 0; allowed is 1 or more",
        ),
        (
            lambda given: given["recipes"]["listening"]["pretraining"].update(
                corpora=["cfad", "asvspoof5"]
            ),
            r"pretraining\.corpora is .* allowed is one corpus at a time",
        ),
        (
            lambda given: given["experiments"]["labels"].update(
                train_corpora=[["asvspoof5", "cfad"]]
            ),
            "trains taker, which learns from resynthesis, on several corpora",
        ),
        (
            lambda given: (
                given["resynthesis"]["idle"].update(channel_copies=0),
                given["recipes"]["listening"]["pretraining"]["objective"].update(
                    beside={"kind": "vicreg"}, channel_views=True
                ),
            ),
            "channel_views is true, and channel_copies of 'idle' is 0; allowed is 1 or more",
        ),
        (lambda given: given["resynthesis"].update(dev={}), "'dev' is the name of a partition"),
        (
            lambda given: given["recipes"]["listening"].update(
                model={"kind": "aasist"}, frontend=None
            ),
            "of whose copies there are features alone",
        ),
    ],
)
def test_a_pretraining_that_cannot_have_copies_is_refused(listening, change, message):
    change(listening)
    with pytest.raises(ConfigError, match=message):
        Experiment(listening)


def test_a_front_end_that_is_trained_has_no_copies_to_pretrain_on(listening):
    frontend = {"kind": "wav2vec2", "model": "a/b", "revision": "c" * 40, "clip_s": 2.0}
    listening["frontends"]["w2v"] = frontend
    for name in ("listening", "taker"):
        listening["recipes"][name] |= {"frontend": "w2v", "trainable_frontend": True}
    with pytest.raises(
        ConfigError, match=r"objective\.copies is 'idle', of whose copies there are"
    ):
        Experiment(listening)


def test_a_pretraining_on_one_other_corpus_takes_the_copies_of_that(listening):
    listening["recipes"]["listening"]["pretraining"]["corpora"] = ["asvspoof5"]
    copied = CopiedCorpora(Experiment(listening))
    assert {each.corpus for each in copied.in_use} == {"asvspoof5"}
    assert copied.methods_of("taker", "cfad") != ""


def stages_header(job):
    from signl.artefacts import MadeBy

    options = (job.options.dump() if job.options else {}) | dict(job.also)
    return MadeBy(stage=job.stage.rule, revision=job.stage.revision, options=options)


def test_the_plan_counts_copies_and_their_features(experiment, config):
    plan = {each.rule: each for each in plan_experiment(experiment)}
    without = copy.deepcopy(config)
    without["experiments"]["labels"]["recipes"] = ["plain"]
    before = {each.rule: each for each in plan_experiment(Experiment(without))}
    assert "resynthesise" not in before
    made = plan["resynthesise"]
    assert made.jobs == len(CopiedCorpora(experiment).shards)
    assert made.cpu_h > 0
    assert made.n_bytes > 0
    # Four copies an utterance, all of whose features are extracted.
    added = plan["extract_features"].audio_h - before["extract_features"].audio_h
    assert added == pytest.approx(made.audio_h)
    assert made.audio_h > 0
    assert plan["train_classifier"].audio_h > 4 * before["train_classifier"].audio_h


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"finetuning": {"kind": "zero_label", "resynthesis": "mde"}}, "resynthesis is 'mde'"),
        ({"finetuning": {"kind": "vocoded"}}, "resynthesis is missing"),
    ],
)
def test_a_recipe_that_cannot_have_copies_is_refused(config, changes, message):
    wrong = copy.deepcopy(config)
    wrong["recipes"]["zero"] = {**RECIPE, **changes}
    with pytest.raises(ConfigError, match=message):
        Experiment(wrong)


def test_a_recipe_that_reads_audio_has_no_copies(config):
    wrong = copy.deepcopy(config)
    wrong["frontends"]["w2v"] = {"kind": "wav2vec2", "model": "a/b", "revision": "c" * 40}
    wrong["recipes"]["zero"] = {**RECIPE, "frontend": "w2v", "trainable_frontend": True}
    with pytest.raises(ConfigError, match=r"recipes\.zero"):
        Experiment(wrong)


def test_tables_name_the_methods_that_were_used(config):
    changed = copy.deepcopy(config)
    changed["resynthesis"]["made"] = {"without": ["world", "lpc"]}
    copied = CopiedCorpora(Experiment(changed))
    assert copied.methods_of("plain", "cfad") == ""
    named = "griffin_lim, mel_griffin_lim, phase, noise_vocoder, wsola"
    assert copied.methods_of("zero", "cfad") == named


#: A chain, of which speed lets more of a recording be read.
CHANGED = {"chain": [{"kind": "noise"}, {"kind": "speed", "factors": [0.9, 1.1]}], "copies": 3}


@pytest.fixture
def augmented(config):
    """The configuration with recipes that draw of augmented copies, of train alone."""
    given = copy.deepcopy(config)
    given["augmented_copies"] = {"changed": copy.deepcopy(CHANGED), "unused": CHANGED}
    tuned = LISTENING | {"pretraining": {"augmented_copies": "changed"}}
    given["recipes"] = {
        "drawing": {**tuned, "finetuning": {"augmented_copies": "changed"}},
        "fitted": {**RECIPE, "finetuning": {"kind": "logistic", "augmented_copies": "changed"}},
    }
    given["experiments"]["labels"] |= {"recipes": ["drawing"], "train_corpora": ["cfad"]}
    return given


def test_augmented_copies_are_of_train_alone(augmented):
    experiment = Experiment(augmented)
    copied, jobs = CopiedCorpora(experiment), jobs_of(experiment)
    (only,) = copied.in_use
    assert only == Copied("logmel", "changed", "cfad")
    assert copied.of_finetuning("drawing", "cfad") == only
    assert copied.of_pretraining("drawing", "cfad") == [only]
    assert copied.trials_path(only._asdict()) == "results/trials/cfad/train.parquet"
    assert copied.names_in_paths() == ["made", "made@dev", "idle", "idle@dev", "changed", "unused"]
    made = {path for job in jobs for path in job.outputs}
    taken = [copied.gathered_paths(only), copied.training_paths(only)]
    assert {path for paths in taken for path in paths} <= made
    # What is read for them at the highest speed; tables name methods of synthesis alone.
    assert copied.clip_s("changed") == pytest.approx(2.2)
    assert copied.methods_of("drawing", "cfad") == ""


def reasons(old, new):
    """Why each job of the new experiment that makes copies is stale by the old one's headers."""
    headers = {each.outputs[0]: stages_header(each) for each in jobs_of(Experiment(old))}
    return {
        _reason(job, headers[job.outputs[0]])
        for job in jobs_of(Experiment(new))
        if job.stage == stages.COPIES
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"copies": 4}, "copies was 3, now 4"),
        ({"seed": 1}, "seed was 0, now 1"),
        ({"chain": [{"kind": "noise"}]}, "clip_s was 2.2"),
        ({"chain": [CHANGED["chain"][0], {**CHANGED["chain"][1], "probability": 0.5}]}, "chain"),
        ({}, ""),
    ],
    ids=str,
)
def test_augmented_copies_are_stale_when_their_options_are_others(augmented, change, reason):
    changed = copy.deepcopy(augmented)
    changed["augmented_copies"]["changed"] |= change
    # What another recipe does, and other copies, are nothing to them.
    changed["augmented_copies"]["unused"] = {**CHANGED, "copies": 9}
    changed["recipes"]["drawing"]["finetuning"]["epochs"] = 3
    (found,) = reasons(augmented, changed)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


def test_augmented_copies_are_stale_when_a_folder_has_other_sounds(augmented, tmp_path):
    (tmp_path / "noise.wav").write_bytes(b"noise")
    chain = [{"kind": "noise", "folder": str(tmp_path)}]
    augmented["augmented_copies"]["changed"]["chain"] = chain
    headers = {each.outputs[0]: stages_header(each) for each in jobs_of(Experiment(augmented))}
    parameters = CopiedCorpora(Experiment(augmented)).parameters("changed")
    (tmp_path / "other.wav").write_bytes(b"another")
    for job in jobs_of(Experiment(augmented)):
        said = _reason(job, headers[job.outputs[0]])
        assert said.startswith("files was") == (job.stage == stages.COPIES)
    assert CopiedCorpora(Experiment(augmented)).parameters("changed") != parameters


def test_without_the_option_nothing_of_the_copies_is_needed(augmented):
    plain = copy.deepcopy(augmented)
    for training in ("pretraining", "finetuning"):
        del plain["recipes"]["drawing"][training]["augmented_copies"]
    needed, without = (
        {path for job in jobs_of(Experiment(each)) for path in job.outputs}
        for each in (augmented, plain)
    )
    assert without < needed
    assert all("changed" in path for path in needed - without)


def test_the_plan_counts_augmented_copies(augmented):
    plain = copy.deepcopy(augmented)
    for training in ("pretraining", "finetuning"):
        del plain["recipes"]["drawing"][training]["augmented_copies"]
    plan, before = (
        {each.rule: each for each in plan_experiment(Experiment(each))}
        for each in (augmented, plain)
    )
    made = plan["resynthesise"]
    assert made.jobs == len(CopiedCorpora(Experiment(augmented)).shards)
    assert made.cpu_h > 0
    added = plan["extract_features"].audio_h - before["extract_features"].audio_h
    assert added > 0
    # A copy is read for 2.2 s at most, of which the front-end keeps 2.
    assert made.audio_h / added == pytest.approx(1.1)
    assert plan["extract_features"].n_bytes > before["extract_features"].n_bytes
    # An epoch is as long as without.
    for rule in ("train_classifier", "pretrain_encoder"):
        assert plan[rule] == before[rule]
    fitted = copy.deepcopy(augmented)
    fitted["experiments"]["labels"] |= {"recipes": ["fitted"], "label_percents": [100]}
    alone = copy.deepcopy(fitted)
    del alone["recipes"]["fitted"]["finetuning"]["augmented_copies"]
    with_copies, without = (
        next(each for each in plan_experiment(Experiment(given)) if each.rule == "train_classifier")
        for given in (fitted, alone)
    )
    assert 2 * without.audio_h < with_copies.audio_h < 4 * without.audio_h


def test_attacks_are_left_out_by_name(config):
    changed = copy.deepcopy(config)
    changed["without_attacks"] = {"in_the_wild": ["x"]}
    protocols = Experiment(config).protocols_of("in_the_wild")
    assert Experiment(changed).protocols_of("in_the_wild@noise") == (
        *protocols,
        *(f"{name} without x" for name in protocols),
    )
    changed["without_attacks"] = {"asvspoof": ["x"]}
    with pytest.raises(ConfigError, match="without_attacks: corpus is 'asvspoof'"):
        Experiment(changed)


def test_several_corpora_as_one_have_no_copies(config):
    changed = copy.deepcopy(config)
    changed["experiments"]["labels"]["train_corpora"] = [["asvspoof5", "cfad"]]
    with pytest.raises(ConfigError, match="allowed is one at a time"):
        Experiment(changed)

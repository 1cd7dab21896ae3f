"""Plans: counts by hand, sizes against what front-ends give, speeds that scale."""

import json

import pytest
import torch
import yaml

from signl.costs import Costs
from signl.errors import ConfigError
from signl.experiment import Experiment
from signl.features.frontend import n_frames_of
from signl.features.frontends import frontend_options
from signl.planning import plan_experiment
from signl.rates import DeviceRates, Rates
from signl.speeds import FLOP, Speeds


@pytest.fixture(scope="module")
def plan_of(repository):
    """Return a function that plans a configuration file, with some keys of its own."""

    def plan(name, speeds=None, **changed):
        config = yaml.safe_load((repository / name).read_text(encoding="utf-8")) | changed
        return {stage.rule: stage for stage in plan_experiment(Experiment(config), speeds)}

    return plan


@pytest.mark.slow
def test_the_papers_jobs_counted_by_hand(plan_of):
    plan = plan_of("config.paper.yaml")
    jobs = {rule: stage.jobs for rule, stage in plan.items()}
    # Three recipes x three corpora x six percents x five seeds; two on ASVspoof 5 x two percents x
    # five seeds; two controls x three corpora x two percents x three seeds. Of the former two, the
    # mean frame and the controls pre-train nothing. Eleven baselines x three corpora x six percents
    # x three seeds, of which five are pre-trained.
    own = 3 * 3 * 6 * 5 + 2 * 2 * 5 + 2 * 3 * 2 * 3
    n_classifiers = own + 11 * 3 * 6 * 3
    # Of the mean frame a sweep, one a corpus, makes thirty, and ten beside the controls.
    n_swept = 3 * 6 * 5 + 2 * 5
    assert jobs["train_classifier"] == n_classifiers - n_swept + 3 + 1
    assert jobs["pretrain_encoder"] == 2 * 3 * 5 + 5 + 5 * 3 * 3
    # Scores are made together, a job for a recipe and a training corpus, but for three recipes that
    # read audio: that with the trained front-end, and two baselines.
    from_audio = 3 * 6 * 5 + 2 * 3 * 6 * 3
    together = 3 * 2 + 2 + 2 * 3 + (11 - 2) * 3
    assert jobs["score_dev"] == from_audio + together
    assert jobs["score"] == 4 * jobs["score_dev"]
    assert jobs["measure"] == jobs["score"]
    # Each is evaluated on two corpora or three beyond its own.
    assert jobs["measure_pooled"] == n_classifiers
    assert jobs["collect_metrics"] == 1
    # LA; four parts of DF; five, three and ten of ASVspoof 5; CFAD; In-the-Wild.
    assert jobs["pack_audio"] == 1 + 4 + 5 + 3 + 10 + 1 + 1
    assert "make_demo_archives" not in jobs
    # Figures are drawn on request alone.
    assert not [rule for rule in jobs if rule.startswith("draw_")]


def test_the_papers_features_take_what_their_numbers_take(plan_of, repository):
    config = yaml.safe_load((repository / "config.paper.yaml").read_text(encoding="utf-8"))
    experiments = config["experiments"]
    del experiments["baselines"]
    n_utterances = 50_224 + 611_829 + 182_357 + 142_134 + 681_872 + 115_800 + 31_779
    stage = plan_of("config.paper.yaml", experiments=experiments)["extract_features"]
    assert stage.n_bytes == pytest.approx(n_utterances * 449 * 1024 * 2)
    assert stage.audio_h == pytest.approx(n_utterances * 9 / 3600)
    experiment = Experiment(config)
    frontend = experiment.config.frontends["xls-r-300m"]
    per_s = Costs(experiment).of_frontend(frontend).multiply_adds
    expected = stage.audio_h * FLOP * per_s / Speeds().frontend_flop_per_gpu_s
    assert stage.gpu_h == pytest.approx(expected)


def test_features_that_are_not_kept_are_computed_by_each_scoring_job(plan_of, repository):
    config = yaml.safe_load((repository / "config.paper.yaml").read_text(encoding="utf-8"))
    axes = config["experiments"]["paper"] | {"recipes": ["signl-xlsr-frozen", "mean-xlsr"]}
    kept, streamed = (
        plan_of("config.paper.yaml", experiments={"paper": axes}, streamed=each)
        for each in ({}, {"xls-r-300m": ["in_the_wild"]})
    )
    n_utterances = 31_779
    n_bytes = kept["extract_features"].n_bytes - streamed["extract_features"].n_bytes
    assert n_bytes == pytest.approx(n_utterances * 449 * 1024 * 2)
    # Two recipes on three corpora: six jobs each compute what one extraction did.
    extraction_h = kept["extract_features"].gpu_h - streamed["extract_features"].gpu_h
    scoring_h = streamed["score"].gpu_h - kept["score"].gpu_h
    assert scoring_h == pytest.approx(6 * extraction_h)
    assert streamed["score"].jobs == kept["score"].jobs


def test_end_to_end_trainings_extract_nothing_and_take_longer(plan_of, repository):
    config = yaml.safe_load((repository / "config.paper.yaml").read_text(encoding="utf-8"))
    recipes = config["recipes"]
    axes = config["experiments"]["paper"]
    frozen, trained = (
        plan_of(
            "config.paper.yaml",
            recipes={name: recipes[name]},
            experiments={"paper": axes | {"recipes": [name]}},
        )
        for name in ("signl-xlsr-frozen", "signl-xlsr")
    )
    assert "extract_features" not in trained
    assert trained["inspect_audio"].jobs == frozen["extract_features"].jobs
    stage = trained["pretrain_encoder"]
    # Two crops of 4.5 s of train and dev of three corpora, 100 epochs, five seeds.
    n_utterances = 25_380 + 24_844 + 182_357 + 56_773 + 38_400 + 14_400
    assert stage.audio_h == pytest.approx(2 * 4.5 * n_utterances * 100 * 5 / 3600)
    percents = (5 + 10 + 30 + 50 + 80 + 100) / 100
    expected = 4.5 * percents * n_utterances * 100 * 5 / 3600
    assert trained["train_classifier"].audio_h == pytest.approx(expected)
    assert stage.gpu_h > 5 * frozen["pretrain_encoder"].gpu_h
    # A training step passes the front-end three times, and again for its checkpoints.
    per_h = trained["score"].gpu_h / trained["score"].audio_h
    assert stage.gpu_h / stage.audio_h == pytest.approx(4 * per_h, rel=0.05)


def test_a_given_classifier_is_not_trained(plan_of, repository):
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    recipes = {"signl-logmel": {"frontend": "logmel", "classifier": "somewhere"}}
    its_own = {"train_corpora": ["cfad"], "label_percents": [5], "seeds": [1]}
    axes = config["experiments"]["logmel"] | its_own | {"recipes": ["signl-logmel"]}
    experiments = {"logmel": axes}
    plan = plan_of("config.yaml", recipes=recipes, experiments=experiments)
    assert not {"sample_labels", "pretrain_encoder", "train_classifier", "score_dev"} & set(plan)
    assert plan["score"].jobs == 4


def test_twice_the_speed_halves_the_time(plan_of):
    slow, fast = (
        plan_of("config.yaml", Speeds(network_flop_per_cpu_s=speed, job_start_s=1e-9))
        for speed in (1e6, 2e6)
    )
    for rule in ("pretrain_encoder", "train_classifier"):
        assert slow[rule].cpu_h == pytest.approx(2 * fast[rule].cpu_h, rel=0.01)
    assert slow["extract_features"] == fast["extract_features"]


def test_measured_rates_go_before_assumed_ones(plan_of, repository):
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    axes = config["experiments"]["logmel"] | {"recipes": ["signl-logmel"]}

    def plan(measured):
        speeds = Speeds(measured=measured, crops_per_s=1e12, job_start_s=1e-9)
        return plan_of("config.yaml", speeds, experiments={"logmel": axes})

    rates = DeviceRates(machine="a", network_flop_per_s={"signl": 2e9, "lcnn": 1.0})
    assumed, measured = plan(None), plan(Rates(cpu=rates))
    for rule in ("pretrain_encoder", "train_classifier", "score"):
        assert measured[rule].cpu_h == pytest.approx(10 * assumed[rule].cpu_h)
    assert measured["extract_features"] == assumed["extract_features"]
    # Rates of a GPU say nothing of a core.
    assert plan(Rates(gpu=rates)) == assumed


def test_training_scales_with_the_epochs(plan_of, repository):
    config = yaml.safe_load((repository / "config.paper.yaml").read_text(encoding="utf-8"))
    experiments = {"controls": config["experiments"]["controls"]}
    all_epochs, tenth = (
        plan_of("config.paper.yaml", Speeds(max_epochs=epochs), experiments=experiments)
        for epochs in (100, 10)
    )
    for rule in ("pretrain_encoder", "train_classifier"):
        assert all_epochs[rule].gpu_h == pytest.approx(10 * tenth[rule].gpu_h)
    assert all_epochs["score"] == tenth["score"]


def test_a_logistic_regression_takes_its_utterances_once(plan_of, repository):
    config = yaml.safe_load((repository / "config.paper.yaml").read_text(encoding="utf-8"))
    axes = config["experiments"]["official"] | {"recipes": ["mean-xlsr"]}
    plan = plan_of("config.paper.yaml", experiments={"official": axes})
    labelled = (0.05 + 1) * 5 * (182_357 + 140_950)
    assert plan["train_classifier"].audio_h == pytest.approx(labelled * 4.5 / 3600)
    assert "pretrain_encoder" not in plan


def test_repeated_frames_take_less_than_repeated_waveforms(plan_of, repository):
    config = yaml.safe_load((repository / "config.paper.yaml").read_text(encoding="utf-8"))
    frontends = config["frontends"]
    frontends["xls-r-300m"]["repeat"] = "frames"
    # Frames cannot be repeated where the front-end is trained.
    recipes = {
        name: recipe
        for name, recipe in config["recipes"].items()
        if not recipe.get("trainable_frontend")
    }
    experiments = {"official": config["experiments"]["official"]}
    changed = {"recipes": recipes, "experiments": experiments}
    whole = plan_of("config.paper.yaml", **changed)["extract_features"]
    once = plan_of("config.paper.yaml", **changed, frontends=frontends)["extract_features"]
    assert once.jobs == whole.jobs
    assert 0.3 < once.n_bytes / whole.n_bytes < 0.9


def test_frames_in_8_bits_take_half(plan_of, repository):
    config = yaml.safe_load((repository / "config.paper.yaml").read_text(encoding="utf-8"))
    experiments = {"official": config["experiments"]["official"]}
    whole = plan_of("config.paper.yaml", experiments=experiments)["extract_features"]
    frontends = config["frontends"]
    frontends["xls-r-300m"]["storage"] = "int8"
    half = plan_of("config.paper.yaml", experiments=experiments, frontends=frontends)
    # And eight bytes a channel of an utterance, of 449 frames.
    assert half["extract_features"].n_bytes == pytest.approx((0.5 + 4 / 449) * whole.n_bytes)


def test_without_gpus_no_gpu_hours_are_planned(plan_of):
    plan = plan_of("config.yaml")
    assert not any(stage.gpu_h for stage in plan.values())
    assert plan["make_demo_frontend"].jobs == plan["make_demo_archives"].jobs == 1


def test_an_embedded_front_end_that_no_experiment_uses_is_not_made(plan_of, repository):
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    experiments = {"logmel": config["experiments"]["logmel"]}
    assert "make_demo_frontend" not in plan_of("config.yaml", experiments=experiments)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("logmel", {}),
        ("logmel", {"n_mels": 128, "window_ms": 64.0, "hop_ms": 32.0}),
        ("lfcc", {}),
        ("lfcc", {"n_coefficients": 13, "deltas": False, "hop_ms": 10.0}),
    ],
)
def test_frames_are_planned_as_front_ends_give_them(kind, options):
    made = frontend_options({"kind": kind, **options}).build(torch.device("cpu"))
    planned = frontend_options({"kind": kind, **options}).geometry()
    assert planned == (made.width, made.window_samples, made.hop_samples)
    assert planned.n_frames(9.0) == n_frames_of(
        144_000, window_samples=made.window_samples, hop_samples=made.hop_samples
    )


def test_the_width_of_a_model_folder_is_read(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "hubert", "hidden_size": 320}))
    geometry = frontend_options({"kind": "wav2vec2", "model": str(tmp_path)}).geometry()
    assert geometry == (320, 400, 320)
    assert geometry.n_frames(9.0) == 449


def test_a_model_of_unknown_width_is_refused():
    with pytest.raises(ConfigError, match=r"'someone/model'.*allowed.*wavlm-large"):
        frontend_options({"kind": "wav2vec2", "model": "someone/model"}).geometry()

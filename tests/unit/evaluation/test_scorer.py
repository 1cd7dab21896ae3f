"""Scores of files and arrays: those of the workflow's shards, whatever way the audio comes."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from small_models import (
    CLIP_S,
    CROP_S,
    FORMS,
    save_audio_classifier,
    save_frame_classifier,
    tone,
    write_audio,
    write_form,
    write_point,
)

import signl
from signl import stages
from signl.artefacts import MadeBy
from signl.audio import decode
from signl.corpora.audio_shards import ShardWriter, read_members
from signl.errors import ArtefactError, AudioError, ConfigError
from signl.evaluation.operating_point import read_operating_point
from signl.evaluation.scorer import NO_VERDICT
from signl.evaluation.scores import read_scores
from signl.evaluation.scoring import score_trials
from signl.evaluation.time_windows import Windows
from signl.features.extract import extract_features
from signl.models.mean_pool.options import MeanPoolOptions
from signl.models.saving import from_pretrained, save_model

#: Of all lengths: cut, repeated, and exact.
SECONDS = (0.8, 0.25, 0.6, 1.3, 0.4, 0.05)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Files of audio; every other one at another rate."""
    folder = tmp_path_factory.mktemp("recordings")
    return [
        write_audio(folder / f"{n}.flac", seconds, seed=n, rate_hz=(16_000, 22_050)[n % 2])
        for n, seconds in enumerate(SECONDS)
    ]


@pytest.fixture(scope="session")
def packed(files, tmp_path_factory, write_usable, write_labels):
    """The same as the workflow has them: an audio shard, usable trials and labels."""
    folder = tmp_path_factory.mktemp("packed")
    shard = folder / "audio" / "toy" / "0000-of-0001.parquet"
    with ShardWriter([shard], {}) as writer:
        for path in files:
            writer.add(path.name, path.read_bytes())
    rows = [
        {
            "utterance_id": member,
            "partition": "dev",
            "label": ("bonafide", "spoof")[number % 2],
            "attack": None,
            "packed_archive": "toy",
            "shard": 0,
            "row": number,
        }
        for number, member in enumerate(read_members(shard))
    ]
    usable = write_usable(folder / "dev.parquet", rows)
    return shard, usable, write_labels(folder / "labels.parquet", rows)


@pytest.fixture
def workflow_scores(packed, tmp_path):
    """Return a function that scores the packed audio as the workflow does, by file."""
    shard, usable, labels = packed

    def scored(model):
        loaded = from_pretrained(model)
        shards = [shard]
        if options := loaded.card.get("features"):
            shards = [tmp_path / "features" / "toy" / "0000-of-0001.safetensors"]
            extract_features(shard, shards[0], shards[0].with_suffix(".parquet"), options=options)
        output, point = tmp_path / "scores.parquet", model / "operating_point.json"
        paths = (model / "model.safetensors", model / "config.json", usable, shards, output)
        score_trials(*paths, labels=labels, operating_point=point, options={})
        table = read_scores(output)
        return dict(zip(table["utterance_id"].to_pylist(), table["score"].to_pylist(), strict=True))

    return scored


@pytest.fixture(
    params=[
        {"kind": "logmel"},
        {"kind": "logmel", "repeat": "frames"},
        {"kind": "lfcc"},
        {"kind": "logmel", "repeat": "frames", "storage": "int8"},
        {"kind": "lfcc", "pooled": "mean"},
        {"kind": "logmel", "repeat": "frames", "pooled": "mean_and_deviation"},
        {
            "kind": "joined",
            "parts": [
                {"kind": "lfcc", "pooled": "mean", "clip_s": CLIP_S},
                {"kind": "logmel", "pooled": "mean_and_deviation", "clip_s": CLIP_S},
            ],
        },
        {"kind": "wav2vec2"},
        {"kind": "wav2vec2", "repeat": "frames", "layer": 1},
        None,
    ],
    ids=lambda each: (
        "audio" if each is None else "-".join(map(str, {**each, "parts": ""}.values()))
    ),
)
def any_model(request, tmp_path, speech_model_folder):
    """A classifier on each kind of front-end, and one with its own."""
    if request.param is None:
        return save_audio_classifier(tmp_path / "model", speech_model_folder)
    options = dict(request.param)
    if options["kind"] == "wav2vec2":
        options["model"] = str(speech_model_folder)
    if "pooled" in options or "parts" in options:
        means = MeanPoolOptions(statistics="mean")
        return save_frame_classifier(tmp_path / "model", options, crop_s=CLIP_S, network=means)
    return save_frame_classifier(tmp_path / "model", options)


def test_scores_are_those_of_the_workflow(any_model, workflow_scores, files):
    expected = workflow_scores(any_model)
    scorer = signl.load(any_model)
    found = {path.name: scorer.score(path) for path in files}
    values = np.array([found[path.name].score for path in files])
    np.testing.assert_allclose(values, [expected[path.name] for path in files], rtol=0, atol=1e-6)
    assert np.ptp(values) > 1e-4
    # And their threshold is that of the same scores, which were given as dev's.
    point = read_operating_point(any_model)
    for each in found.values():
        assert each.threshold == point.threshold
        assert each.verdict == ("bona fide" if each.score >= point.threshold else "spoof")


@pytest.mark.parametrize("reads", ["frames", "audio"])
def test_scores_of_several_crops_are_those_of_the_workflow(
    tmp_path, workflow_scores, files, speech_model_folder, reads
):
    def saved(n_crops):
        folder = tmp_path / f"{reads}-{n_crops}"
        if reads == "audio":
            return save_audio_classifier(folder, speech_model_folder, n_crops=n_crops)
        return save_frame_classifier(folder, {"kind": "logmel"}, n_crops=n_crops)

    expected, scorer = workflow_scores(saved(3)), signl.load(saved(3))
    for path in files:
        assert scorer.score(path).score == pytest.approx(expected[path.name], abs=1e-6)
    # By another route: the mean over the network's outputs, crop by crop.
    loaded = from_pretrained(saved(3)).module
    (views,) = scorer.inputs.crops(
        [scorer.inputs.clip_of("", scorer.waveform(files[0], max_duration_s=9))]
    )
    assert len(views) == 3
    with torch.inference_mode():
        scores = [loaded.head.score(loaded(view[None])).item() for view in views]
    assert np.ptp(scores) > 1e-6
    assert expected[files[0].name] == pytest.approx(np.mean(scores), abs=1e-6)
    # They reach to the end of the clip, and one does not.
    assert signl.load(saved(1)).inputs.span_s < scorer.inputs.span_s <= scorer.inputs.clip_s
    assert scorer.inputs.span_s == pytest.approx(CLIP_S, abs=0.07)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_frame_classifier(tmp_path_factory.mktemp("model"), {"kind": "logmel"})


@pytest.fixture(scope="module")
def scorer(model):
    return signl.load(model)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_any_form_scores_as_its_samples_do(scorer, tmp_path, form):
    path = write_form(tmp_path, form)
    recording = decode(path.read_bytes(), max_duration_s=9)
    assert len(recording.samples) / recording.rate_hz == pytest.approx(0.8, abs=0.1)
    expected = scorer.score(path)
    assert scorer.score(recording.samples, recording.rate_hz) == expected
    assert scorer.score(torch.from_numpy(recording.samples), recording.rate_hz) == expected
    assert scorer.score(path.read_bytes()) == expected
    assert np.isfinite(expected.score)


@pytest.mark.parametrize("form", ["wav24", "flac"])
def test_a_lossless_form_scores_as_wav_does(scorer, tmp_path, form):
    wav, other = (write_form(tmp_path, each) for each in ("wav", form))
    assert scorer.score(other).score == pytest.approx(scorer.score(wav).score, abs=1e-6)


def test_a_float64_array_is_taken_like_a_float32_one(scorer):
    samples = tone(0.8)
    assert scorer.score(samples, 16_000) == scorer.score(samples.astype(np.float32), 16_000)
    assert scorer.score(samples[:, None], 16_000) == scorer.score(samples, 16_000)


@pytest.mark.parametrize(
    ("samples", "rate_hz", "message"),
    [
        (np.zeros(9), None, "needs its sample rate in Hz, a whole number; got None"),
        (np.zeros(9), 16_000.5, "got 16000.5"),
        (np.zeros(9), 0, "a sample rate of 0 Hz, allowed are"),
        (np.zeros((2, 16_000)), 16_000, r"\(2, 16000\), \(time, channel\): 16000 channels, allow"),
        (np.zeros((1, 2, 9)), 16_000, r"shape \(1, 2, 9\); allowed are \(time,\) and"),
        (np.zeros(()), 16_000, r"shape \(\); allowed are"),
        (np.zeros(0), 16_000, r"shape \(0,\); allowed are .* not empty"),
        (np.zeros(9, np.int16), 16_000, "samples of int16; allowed are a path, and arrays of floa"),
        ([0.0] * 9, 16_000, "samples of list"),
        (np.array([0.0, np.nan]), 16_000, "infinite or not a number"),
        ("a.wav", 16_000, "16000 Hz for a file, which says its own"),
    ],
)
def test_arrays_of_another_form_are_refused(scorer, samples, rate_hz, message):
    with pytest.raises(AudioError, match=message):
        scorer.score(samples, rate_hz)


def test_what_cannot_be_decoded_is_refused(scorer, tmp_path):
    (tmp_path / "text.wav").write_text("no audio" * 9)
    with pytest.raises(AudioError, match="can decode"):
        scorer.score(tmp_path / "text.wav")
    with pytest.raises(AudioError, match="it is not there"):
        scorer.score(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="no file of audio, but something else"):
        scorer.score(tmp_path)


def test_without_an_operating_point_there_is_no_verdict(scorer):
    found = scorer.score(tone(0.8), 16_000)
    assert (found.llr, found.threshold, found.verdict) == (None, None, NO_VERDICT)


def test_a_calibration_gives_a_log_likelihood_ratio(tmp_path):
    model = save_frame_classifier(tmp_path / "model", {"kind": "logmel"})
    write_point(model)
    found = signl.load(model).score(tone(0.8), 16_000)
    slope, offset = read_operating_point(model).calibration
    assert found.llr == pytest.approx(slope * found.score + offset)


@pytest.mark.parametrize("seconds", [0.2, 0.3, 1.0, 1.01])
@pytest.mark.parametrize(("window_s", "hop_s"), [(None, None), (0.2, 0.05), (0.2, 0.2)])
def test_a_window_scores_as_a_recording_of_its_own(scorer, seconds, window_s, hop_s):
    samples = tone(seconds)
    scores = scorer.over_time(samples, 16_000, window_s=window_s, hop_s=hop_s)
    for each in scores:
        part = samples[round(each.begin_s * 16_000) : round(each.end_s * 16_000)]
        alone = scorer.score(part, 16_000)
        assert each.score == pytest.approx(alone.score, abs=1e-6)
    assert scores[0].begin_s == 0
    assert scores[-1].end_s == len(samples) / 16_000
    # No sample is left out.
    assert all(one.end_s >= after.begin_s for one, after in pairwise(scores))


@pytest.mark.parametrize(
    ("n_samples", "expected"),
    [
        (1, [(0, 1)]),
        (16_000, [(0, 16_000)]),
        (24_000, [(0, 16_000), (8_000, 24_000)]),
        (24_001, [(0, 16_000), (8_000, 24_000), (8_001, 24_001)]),
    ],
)
def test_windows_end_where_the_recording_does(n_samples, expected):
    assert Windows(window_s=1.0, hop_s=0.5).spans(n_samples) == expected


def test_the_longest_window_is_what_the_model_sees(tmp_path, speech_model_folder):
    """Of a model that reads audio: gradients reach the samples of the crop and no others."""
    scorer = signl.load(save_audio_classifier(tmp_path / "model", speech_model_folder))
    assert scorer.windows() == Windows(window_s=CROP_S, hop_s=CROP_S / 2)
    clip = scorer.inputs.clip_of("", torch.randn(round(CLIP_S * 16_000)))
    ((crop,),) = scorer.inputs.crops([clip])
    assert torch.equal(crop, clip.waveform[: round(CROP_S * 16_000)])


@pytest.mark.parametrize(
    ("window_s", "hop_s", "message"),
    [
        (9.0, None, "--window-s is 9; allowed are 0.1 to"),
        (0.01, None, "--window-s is 0.01"),
        (float("nan"), None, "--window-s is nan"),
        (0.2, 0.3, "--hop-s is 0.3; allowed are 0.01 to the 0.2"),
        (0.2, 0.0, "--hop-s is 0;"),
    ],
)
def test_windows_that_miss_audio_are_refused(scorer, window_s, hop_s, message):
    with pytest.raises(ConfigError, match=message):
        scorer.windows(window_s, hop_s)


def test_a_long_recording_is_not_scored_over_time(scorer, monkeypatch):
    monkeypatch.setattr("signl.evaluation.scorer.MAX_OVER_TIME_S", 0.5)
    with pytest.raises(AudioError, match=r"more than 0.5 s"):
        scorer.over_time(tone(0.8), 16_000)


def test_weights_that_are_no_numbers_give_no_score(tmp_path):
    model = save_frame_classifier(tmp_path / "model", {"kind": "logmel"})
    scorer = signl.load(model)
    scorer._classifier.head.classes.weight.data.fill_(float("nan"))
    with pytest.raises(AudioError, match="a score that is not a number"):
        scorer.score(tone(0.8), 16_000)


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"has no config\.json, and so is no saved model"):
        signl.load(tmp_path)


def test_an_encoder_is_refused(tmp_path):
    model = save_frame_classifier(tmp_path / "model", {"kind": "logmel"})
    loaded = from_pretrained(model)
    made_by = MadeBy(stage="pretrain_encoder", revision=stages.PRETRAINING.revision, options={})
    paths = model / "model.safetensors", model / "config.json"
    save_model(*paths, loaded.module.encoder, made_by=made_by, card=loaded.card)
    with pytest.raises(ArtefactError, match="is an encoder, which gives no scores"):
        signl.load(model)

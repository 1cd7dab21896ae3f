"""signl score, as a user calls it: lines, exit codes, options that are refused."""

import csv
import json

import pytest
import torch
from hub_stand_in import NAME, hub
from small_models import save_audio_classifier, save_frame_classifier, write_audio, write_point
from typer.testing import CliRunner

import signl
from signl.cli.main import app
from signl.errors import ConfigError


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = save_frame_classifier(tmp_path_factory.mktemp("model"), {"kind": "logmel"})
    write_point(folder)
    return folder


@pytest.fixture
def recordings(tmp_path):
    """A folder with two recordings, one file that is none, and notes."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(2):
        write_audio(folder / f"{number}.flac", 0.8, seed=number)
    (folder / "notes.txt").write_text("notes")
    return folder


def run(*arguments, **options):
    """Run the command in this process."""
    return CliRunner().invoke(app, ["score", *map(str, arguments)], **options)


def test_the_command_as_a_process(signl, model, recordings):
    (recordings / "bad.wav").write_text("no audio" * 50)
    done = signl("score", model, recordings)
    assert done.returncode == 1
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[0].rpartition("/")[2] for line in lines] == ["0.flac", "1.flac", "bad.wav"]
    assert "not scored: 400 bytes that neither libsndfile" in lines[2][1]
    assert "without a score: 1 of 3 files" in done.stderr
    assert "left out, without an ending of audio: 1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_line_has_score_ratio_threshold_and_verdict(model, recordings):
    done = run(model, recordings)
    assert done.exit_code == 0, done.output
    scorer = signl.load(model)
    for line in done.stdout.splitlines():
        name, *parts = line.split("\t")
        expected = scorer.score(name)
        assert parts == [
            f"score {expected.score:.4f}",
            f"llr {expected.llr:+.3f}",
            f"threshold {expected.threshold:.4f}",
            expected.verdict,
        ]


def test_a_table_has_all_digits(model, recordings, tmp_path):
    paths = {form: tmp_path / f"scores.{form}" for form in ("csv", "json", "parquet")}
    options = [part for form, path in paths.items() for part in (f"--{form}", path)]
    done = run(model, recordings, *options)
    assert (done.exit_code, done.stdout) == (0, "")
    scorer = signl.load(model)
    with paths["csv"].open() as handle:
        rows = list(csv.DictReader(handle))
    for row, line in zip(rows, paths["json"].read_text().splitlines(), strict=True):
        expected = scorer.score(row["file"]).score
        assert float(row["score"]) == pytest.approx(expected, abs=1e-6)
        assert json.loads(line)["score"] == float(row["score"])
    assert paths["parquet"].stat().st_size > 0


def test_windows_have_their_place(model, recordings):
    options = ("--over-time", "--window-s", 0.2, "--hop-s", 0.1)
    done = run(model, recordings / "0.flac", *options, "--json", "-")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["begin_s"] for row in rows] == pytest.approx([0.1 * n for n in range(7)])
    assert rows[-1]["end_s"] == 0.8


def test_standard_input(model, recordings):
    content = (recordings / "0.flac").read_bytes()
    done = run(model, "-", input=content)
    by_name = run(model, recordings / "0.flac")
    assert done.stdout.split("\t")[1:] == by_name.stdout.split("\t")[1:]


def test_a_model_without_operating_point_says_so(tmp_path, speech_model_folder, recordings):
    model = save_audio_classifier(tmp_path / "model", speech_model_folder)
    done = run(model, recordings)
    assert done.exit_code == 0
    assert "the model has no operating_point.json" in done.stderr
    assert done.stdout.count("no verdict: the model has no threshold") == 2


def test_few_dev_scores_are_told_of(tmp_path, recordings):
    model = save_frame_classifier(tmp_path / "model", {"kind": "logmel"})
    write_point(model, n_dev=4)
    done = run(model, recordings)
    assert "no log-likelihood ratios: dev has 4 bona fide and 4 spoof scores" in done.stderr
    assert "llr" not in done.stdout
    assert "threshold" in done.stdout


def test_a_model_on_the_hub_scores_as_its_folder(request, monkeypatch, model, recordings, tmp_path):
    with hub(model) as (address, _):
        for name, value in (("HF_ENDPOINT", address), ("HF_HOME", str(tmp_path / "cache"))):
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        done = request.getfixturevalue("signl")("score", NAME, recordings, "--revision", "v1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == run(model, recordings).stdout


def test_windows_without_over_time_are_a_usage_error(model, recordings):
    done = run(model, recordings, "--window-s", 2)
    assert done.exit_code == 2
    assert "go with --over-time" in done.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused(model, recordings):
    done = run(model, recordings, "--gpu")
    assert isinstance(done.exception, ConfigError)
    assert "no GPU can be used here" in str(done.exception)


def test_what_is_no_model_is_refused(recordings):
    done = run("no-model", recordings)
    assert isinstance(done.exception, ConfigError)
    assert "there is no model 'no-model'" in str(done.exception)

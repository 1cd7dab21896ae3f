"""Many files: found, decoded ahead, scored in order; none stops the others."""

import io
import json
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from small_models import save_frame_classifier, tone, write_audio

import signl
from signl.errors import ConfigError
from signl.evaluation import score_files as module
from signl.evaluation.score_files import find_files, score_files


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    return signl.load(save_frame_classifier(tmp_path_factory.mktemp("model"), {"kind": "logmel"}))


def test_folders_are_searched_in_order(tmp_path):
    for name in ("b/2.WAV", "b/1.flac", "a.mp3", "notes.txt", "b/c/3.opus"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    found = find_files([tmp_path / "notes.txt", tmp_path, tmp_path / "b/1.flac", "-"])
    names = ("notes.txt", "a.mp3", "b/1.flac", "b/2.WAV", "b/c/3.opus")
    assert found.files == [*(str(tmp_path / name) for name in names), "-"]
    assert found.n_others == 1


def test_a_folder_without_audio_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ConfigError, match=r"holds no audio among 1 files; .*\.aac"):
        find_files([tmp_path])


@pytest.mark.parametrize("n_threads", [1, 3])
def test_rows_come_in_order_and_bad_files_among_them(scorer, tmp_path, n_threads, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 4)
    files = [write_audio(tmp_path / f"{n}.flac", 0.1 + 0.07 * n, seed=n) for n in range(9)]
    (tmp_path / "text.wav").write_text("no audio" * 50)
    cut = tmp_path / "cut.wav"
    cut.write_bytes(write_audio(tmp_path / "whole.wav", 0.5).read_bytes()[:5000])
    os.mkfifo(tmp_path / "pipe.wav")
    bad = [str(tmp_path / name) for name in ("none.wav", "text.wav", "cut.wav", "pipe.wav", ".")]
    names = [str(path) for path in files]
    names = [*names[:2], *bad, "zero\0byte.wav", *names[2:]]
    rows = list(score_files(scorer, names, n_threads=n_threads))
    assert [row.file for row in rows] == names
    reasons = {row.file: row.score.reason for row in rows}
    assert {name for name in names if reasons[name]} == {*bad, "zero\0byte.wav"}
    parts = ("not there", "can decode", "cut short", "something else", "something else")
    for part, name in zip(parts, bad, strict=True):
        assert part in reasons[name]
    for row in rows:
        if row.score.reason is None:
            assert row.score.score == pytest.approx(scorer.score(row.file).score, abs=1e-6)
        else:
            assert (row.score.score, row.score.verdict) == (None, "not scored")


def test_windows_are_those_of_each_file_alone(scorer, tmp_path):
    paths = [write_audio(tmp_path / f"{n}.wav", 0.3 + 0.5 * n, seed=n) for n in range(3)]
    (tmp_path / "text.wav").write_text("no audio" * 50)
    names = [str(paths[0]), str(tmp_path / "text.wav"), *map(str, paths[1:])]
    windows = scorer.windows(0.25, 0.1)
    rows = list(score_files(scorer, names, windows=windows))
    for path in paths:
        expected = scorer.over_time(path, window_s=0.25, hop_s=0.1)
        found = [row.score for row in rows if row.file == str(path)]
        assert [each[-2:] for each in found] == [each[-2:] for each in expected]
        np.testing.assert_allclose(
            [each.score for each in found], [each.score for each in expected], atol=1e-6
        )
    (bad,) = (row.score for row in rows if row.file.endswith("text.wav"))
    assert bad.reason is not None
    assert bad.begin_s is None


def test_standard_input_is_a_file(scorer, monkeypatch):
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(0.8), 16_000, format="FLAC")
    buffer.seek(0)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=buffer))
    (row,) = score_files(scorer, ["-"])
    assert row.file == "-"
    assert row.score == scorer.score(buffer.getvalue())


def test_no_more_is_decoded_than_memory_is_for(scorer, monkeypatch):
    """The files that were begun are never further ahead of the rows than a batch and the queue."""
    monkeypatch.setattr(module, "BATCH", 4)
    monkeypatch.setattr(module, "AHEAD", 8)
    lock, begun = threading.Lock(), []

    def waveform(file, **_):
        with lock:
            begun.append(file)
        return torch.randn(4000)

    monkeypatch.setattr(scorer, "waveform", waveform, raising=False)
    for n_rows, _ in enumerate(score_files(scorer, [str(n) for n in range(60)], n_threads=2)):
        assert len(begun) <= n_rows + 4 + 8
    assert len(begun) == 60


def test_decoding_stops_with_the_reader(scorer, monkeypatch):
    begun = []
    monkeypatch.setattr(
        scorer, "waveform", lambda file, **_: begun.append(file) or torch.randn(4000), raising=False
    )
    rows = score_files(scorer, [str(n) for n in range(1000)], n_threads=2)
    next(rows)
    rows.close()
    n_begun = len(begun)
    assert n_begun < 1000
    assert not [each for each in threading.enumerate() if each.name.startswith("decode")]


def test_an_hour_is_scored_by_its_beginning(scorer, tmp_path):
    path = tmp_path / "hour.wav"
    minute = (0.5 * 2**15 * tone(60, rate_hz=8000)).clip(-(2**15), 2**15 - 1).astype(np.int16)
    with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
        for _ in range(60):
            file.write(minute)
    (row,) = score_files(scorer, [str(path)])
    assert row.score == scorer.score(minute / np.float32(2**15), 8000)


HOUR_S, RATE_HZ = 3600, 44_100
#: Scores files, whole or in windows, and prints its peak memory before and after, in bytes.
MEASURED = """
import json, resource, sys
import signl
from signl.evaluation.score_files import score_files
peak = lambda: 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
scorer = signl.load(sys.argv[1])
windows = scorer.windows() if sys.argv[2] == "over time" else None
before = peak()
rows = list(score_files(scorer, sys.argv[3:], windows=windows, n_threads=4))
reasons = [row.score.reason for row in rows]
print(json.dumps({"scores": reasons.count(None), "grown": peak() - before}))
"""


@pytest.fixture(scope="module")
def hour(tmp_path_factory):
    """An hour of stereo as it comes from an editor, and a model that looks at nine seconds."""
    folder = tmp_path_factory.mktemp("hour")
    save_frame_classifier(folder / "model", {"kind": "logmel", "clip_s": 9.0}, crop_s=9.0)
    minute = np.stack([tone(60, seed=seed, rate_hz=RATE_HZ) for seed in (0, 1)], axis=1)
    with soundfile.SoundFile(folder / "hour.flac", "w", RATE_HZ, 2, "PCM_16") as file:
        for _ in range(HOUR_S // 60):
            file.write(minute)
    return folder


def measured(folder, how, n_files=1):
    arguments = [sys.executable, "-c", MEASURED, "model", how, *["hour.flac"] * n_files]
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.slow
def test_the_beginning_of_an_hour_takes_no_more_memory_than_a_clip(hour):
    found = measured(hour, "whole", n_files=8)
    assert found["scores"] == 8
    # Eight clips, which a megabyte holds, and what the first batch has to load.
    assert found["grown"] < 150e6 < (hour / "hour.flac").stat().st_size


@pytest.mark.slow
def test_an_hour_is_scored_over_time_in_bounded_memory(hour):
    found = measured(hour, "over time")
    assert found["scores"] == pytest.approx(HOUR_S / 4.5, abs=3)
    # The file, its samples in one channel with a mark each whether it is a number, these at 16 kHz;
    # 64 windows of nine seconds with their pictures, and what the first batch has to load.
    held = (hour / "hour.flac").stat().st_size + HOUR_S * (RATE_HZ * 5 + 16_000 * 4)
    assert found["grown"] < held + 300e6

"""Each command and program of docs/using.md, run as it stands there."""

import ast
import re
import shlex

import pytest
from small_models import save_frame_classifier, write_audio, write_point
from typer.testing import CliRunner

from signl.cli.main import app

MODEL = "results/classifiers/signl-logmel/cfad/labels-100/seed-1"


@pytest.fixture
def page(repository):
    return (repository / "docs" / "using.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with what the page names."""
    frontend = {"kind": "logmel", "clip_s": 5.0}
    write_point(save_frame_classifier(tmp_path / MODEL, frontend, crop_s=2.5))
    write_audio(tmp_path / "call.wav", 6.0)
    (tmp_path / "recordings").mkdir()
    for number in range(2):
        write_audio(tmp_path / "recordings" / f"{number}.flac", 0.8, seed=number)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)


def test_the_commands_run(page, place):
    commands = [line for block in blocks(page, "bash") for line in block.splitlines()]
    assert len(commands) >= 6
    for command in commands:
        line, _, source = command.partition(" < ")
        program, *arguments = shlex.split(line)
        content = (place / source).read_bytes() if source else None
        done = CliRunner().invoke(app, arguments, input=content)
        assert program == "signl"
        assert done.exit_code == 0, f"{command}: {done.output} {done.exception}"
    made = {path.name for path in place.iterdir() if path.is_file()}
    assert made == {"call.wav", "scores.csv", "scores.jsonl", "scores.parquet", "windows.csv"}


def test_the_programs_run(page, capsys):
    programs = blocks(page, "python")
    assert programs
    for program in programs:
        exec(compile(program, "docs/using.md", "exec"), {})
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("Score(score=")
    assert shown[1] in ("bona fide", "spoof")
    # Windows of 2.5 s of a recording of 6 s, half a window apart, and one that ends with it.
    assert len(ast.literal_eval(shown[2])) == 4


def test_the_model_card_shows_what_runs(place, monkeypatch, capsys):
    card = (place / MODEL / "README.md").read_text()
    monkeypatch.chdir(place / "recordings")
    write_audio("recording.wav", 0.8)
    (command,), (program,) = blocks(card, "bash"), blocks(card, "python")
    arguments = shlex.split(command.replace("FOLDER", str(place / MODEL)))[1:]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    exec(compile(program.replace("FOLDER", str(place / MODEL)), "card", "exec"), {})
    assert capsys.readouterr().out.startswith("Score(score=")

"""The wheel alone: what is installed of it does all that the command line promises, elsewhere."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from small_models import save_frame_classifier, write_audio, write_point

import signl

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

#: What a wheel is built of.
SOURCES = ("pyproject.toml", "README.md", "LICENSE")
CONFIGS = ("config.yaml", "config.paper.yaml", "config.strong.yaml", "config.pretraining.yaml")


def run(*command, cwd, **variables):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(repository, tmp_path_factory):
    """An environment with the wheel, whose dependencies are those of this one."""
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        shutil.copy(repository / name, source)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(repository / "signl", source / "signl", ignore=ignored)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    wheel = ("wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", source / "dist", ".")
    run(*pip, *wheel, cwd=source)
    (built,) = (source / "dist").glob("*.whl")
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=source)
    python = environment / "bin" / "python"
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", built, cwd=source)
    places = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = run(python, "-c", places, cwd=source).strip()
    # Its .pth files, and so this repository, are not looked at from there.
    with Path(own, "dependencies.pth").open("w", encoding="utf-8") as handle:
        handle.write(sysconfig.get_path("purelib") + "\n")
    return environment / "bin"


@pytest.fixture
def command(installed, tmp_path):
    """Return a function that runs the installed command in a folder of its own."""

    def ran(*arguments):
        return run(installed / "signl", *arguments, cwd=tmp_path)

    return ran


def test_what_runs_is_what_was_installed(installed, tmp_path):
    shown = run(installed / "python", "-c", "import signl; print(signl.__file__)", cwd=tmp_path)
    assert shown.startswith(str(installed.parent))


def test_help_and_version(command):
    assert command("--version") == f"signl {signl.__version__}\n"
    shown = command("--help")
    for name in ("score", "plan", "corpus", "show", "push", "measure-scores", "export-scores"):
        assert name in shown


@pytest.mark.parametrize("name", CONFIGS)
def test_plan(command, repository, tmp_path, name):
    shutil.copy(repository / name, tmp_path)
    assert "train_classifier" in command("plan", "--config", name)


def test_a_corpus_is_inspected_and_a_table_shown(command, tmp_path):
    rows = ["path,label,partition"]
    for number, partition in enumerate(["train", "train", "dev", "dev", "eval", "eval"]):
        write_audio(tmp_path / f"{number}.wav", 0.8, seed=number)
        rows.append(f"{number}.wav,{('bonafide', 'spoof')[number % 2]},{partition}")
    (tmp_path / "mine.csv").write_text("\n".join([*rows, ""]))
    assert "eval" in command("corpus", "inspect", "mine.csv", "--audio", ".")
    assert "0.wav" in command("show", "mine.csv")


def test_audio_is_scored(command, tmp_path):
    model = save_frame_classifier(tmp_path / "model", {"kind": "logmel"})
    write_point(model)
    write_audio(tmp_path / "call.wav", 0.8)
    assert "call.wav\tscore " in command("score", "model", "call.wav")

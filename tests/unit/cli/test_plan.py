"""``signl plan`` as a user calls it."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from signl.cli.commands import app
from signl.errors import ConfigError

SHOW_MODULES = """
import sys
from signl.cli.commands import app
app(["plan", *sys.argv[1:]], standalone_mode=False)
print("torch" in sys.modules)
"""


def plan(*arguments):
    """Run the command; an error is raised."""
    return CliRunner().invoke(app, ["plan", *arguments], catch_exceptions=False).stdout


def row_of(shown, rule):
    return next(line.split()[1:] for line in shown.splitlines() if line.split()[:1] == [rule])


def test_a_plan_is_made_without_pytorch(repository):
    shown = subprocess.run(
        [sys.executable, "-c", SHOW_MODULES, "--config", "config.paper.yaml"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown.splitlines()[-1] == "False"
    assert row_of(shown, "train_classifier")[0] == "326"


def test_the_assumptions_are_shown_and_can_be_changed(repository):
    paper = ["--config", str(repository / "config.paper.yaml")]
    shown = plan(*paper, "--audio-hours-per-gpu-hour", "250", "--max-epochs", "10")
    assert "  audio_hours_per_gpu_hour           250.0" in shown
    assert "  max_epochs                         10" in shown
    assert row_of(shown, "extract_features")[3] == "18"
    assert row_of(plan(*paper), "extract_features")[3] == "9.1"


def test_a_later_configuration_goes_before_an_earlier_one(repository, tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(
        "experiments: {paper: {seeds: [1]}, official: {seeds: [1]}, controls: {seeds: [1]}}\n"
    )
    paper = ["--config", str(repository / "config.paper.yaml")]
    assert row_of(plan(*paper, "--config", str(overlay)), "train_classifier")[0] == "70"


def test_a_configuration_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "config.yaml"
    with pytest.raises(ConfigError, match=rf"{path} cannot be read"):
        plan("--config", str(path))
    path.write_text("a: [")
    with pytest.raises(ConfigError, match=rf"{path} cannot be read"):
        plan("--config", str(path))

"""The command as a user calls it: help without PyTorch, errors without tracebacks."""

import subprocess
import sys

import pytest

SHOW_MODULES = """
import sys
from signl.cli import main
print("torch" in sys.modules)
"""


def test_the_command_does_not_load_torch():
    shown = subprocess.run(
        [sys.executable, "-c", SHOW_MODULES], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "False"


@pytest.mark.parametrize("command", ["export-scores", "measure-scores"])
def test_help_says_which_forms_are_read(signl, command):
    shown = signl(command, "--help")
    assert shown.returncode == 0
    for form in ("asvspoof5", "asvspoof2021"):
        assert form in shown.stdout


def test_an_unknown_subcommand_is_refused():
    result = subprocess.run(
        [sys.executable, "-c", "from signl.cli.main import main; main()", "no-such"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert "no-such" in result.stderr
    assert "Traceback" not in result.stderr

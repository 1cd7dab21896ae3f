"""The command as a user calls it: help without PyTorch, errors without tracebacks."""

import os
import signal
import subprocess
import sys

import pytest

#: The command, which tells that it has begun, and then waits.
WAITS = """
import sys, time
from signl.cli import main
from signl.evaluation import foreign
def wait(*_, **__):
    print("begun", flush=True)
    time.sleep(60)
foreign.read_foreign_key = wait
sys.argv = ["signl", "measure-scores", sys.argv[1], "--keys", sys.argv[1], "--form", "asvspoof5"]
main.main()
"""

#: The command, which is interrupted when it begins to import what is named first.
INTERRUPTED_AT = """
import os, signal, sys
at, number = sys.argv.pop(1), int(sys.argv.pop(1))
class Interruption:
    def find_spec(self, name, path=None, target=None):
        if name == at:
            os.kill(os.getpid(), number)
sys.meta_path.insert(0, Interruption())
from signl.cli.main import main
main()
"""

SHOW_MODULES = """
import sys
from signl.cli import commands
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_one_line(tmp_path, repository, number):
    (tmp_path / "scores.txt").touch()
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, tmp_path / "scores.txt"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(repository)},
    ) as command:
        assert command.stdout.readline() == "begun\n"
        command.send_signal(number)
        _, said = command.communicate(timeout=30)
    assert said == "interrupted\n"
    assert command.returncode == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "module", ["signl.cli.commands", "typer", "signl.errors", "logging", "numpy", "pyarrow.lib"]
)
def test_an_interruption_of_imports_is_one_line(tmp_path, repository, module, number):
    (tmp_path / "scores.txt").touch()
    scores = [tmp_path / "scores.txt", "--keys", tmp_path / "scores.txt", "--form", "asvspoof5"]
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT, module, str(int(number)), "measure-scores", *scores],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(repository)},
    )
    assert ended.stderr == "interrupted\n"
    assert ended.returncode == 130


def test_little_is_imported_before_an_interruption_is_heard():
    code = "import sys; import signl; before = set(sys.modules); import signl.cli.main; "
    said = subprocess.run(
        [sys.executable, "-c", code + "print(*(set(sys.modules) - before))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(said.stdout.split()) <= {"signl.cli", "signl.cli.main", "signal", "_signal", "types"}

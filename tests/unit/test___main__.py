"""``python -m signl``: version, completion, exit codes, and help that fits its terminal."""

import os
import subprocess
import sys

import pytest

import signl

MODULE = [sys.executable, "-m", "signl"]


@pytest.fixture
def run(repository, tmp_path):
    """Return a function that runs the command in an empty folder, with variables of its own."""

    def ran(*arguments, **variables):
        return subprocess.run(
            [*MODULE, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(repository)} | variables,
        )

    return ran


def test_the_version_is_that_of_the_package(run):
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"signl {signl.__version__}\n")


def test_shells_complete_subcommands(run):
    # Otherwise it is that of the shell in which the tests run, which may be one without completion.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    assert "_SIGNL_COMPLETE=complete_bash" in run("--show-completion", "bash", **named).stdout
    # What that script asks with each tab.
    asked = {"_SIGNL_COMPLETE": "complete_bash", "COMP_WORDS": "signl sc", "COMP_CWORD": "1"}
    assert run(**asked).stdout.split() == ["score"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show", "--help"], 0, "Usage: signl show"),
        (["show", "no-such-table"], 1, "there is no table 'no-such-table'"),
        (["show", "--no-such-option"], 2, "No such option"),
        ([], 2, "Usage: signl"),
    ],
    ids=["fine", "cannot", "wrong", "nothing"],
)
def test_exit_codes(run, arguments, code, words):
    done = run(*arguments)
    said = " ".join((done.stdout + done.stderr).split())
    assert (done.returncode, words in said) == (code, True), said
    assert "Traceback" not in said


@pytest.mark.parametrize("columns", [60, 100])
def test_help_wraps_at_the_width_of_the_terminal(run, columns):
    shown = run("score", "--help", COLUMNS=str(columns)).stdout
    assert max(map(len, shown.splitlines())) <= columns
    assert "beginning of each file is scored" in " ".join(shown.split())

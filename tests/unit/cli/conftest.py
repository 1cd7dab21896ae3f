"""The command, run as a user runs it."""

import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-c", "from signl.cli.main import main; main()"]


@pytest.fixture
def signl(repository):
    """Return a function that runs ``signl`` with arguments."""
    # Wide enough that no message is wrapped.
    environment = os.environ | {"PYTHONPATH": str(repository), "COLUMNS": "200"}

    def run(*arguments):
        return subprocess.run(
            [*COMMAND, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )

    return run

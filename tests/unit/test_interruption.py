"""Ctrl-C before a process has set up anything: one line in those of a run, elsewhere as usual."""

import os
import subprocess
import sys

import pytest

#: As while a module is imported.
ENDS = "import signl\nraise {error}\n"


@pytest.fixture
def said(tmp_path, repository):
    """Return a function that gives what a script says that ends in an error."""

    def run(name, error="KeyboardInterrupt"):
        script = tmp_path / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(ENDS.format(error=error))
        ended = subprocess.run(
            [sys.executable, script, "snakemake"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": str(repository)},
        )
        assert ended.returncode != 0
        return ended.stderr

    return run


@pytest.mark.parametrize("name", [".snakemake/scripts/tmp1.audit.py", "bin/snakemake"])
def test_in_a_process_of_a_run_it_is_one_line(said, name):
    assert said(name) == "interrupted\n"


@pytest.mark.parametrize(
    ("name", "error"),
    [(".snakemake/scripts/tmp1.audit.py", "ValueError(1)"), ("mine.py", "KeyboardInterrupt")],
)
def test_all_else_has_its_traceback(said, name, error):
    assert said(name, error).startswith("Traceback")

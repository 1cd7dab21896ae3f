"""signl show, as a user calls it."""

import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-c", "from signl.cli.main import main; main()", "show"]


@pytest.fixture
def show(tmp_path, repository):
    """Return a function that shows tables in a folder with two of them in results/."""
    results = tmp_path / "results"
    results.mkdir()
    (results / "breakdown.csv").write_text("part,eer_mean\nattack,2.5\n")
    (results / "pretraining.csv").write_text("recipe,collapsed\nsignl,no\n")
    (results / "notes.txt").write_text("mine")
    environment = os.environ | {"PYTHONPATH": str(repository), "COLUMNS": "200"}

    def run(*tables):
        return subprocess.run(
            [*COMMAND, *map(str, tables)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_tables_are_shown_by_path_and_by_name(show):
    done = show("results/breakdown.csv", "pretraining")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "results/breakdown.csv\n"
        "part    eer_mean\n"
        "attack       2.5\n"
        "\n"
        "results/pretraining.csv\n"
        "recipe  collapsed\n"
        "signl   no\n"
    )
    assert show("breakdown", "pretraining.csv").stdout == done.stdout


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("braekdown", "no table 'braekdown'; allowed are a path, or a name of those in results/: "),
        ("results/indomain.csv", "no table 'results/indomain.csv'; allowed are"),
        ("results/notes.txt", "is no table; allowed are files that end in .csv or .parquet"),
        ("results", "no table 'results'"),
    ],
)
def test_what_is_no_table_is_refused_in_words(show, table, message):
    done = show("breakdown", table)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("ArtefactError: ")
    assert message in done.stderr
    if "those in results" in done.stderr:
        assert "breakdown.csv, pretraining.csv" in done.stderr

"""docs/own_model.md, followed: its files written, its commands run, its class edited."""

import csv
import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml
from table_corpora import write_corpus

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

SIGNL = [sys.executable, "-m", "signl"]


@pytest.fixture(scope="module")
def blocks(repository):
    page = (repository / "docs" / "own_model.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^```(\w+)\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def place(blocks, tmp_path_factory):
    """A folder with the two files of the page, and the corpus that its configuration names."""
    folder = tmp_path_factory.mktemp("own")
    for language in ("python", "yaml"):
        first, _, rest = blocks[language].partition("\n")
        (folder / first.removeprefix("# ")).write_text(rest, encoding="utf-8")
    write_corpus(folder)
    table = (folder / "mine.csv").read_text(encoding="utf-8")
    table = table.replace("file,class", "path,label").replace("real", "bonafide")
    (folder / "mine.csv").write_text(table.replace("fake", "spoof"), encoding="utf-8")
    return folder


def run(command, folder, repository):
    program, *arguments = shlex.split(command)
    if program == "snakemake":
        arguments += ["--snakefile", str(repository / "Snakefile")]
    assert program in ("snakemake", "signl")
    return subprocess.run(
        [sys.executable, "-m", program, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(repository)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=500,
    )


def test_the_page_runs_and_an_edited_class_trains_anew(blocks, place, repository):
    workflow, show, score = blocks["bash"].splitlines()
    done = run(workflow, place, repository)
    assert done.returncode == 0, done.stdout[-4000:]
    with (place / "results" / "indomain.csv").open(encoding="utf-8") as handle:
        (row,) = csv.DictReader(handle)
    assert row["recipe"] == "max-pool"
    assert float(row["eer_mean"]) < 20
    for command in (show, score):
        done = run(command, place, repository)
        assert done.returncode == 0, f"{command}: {done.stdout}"
    assert "bona fide" in done.stdout

    # Without its name the saved model's code is not run.
    refused = run(score.partition(" --model-code")[0], place, repository)
    assert refused.returncode == 1
    assert "--model-code my_network:MaxPoolOptions" in refused.stdout

    assert "Nothing to be done" in run(f"{workflow} -n", place, repository).stdout
    source = place / "my_network.py"
    source.write_text(source.read_text().replace("amax(dim=1)", "mean(dim=1)"), encoding="utf-8")
    said = run(f"{workflow} -n", place, repository).stdout
    assert "model.code was" in said
    assert "rule train_classifier" in said
    assert "rule pack_audio" not in said
    assert "rule extract_features" not in said


def test_a_faulty_network_stops_all_before_the_first_job(blocks, place, repository, tmp_path):
    for path in place.iterdir():
        if path.name != "results" and not path.name.startswith("."):
            (tmp_path / path.name).symlink_to(path)
    source = tmp_path / "my_network.py"
    source.unlink()
    text = blocks["python"].replace("amax(dim=1)", "amax(dim=2)")
    assert text != blocks["python"]
    source.write_text(text, encoding="utf-8")
    config = yaml.safe_load((tmp_path / "config.mine.yaml").read_text(encoding="utf-8"))
    assert config["recipes"]["max-pool"]["model"]["kind"] == "my_network:MaxPoolOptions"
    done = run(blocks["bash"].splitlines()[0], tmp_path, repository)
    assert done.returncode == 1
    assert "recipes.max-pool.model" in done.stdout
    assert "expected is a tensor (4, 8)" in done.stdout
    assert not (tmp_path / "results" / "manifests").exists()

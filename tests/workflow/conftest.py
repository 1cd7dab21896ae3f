"""A toy experiment, run once, and what its tests need to run Snakemake."""

import copy
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]


class Command(NamedTuple):
    """A command line, and the folder and environment to run it in."""

    arguments: list[str]
    folder: Path
    environment: dict[str, str]


def content_of(path: Path) -> bytes:
    """Return a file's content, as it is the same in each run.

    Of safetensors, which writes its metadata in any order, these are sorted. Headers of what is
    read of archives hold their dates, which differ where the embedded ones are made twice, and
    so does the seal. The page of what was found tells how long the jobs took.
    """
    content = path.read_bytes()
    if path.suffix == ".html":
        content, n_cut = re.subn(rb"<h3>Run times.*?(?=<h3>)", b"", content, flags=re.DOTALL)
        assert n_cut == 1, f"{path} has no run times"
    if path.suffix == ".parquet" and b'"mtime_ns"' in content:
        content = re.sub(rb'"mtime_ns": \d+', b'"mtime_ns": 0', content)
        content = re.sub(rb'"seal": "[0-9a-f]+"', b'"seal": ""', content)
    if path.suffix != ".safetensors":
        return content
    end = 8 + int.from_bytes(content[:8], "little")
    return json.dumps(json.loads(content[8:end]), sort_keys=True).encode() + content[end:]


@dataclass(frozen=True)
class Workflow:
    """The workflow, run in a folder of its own with a configuration of its own.

    Attributes
    ----------
    folder : Path
        Where it runs.
    repository : Path
        Where the Snakefile, its profile and the library lie.
    """

    folder: Path
    repository: Path = REPOSITORY

    def command(self, config: Mapping, *arguments: str) -> Command:
        """Return the command that runs Snakemake with a configuration."""
        path = self.folder / "config.test.yaml"
        path.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
        snakefile = self.repository / "Snakefile"
        return Command(
            [
                *(
                    sys.executable,
                    "-m",
                    "snakemake",
                    "--snakefile",
                    str(snakefile),
                ),
                *("--directory", str(self.folder), "--configfile", str(path), "--cores", "2"),
                *arguments,
            ],
            self.folder,
            os.environ | {"PYTHONPATH": str(self.repository)},
        )

    def run(self, config: Mapping, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake with a configuration; standard error comes with the output."""
        command = self.command(config, *arguments)
        return subprocess.run(
            command.arguments,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=command.folder,
            env=command.environment,
            check=False,
            timeout=600,
        )

    def make(self, config: Mapping, *arguments: str) -> str:
        """Run Snakemake and return what it says; it must succeed."""
        done = self.run(config, *arguments)
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout

    def results(self) -> dict[str, bytes]:
        """Return path -> content of all that was made, without what tells of times."""
        root = self.folder / "results"
        return {
            str(path.relative_to(root)): content_of(path)
            for path in root.rglob("*")
            if path.is_file() and path.relative_to(root).parts[0] not in ("logs", "benchmarks")
        }

    def plan(self, config: Mapping, *arguments: str) -> set[str]:
        """Return the jobs that a run would have, each as ``rule wildcards``."""
        said = self.make(config, "--dry-run", *arguments)
        jobs = set()
        for block in re.split(r"\n\s*\n|(?=^(?:local)?rule )", said, flags=re.MULTILINE):
            if rule := re.match(r"(?:local)?rule (\w+):", block):
                wildcards = re.search(r"^    wildcards: (.*)$", block, flags=re.MULTILINE)
                values = re.findall(r"=([^,]+)", wildcards[1]) if wildcards else []
                jobs.add(" ".join([rule[1], *values]))
        return jobs


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep what shares an experiment in one process, where tests run in several.

    These come first: the others are dealt out one by one, and end together.
    """
    for item in items:
        if item.get_closest_marker("workflow") is None:
            continue
        for shared in ("toy", "undisturbed"):
            if shared in item.fixturenames:
                item.add_marker(pytest.mark.xdist_group(shared))
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture(scope="session")
def toy_config(repository):
    """The configuration of an experiment that runs every stage in about a minute."""
    config = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))
    return {
        "archives": config["archives"],
        "demo": {"archives": {"seed": 0, "scale": 0.4, "long_s": 12.0}},
        "gpus_per_job": 0,
        "corpora": config["corpora"],
        "frontends": {"toy": {"kind": "logmel", "n_mels": 16, "window_ms": 40.0, "hop_ms": 40.0}},
        "recipes": {
            "toy": {
                "frontend": "toy",
                "crop_s": 3.0,
                "model": {"kind": "signl", "nodes": 4, "channels": 8, "neighbours": 2, "layers": 2},
                "pretraining": {"epochs": 2, "learning_rate": 0.001, "batch_size": 16},
                "finetuning": {"epochs": 3, "learning_rate": 0.001, "batch_size": 16},
                "per_corpus": {"cfad": {"finetuning": {"class_weights": [0.33, 0.67]}}},
            }
        },
        "experiments": {
            "toy": {
                "recipes": ["toy"],
                "train_corpora": ["asvspoof2021_df", "cfad"],
                "label_percents": [50],
                "seeds": [1],
                "evaluate_on": ["cfad", "in_the_wild"],
            }
        },
    }


@pytest.fixture
def changed(toy_config):
    """Return a function that gives the toy configuration with some axes of its own."""

    def change(**axes):
        config = copy.deepcopy(toy_config)
        config["experiments"]["toy"] |= axes
        return config

    return change


@pytest.fixture(scope="session")
def workflow_in():
    """A function that gives the workflow in a folder."""
    return Workflow


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """A function that runs an experiment to its end, in a folder of this process.

    Of several processes the first that asks runs it, and each has a copy.
    """

    def make(name: str, config: Mapping) -> Workflow:
        workflow = Workflow(tmp_path_factory.mktemp(name))
        if "PYTEST_XDIST_WORKER" not in os.environ:
            workflow.make(config)
            return workflow
        shared = tmp_path_factory.getbasetemp().parent / f"shared-{name}"
        shared.mkdir(exist_ok=True)
        with (shared / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / "made").exists():
                first = Workflow(Path(tempfile.mkdtemp(dir=shared)))
                first.make(config)
                first.folder.rename(shared / "made")
        shutil.copytree(shared / "made", workflow.folder, symlinks=True, dirs_exist_ok=True)
        return workflow

    return make


@pytest.fixture(scope="session")
def toy(made_once, toy_config):
    """The toy experiment, run to its end."""
    return made_once("toy", toy_config)


@pytest.fixture(scope="session")
def long_config(toy_config):
    """The toy experiment on one training corpus, with epochs enough to be interrupted in."""
    config = copy.deepcopy(toy_config)
    config["experiments"]["toy"]["train_corpora"] = ["cfad"]
    for part in ("pretraining", "finetuning"):
        config["recipes"]["toy"][part] |= {"epochs": 12, "patience": 12}
    return config


@pytest.fixture(scope="session")
def undisturbed(made_once, long_config):
    """That experiment, run to its end without an interruption."""
    return made_once("undisturbed", long_config)


@pytest.fixture
def elsewhere(tmp_path):
    """The workflow in an empty folder."""
    return Workflow(tmp_path)

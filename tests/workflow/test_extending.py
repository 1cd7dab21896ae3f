"""docs/extending.md, followed: each of its files and lines in a copy of the repository, and run."""

import csv
import re
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import yaml

from signl.demo.encoding import wav_bytes

pytestmark = pytest.mark.workflow

FOLDERS = ("signl", "rules", "workflow_scripts", "profiles", "envs")
CONFIG = "config.mine.yaml"
#: The modules of the page.
NEW = (
    "corpora/our_speech.py",
    "features/spectrogram.py",
    "models/attention_pool.py",
    "objectives/info_nce.py",
)
#: Utterances of a partition; the protocol's labels alternate.
N_UTTERANCES = 40

UNIT_RUN = """
import sys
import torch
from signl.features.frontends import frontend_options
from signl.models.networks import NETWORKS
from signl.models.network import to_picture
from signl.objectives.objectives import make_objective

frontend = frontend_options({"kind": "spectrogram", "window_ms": 16.0, "hop_ms": 16.0})
frames = frontend.build(torch.device("cpu"))(torch.randn(3, 16_000))
width, n_frames = frontend.geometry().width, frontend.geometry().n_frames(1.0)
assert frames.shape == (3, n_frames, width), frames.shape
assert frames.isfinite().all()

network = NETWORKS.build({"kind": "attention_pool", "channels": 5}).build(width, n_frames)
embeddings = network.embed(to_picture(frames))
assert embeddings.shape == (3, network.embedding_width) == (3, 5)

objective = make_objective("info_nce", 5, {"temperature": 0.2})
# Embeddings of noise are all but one and the same: no loss tells those apart.
apart = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
same, other = objective(apart, apart), objective(apart, apart.flip(0))
assert 0 < same.loss < other.loss
assert same.terms.keys() == {"there", "back"}
"""

LIGHT_RUN = """
import sys, yaml
from signl.experiment import Experiment

config = yaml.safe_load(open(sys.argv[1], encoding="utf-8"))
for recipe in config["recipes"].values():
    recipe["model"] = {"kind": "mean_pool"}
    recipe["finetuning"] = {"kind": "logistic"}
    recipe.pop("pretraining", None)
Experiment(config)
heavy = {"torch", "pandas", "transformers", "soundfile"} & sys.modules.keys()
assert not heavy, heavy
"""


@pytest.fixture(scope="module")
def blocks(repository):
    """The fenced blocks of the page, each its language and text."""
    page = (repository / "docs" / "extending.md").read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)


def put_line(folder, path, registry, line):
    """Put a line into a registry, as its first entry; or behind a line of a file."""
    text = (folder / path).read_text(encoding="utf-8")
    pattern = rf"^{re.escape(registry)}\b(?:[^\n]*\n)(?: +\"[\w-]+\",\n +\{{\n)?"
    if not registry.isidentifier():
        pattern = rf"^{re.escape(registry)}\n"
    changed, n_found = re.subn(pattern, lambda found: found[0] + line, text, flags=re.MULTILINE)
    assert n_found == 1, (path, registry)
    (folder / path).write_text(changed, encoding="utf-8")


@pytest.fixture(scope="module")
def extended(blocks, repository, tmp_path_factory):
    """A copy of the repository to which everything on the page was added."""
    folder = tmp_path_factory.mktemp("extended")
    shutil.copy(repository / "Snakefile", folder)
    for name in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(repository / name, folder / name, ignore=ignored)
    n_files, n_lines = 0, 0
    for _, text in blocks:
        first, _, rest = text.partition("\n")
        if line := re.fullmatch(r"# (\S+), (?:in|behind) (.+)", first):
            put_line(folder, line[1], line[2], rest)
            assert rest.count("\n") == 1
            n_lines += 1
        elif whole := re.fullmatch(r"# (\S+/\S+|config\S+)", first):
            assert not (folder / whole[1]).exists()
            (folder / whole[1]).write_text(rest, encoding="utf-8")
            n_files += whole[1] != CONFIG
    assert (n_files, n_lines) == (5, 5)
    return folder


@pytest.fixture(scope="module")
def config(extended):
    return yaml.safe_load((extended / CONFIG).read_text(encoding="utf-8"))


def python(extended, program, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=extended,
        env={"PYTHONPATH": str(extended), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def is_part(part, whole):
    if isinstance(part, dict):
        return part.keys() <= whole.keys() and all(is_part(part[key], whole[key]) for key in part)
    return part == whole


def test_what_is_shown_of_the_configuration_is_in_the_whole(blocks, config):
    shown = [yaml.safe_load(text) for language, text in blocks if language == "yaml"]
    ours = [part for part in shown if part.keys() <= config.keys()]
    assert len(ours) == 5
    assert all(is_part(part, config) for part in ours)


def test_front_end_network_and_objective_build_and_run(extended):
    python(extended, UNIT_RUN)


def test_what_is_said_to_import_nothing_heavy_does_not(extended):
    python(extended, LIGHT_RUN, CONFIG)


@pytest.mark.parametrize("tool", [["check"], ["format", "--check"]], ids=["check", "format"])
def test_the_code_of_the_page_is_as_the_repository_wants_it(tool, extended, repository):
    settings = str(repository / "pyproject.toml")
    files = [f"signl/{name}" for name in NEW]
    command = [sys.executable, "-m", "ruff", *tool, "--no-cache", "--config", settings, *files]
    done = subprocess.run(command, cwd=extended, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def write_archive(path):
    """Write the corpus of the page: spoofs are noise, bona fide utterances tones in noise."""
    rng = np.random.default_rng(0)
    rows = []
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        for partition in ("train", "dev", "eval"):
            for number in range(N_UTTERANCES):
                name, is_spoof = f"{partition}_{number:03d}", number % 2
                tone = 0.3 * np.sin(np.arange(24_000) * rng.uniform(0.1, 0.3))
                waveform = 0.1 * rng.standard_normal(24_000) + (0 if is_spoof else tone)
                archive.writestr(f"our_speech/audio/{name}.wav", wav_bytes(waveform))
                ending = "A01 spoof" if is_spoof else "- bonafide"
                rows.append(f"{name} {partition} S{number % 4} {ending}\n")
        archive.writestr("our_speech/protocol.txt", "".join(rows))


@pytest.mark.slow
def test_all_of_it_runs_from_the_archive_to_the_tables(extended, config, workflow_in, tmp_path):
    write_archive(tmp_path / "archives" / "OurSpeech" / "our_speech.zip")
    workflow = workflow_in(tmp_path, extended)
    workflow.make(config, "results/indomain.csv", "results/intervals.csv")
    for table in ("indomain", "intervals"):
        with (tmp_path / "results" / f"{table}.csv").open(encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        assert [row["recipe"] for row in rows] == ["attention", "attention-pretrained"]
        assert {row["eval_corpus"] for row in rows} == {"our_speech"}
    assert all(float(row["eer_low"]) <= float(row["eer"]) <= float(row["eer_high"]) for row in rows)

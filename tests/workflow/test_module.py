"""The workflow as a module of another repository's, with a configuration of that one."""

import os
import subprocess
import sys

import pytest
import yaml
from table_corpora import config_of

from signl.demo.encoding import wav_bytes

pytestmark = pytest.mark.workflow

SNAKEFILE = """
configfile: "config.yaml"


module signl:
    snakefile:
        "{snakefile}"
    config:
        config


use rule * from signl
"""


@pytest.fixture
def snakemake(repository, tmp_path):
    """Return a function that runs Snakemake in a repository that has the workflow as a module."""
    snakefile = SNAKEFILE.format(snakefile=repository / "Snakefile")
    (tmp_path / "Snakefile").write_text(snakefile)
    (tmp_path / "recordings").mkdir()
    rows = ["path,label,partition"]
    for number, partition in enumerate(["train", "train", "dev", "dev", "eval", "eval"]):
        (tmp_path / "recordings" / f"{number}.wav").write_bytes(wav_bytes([0.0, 0.1, 0.2] * 800))
        rows.append(f"{number}.wav,{('bonafide', 'spoof')[number % 2]},{partition}")
    (tmp_path / "mine.csv").write_text("\n".join([*rows, ""]))
    config = config_of({"kind": "table", "table": "mine.csv", "audio": "recordings"})
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "1", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(repository)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    return run


@pytest.mark.slow
def test_another_repository_has_the_whole_workflow_as_a_module(snakemake, tmp_path):
    planned = snakemake("--dry-run")
    for rule in ("build_manifest", "train_classifier", "measure", "tabulate"):
        assert f"rule {rule}:" in planned
    # Under names of its own, and with a job that makes many: the general rule stands behind it.
    path = tmp_path / "Snakefile"
    path.write_text(path.read_text().replace("from signl", "from signl as signl_*"))
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    config["experiments"]["mine"]["seeds"] = [1, 2]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    planned = snakemake("--dry-run", "results/metrics.parquet")
    assert "rule signl_measure_sweep_1:" in planned
    assert "rule signl_train_classifier:" not in planned
    snakemake("results/manifests/mine.parquet")
    assert (tmp_path / "results" / "manifests" / "mine.parquet").is_file()
    assert (tmp_path / "results" / "logs" / "build_manifest" / "mine.log").is_file()

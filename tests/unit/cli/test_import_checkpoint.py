"""The command on real files, as a user calls it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from signl.cli.commands import app
from signl.errors import SignlError
from signl.models.heads import score
from signl.models.saving import from_pretrained

RUN = "from signl.cli.main import main; main()"


def call(*arguments):
    return subprocess.run(
        [sys.executable, "-c", RUN, "import-checkpoint", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    )


def invoke(*arguments):
    """Run the command in this process, which has imported what it takes."""
    return CliRunner().invoke(app, ["import-checkpoint", *map(str, arguments)])


class Hostile:
    def __reduce__(self):
        return os.system, ("touch executed",)


def test_a_file_that_would_run_code_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {"a": Hostile()}}, "hostile.ckpt")
    done = call("hostile.ckpt", "--out", "model")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ArtefactError: hostile.ckpt holds an object of")
    assert not (tmp_path / "executed").exists()
    assert not (tmp_path / "model").exists()


def test_a_folder_of_other_files_is_not_written_to(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("# A project\n")
    error = invoke("README.md", "--out", ".").exception
    assert isinstance(error, SignlError)
    assert "is a folder with other files" in str(error)
    assert (tmp_path / "README.md").read_text() == "# A project\n"


def test_an_unknown_corpus_is_refused(tmp_path):
    arguments = (tmp_path / "any.ckpt", "--out", tmp_path / "model", "--corpus", "asvspof5")
    error = invoke(*arguments).exception
    assert isinstance(error, SignlError)
    assert "corpus 'asvspof5' is none of" in str(error)


def test_a_missing_file_is_named(tmp_path):
    error = invoke(tmp_path / "no.ckpt", "--out", tmp_path / "model").exception
    assert isinstance(error, FileNotFoundError)
    assert str(error).startswith("there is no checkpoint")


@pytest.mark.parametrize("name", ["encoder_cfad", "classifier_cfad"])
def test_a_checkpoint_of_the_published_form_is_imported(shared, tmp_path, name):
    """Its tensors tell its small front-end; the reference's score comes out again."""
    from tests.golden.test_reference_parity import import_by_path, make_state_dict

    folder = shared / "reference"
    weights = import_by_path(folder / "reference_weights.py")
    description = json.loads((folder / f"{name}.json").read_text())
    path = tmp_path / f"{name}.ckpt"
    torch.save({"state_dict": make_state_dict(weights, description), "epoch": 3}, path)
    done = invoke(path, "--out", tmp_path / "model", "--corpus", "cfad")
    assert done.exit_code == 0, done.output
    assert "4 neighbours, as published for cfad" in done.stderr
    model = from_pretrained(tmp_path / "model").module
    crops = torch.from_numpy(weights.waveforms(description["input_seed"]))[:, :72_000]
    with torch.no_grad(), np.load(folder / f"{name}.npz") as expected:
        if name == "classifier_cfad":
            found, wanted = score(model(crops)), expected["score"]
        else:
            found, wanted = model(crops).joint, expected["embedding_1"]
        assert np.abs(found.numpy() - wanted).max() <= 1e-5 * np.abs(wanted).max()

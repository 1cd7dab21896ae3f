"""Models by name: folders, and repositories of a stand-in of the Hub."""

import os
import subprocess
import sys

import pytest
from hub_stand_in import COMMIT, NAME, hub

from signl.errors import ConfigError
from signl.models.hub import FETCHED, find_model

FETCH = """
import sys
from signl.errors import ConfigError
from signl.models.hub import find_model
try:
    print(find_model(sys.argv[1], sys.argv[2]))
except ConfigError as error:
    print(error)
"""


@pytest.fixture
def fetch(tmp_path, repository):
    """Return a function that fetches a model in a process of its own, and gives what it prints."""

    def fetched(address, name, revision):
        environment = {
            **os.environ,
            "PYTHONPATH": str(repository),
            "HF_ENDPOINT": address,
            "HF_HOME": str(tmp_path / "cache"),
            "HF_HUB_OFFLINE": "0",
        }
        command = [sys.executable, "-c", FETCH, name, revision]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()

    return fetched


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    for name in (*FETCHED, "modeling.py", "pytorch_model.bin", "README.md"):
        (folder / name).write_text(f"content of {name}")
    return folder


def test_what_is_no_data_is_not_fetched(fetch, files):
    with hub(files) as (address, asked):
        folder = fetch(address, NAME, "v1")
    assert folder.endswith(f"snapshots/{COMMIT}")
    found = {path.name: path.read_text() for path in map(type(files)(folder).joinpath, FETCHED)}
    assert found == {name: f"content of {name}" for name in FETCHED}
    assert set(asked) == set(FETCHED)


@pytest.mark.parametrize(("name", "revision"), [(NAME, "v2"), ("someone/other", "v1")])
def test_what_the_hub_lacks_is_refused(fetch, files, name, revision):
    with hub(files) as (address, _):
        said = fetch(address, name, revision)
    assert said.startswith(f"the model {name} (revision {revision}) cannot be fetched: ")


def test_a_folder_is_itself(tmp_path):
    assert find_model(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("model", "revision", "message"),
    [
        ("someone/detector", None, "it needs --revision, a commit"),
        ("no-such-folder", None, "there is no model 'no-such-folder'; allowed are a folder"),
        ("../models/detector", "v1", "there is no model"),
        (".", "v1", "--revision v1 is of no use"),
    ],
)
def test_what_names_no_model_is_refused(model, revision, message):
    with pytest.raises(ConfigError, match=message):
        find_model(model, revision)

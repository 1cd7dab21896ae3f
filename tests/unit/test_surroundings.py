"""Of machines that lack what libraries take for granted."""

import getpass
import os
import pwd
from pathlib import Path

import pytest

from signl import surroundings
from signl.surroundings import complete_environment

VARIABLES = (*surroundings._NAMES, "HOME", "XDG_CACHE_HOME", "HF_HOME", "MPLCONFIGDIR")


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """An environment without any of them, and a folder for temporary files."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.fixture
def nameless(monkeypatch):
    def refuse(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", refuse)


@pytest.mark.usefixtures("nameless")
def test_a_user_without_a_name_is_given_one_and_a_home(tmp_path):
    complete_environment()
    assert getpass.getuser() == f"uid-{os.getuid()}"
    assert Path(os.environ["HOME"]).parent == tmp_path
    assert Path(os.environ["XDG_CACHE_HOME"]).is_dir()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # threads of others, at the fork
def test_a_user_that_the_system_does_not_know(monkeypatch, open_folder):
    monkeypatch.setattr("tempfile.tempdir", str(open_folder))
    open_folder.chmod(0o777)
    process = os.fork()
    if not process:
        try:
            os.setuid(23456)
            with pytest.raises((KeyError, OSError)):
                getpass.getuser()
            complete_environment()
            os._exit(getpass.getuser() != "uid-23456")
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert [path.stat().st_uid for path in open_folder.iterdir()] == [23456]


@pytest.mark.usefixtures("nameless")
def test_a_name_that_is_given_stays(monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody")
    complete_environment()
    assert "USER" not in os.environ


def test_a_home_that_cannot_be_written_to_has_its_caches_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/proc/none")
    complete_environment()
    folder = tmp_path / f"signl-cache-{os.getuid()}"
    assert os.environ["XDG_CACHE_HOME"] == os.environ["MPLCONFIGDIR"] == str(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert os.environ["HOME"] == "/proc/none"


def test_models_in_a_home_that_can_only_be_read_are_found(monkeypatch, tmp_path):
    models = tmp_path / "home" / ".cache" / "huggingface"
    models.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(surroundings, "_can_write", lambda folder: False)
    complete_environment()
    assert os.environ["HF_HOME"] == str(models)


def test_a_folder_of_another_is_not_used(monkeypatch, tmp_path):
    (tmp_path / f"signl-cache-{os.getuid()}").symlink_to(tmp_path)
    monkeypatch.setenv("HOME", "/proc/none")
    complete_environment()
    found = Path(os.environ["XDG_CACHE_HOME"])
    assert found.is_dir()
    assert found not in (tmp_path, tmp_path / f"signl-cache-{os.getuid()}")


def test_a_sound_environment_stays_as_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    before = dict(os.environ)
    complete_environment()
    assert dict(os.environ) == before

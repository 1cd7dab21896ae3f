import fcntl
import multiprocessing
import os

import pytest

from signl.errors import TrainingError
from signl.training.lock import only_training


def test_a_second_training_says_who_is_first_and_leaves(tmp_path):
    path = tmp_path / "folder" / ".training.lock"
    with only_training(path):
        message = rf"another training writes to .*folder \(process {os.getpid()} on .+\); wait"
        with pytest.raises(TrainingError, match=message), only_training(path):
            pass
        assert path.exists()
    assert not path.exists()
    with only_training(path):
        pass


def hold_and_die(path):
    with only_training(path):
        os._exit(1)


def test_a_lock_ends_with_its_process(tmp_path):
    path = tmp_path / ".training.lock"
    process = multiprocessing.get_context("spawn").Process(target=hold_and_die, args=(path,))
    process.start()
    process.join()
    assert path.exists()
    with only_training(path):
        pass


def test_a_lock_that_was_removed_meanwhile_is_taken_anew(tmp_path, monkeypatch):
    path = tmp_path / ".training.lock"
    lock, opened = fcntl.flock, []

    def remove_first(handle, how):
        if not opened:
            path.unlink()
        opened.append(handle)
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    with only_training(path):
        assert len(opened) == 2
        assert path.exists()


def test_where_there_are_no_locks_a_training_goes_on(tmp_path, monkeypatch):
    def refuse(handle, how):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with only_training(tmp_path / ".training.lock"):
        pass

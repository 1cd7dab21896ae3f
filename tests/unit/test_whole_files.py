"""Files are whole or absent, and a full disk is named."""

import errno
import os
import subprocess
import sys

import pytest
import torch

from signl.errors import ArtefactError
from signl.whole_files import (
    atomic_write,
    write_text,
)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_when_the_block_ends(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    with atomic_write(path) as scratch:
        scratch.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names_in(path.parent) == ["file.txt"]


def test_a_failed_block_leaves_what_was_there(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def write_half():
        with atomic_write(path) as scratch:
            scratch.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_half()
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["file.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_as_such(tmp_path, number):
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def write_half():
        with atomic_write(path) as scratch:
            scratch.write_text("half")
            raise OSError(number, os.strerror(number))

    with pytest.raises(ArtefactError, match=r"no room on the disk for .*file\.txt; free some"):
        write_half()
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["file.txt"]


def save_numbers(path, count):
    with atomic_write(path) as scratch:
        torch.save(torch.zeros(count), scratch)


def test_a_full_disk_is_named_where_pytorch_does_not(small_disk):
    path = small_disk / "checkpoint"
    save_numbers(path, 10)
    old = path.read_bytes()
    with pytest.raises(ArtefactError, match=r"no room on the disk for .*checkpoint; free some"):
        save_numbers(path, 100_000)
    assert path.read_bytes() == old
    assert names_in(small_disk) == ["checkpoint"]


def test_an_error_of_pytorch_with_room_on_the_disk_stays_what_it_is(tmp_path):
    path = tmp_path / "checkpoint"

    def fail():
        with atomic_write(path):
            raise RuntimeError("expected a tensor")

    with pytest.raises(RuntimeError, match="expected a tensor"):
        fail()
    assert names_in(tmp_path) == []


def test_a_killed_process_leaves_no_file_and_the_next_attempt_no_trace(tmp_path):
    path = tmp_path / "file.txt"
    code = (
        "import os, signal, sys\n"
        "from signl.whole_files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as scratch:\n"
        "    scratch.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert killed.returncode == -9
    assert not path.exists()
    write_text(path, "whole")
    assert names_in(tmp_path) == ["file.txt"]


def test_text_is_utf8_everywhere(tmp_path):
    write_text(tmp_path / "text", "Müller\n")
    assert (tmp_path / "text").read_bytes() == "Müller\n".encode()


def test_a_folder_is_no_file_to_write(tmp_path):
    with pytest.raises(ArtefactError, match="is a folder: name a file"):
        write_text(tmp_path, "text")


def test_two_processes_do_not_write_one_file(tmp_path):
    path = tmp_path / "file.txt"
    code = (
        "import sys; from signl.whole_files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as scratch:\n"
        "    scratch.write_text('half'); print('begun', flush=True)\n"
        "    sys.stdin.read(); scratch.write_text('of the first')\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as first:
        assert first.stdout.readline() == "begun\n"
        with pytest.raises(ArtefactError, match=r"another process is writing .*file\.txt: wait"):
            write_text(path, "of the second")
        assert not path.exists()
        first.communicate("")
    assert path.read_text() == "of the first"
    write_text(path, "of the second")
    assert path.read_text() == "of the second"
    assert names_in(tmp_path) == ["file.txt"]


def test_what_a_killed_process_left_does_not_lock(tmp_path):
    path = tmp_path / "file.txt"
    (tmp_path / ".file.txt.part").write_text("half of something long")
    write_text(path, "whole")
    assert path.read_text() == "whole"
    assert names_in(tmp_path) == ["file.txt"]

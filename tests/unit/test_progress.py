import logging
import subprocess
import sys

import pytest

from signl import progress as module
from signl.progress import Progress, describe, duration, progress


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59.6, "0:01:00"), (3909, "1:05:09"), (90000, "25:00:00")]
)
def test_times_are_hours_minutes_and_seconds(seconds, text):
    assert duration(seconds) == text


def test_a_line_has_what_is_done_the_rate_and_the_time_left():
    # 120 in 10 s are 12 a second; 240 are left, which take 20 s.
    line = "epoch 3: 120 of 360 batch, 12.0 batch/s, 0:00:20 left"
    assert describe("epoch 3", 120, 360, "batch", 10.0) == line
    assert describe("slow", 2, 4, "file", 60.0) == "slow: 2 of 4 file, 30.0 s a file, 0:01:00 left"
    # Where the number is not known, or was too low, there is no time left to tell.
    assert describe("open", 2000, None, "file", 10.0) == "open: 2,000 file, 200.0 file/s"
    assert describe("more", 5, 4, "file", 1.0) == "more: 5 file, 5.0 file/s"


def test_lines_come_as_time_passes_and_not_as_items_do(monkeypatch, caplog):
    clock = iter([0.0, 10.0, 31.0, 32.0, 62.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    caplog.set_level(logging.INFO, "signl")
    assert list(progress("abcd", "work", unit="item", total=4)) == list("abcd")
    assert [record.message for record in caplog.records] == [
        "work: 2 of 4 item, 15.5 s a item, 0:00:31 left",
        "work: 4 of 4 item, 15.5 s a item, 0:00:00 left",
    ]
    assert all(getattr(record, module.MARK) for record in caplog.records)


def test_a_quiet_one_tells_nothing_and_a_failing_one_ends_its_bar(monkeypatch, caplog):
    monkeypatch.setattr(module, "INTERVAL_S", 0.0)
    caplog.set_level(logging.INFO, "signl")
    assert list(progress("ab", "work", unit="item", quiet=True)) == list("ab")
    assert not caplog.records
    closed = []
    monkeypatch.setattr(Progress, "close", lambda told: closed.append(told.n_done))
    items = progress(iter("abc"), "work", unit="item")
    next(items)
    with pytest.raises(ZeroDivisionError):
        items.throw(ZeroDivisionError)
    assert closed == [0]


JOB = """
import signl.progress
signl.progress.INTERVAL_S = 0.0
from signl.logs import log_to
from signl.progress import progress
log_to({log!r})
list(progress("ab", "packing", unit="file", total=2))
"""


def test_lines_stand_in_the_log_of_a_job_and_where_there_is_no_terminal_on_its_screen(tmp_path):
    log = tmp_path / "job.log"
    command = [sys.executable, "-c", JOB.format(log=str(log))]
    screen = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    assert log.read_text().count("signl.progress: packing: ") == 2
    assert screen == log.read_text()


def test_a_terminal_shows_the_bar_alone(tmp_path):
    log = tmp_path / "job.log"
    code = JOB.format(log=str(log)).replace("'", '"')
    job = f"stty rows 24 cols 80; {sys.executable} -c '{code}'"
    command = ["script", "--quiet", "--return", "--command", job, "/dev/null"]
    screen = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert log.read_text().count("signl.progress: packing: ") == 2
    assert "signl.progress" not in screen
    assert "packing: 100%" in screen

"""Of a job's log; each job is a process, since logging and the hook belong to one."""

import re
import signal
import subprocess
import sys

import pytest

JOB = """
import logging, sys, warnings
from signl.errors import AudioError
from signl.logs import log_to
log_to(sys.argv[1])
logging.getLogger("signl.features.extract").info("wrote %d of %d", 3, 4)
logging.getLogger("signl").debug("unseen")
warnings.warn("deprecated thing")
def work():
    {work}
work()
"""


@pytest.fixture
def run_job(tmp_path):
    """Return a function that runs code as a job and gives its exit status, log and screen."""

    def run(work):
        log = tmp_path / "logs" / "rule" / "job.log"
        command = [sys.executable, "-c", JOB.format(work=work), str(log)]
        # Whoever runs the tests in the background has Ctrl-C ignored, and so would a child.
        result = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        return result.returncode, log.read_text(), result.stderr

    return run


def test_records_and_warnings_go_to_file_and_screen(run_job):
    status, log, screen = run_job("pass")
    assert status == 0
    for text in (log, screen):
        assert "INFO signl.features.extract: wrote 3 of 4" in text
        assert "deprecated thing" in text
        assert "unseen" not in text


def test_an_error_of_ours_is_one_line_on_the_screen_with_its_traceback_in_the_file(run_job):
    status, log, screen = run_job('raise AudioError("a.flac is empty")')
    assert status == 1
    assert screen.endswith("AudioError: a.flac is empty\n")
    assert "Traceback" not in screen
    assert "ERROR signl: a.flac is empty" in log
    assert "Traceback" in log
    assert "in work" in log


def test_any_other_error_has_its_traceback_in_both(run_job):
    status, log, screen = run_job("{}['lost']")
    assert status == 1
    for text in (log, screen):
        assert "Traceback" in text
        assert "KeyError: 'lost'" in text


def test_a_job_begins_its_log_anew(run_job):
    run_job('raise AudioError("first")')
    _, log, _ = run_job("pass")
    assert "first" not in log


def test_a_log_on_a_full_disk_is_named_once_and_the_job_goes_on():
    code = JOB.format(work='raise AudioError("a.flac is empty")')
    result = subprocess.run(
        [sys.executable, "-c", code, "/dev/full"], check=False, capture_output=True, text=True
    )
    assert result.stderr.count("the log /dev/full cannot be written: [Errno 28]") == 1
    assert "wrote 3 of 4" in result.stderr
    assert "Logging error" not in result.stderr
    assert result.stderr.endswith("AudioError: a.flac is empty\n")


FORGED = "a/\\x1b[2J\\r\\n2026-01-01 00:00:00,000 INFO signl: all is well\\u2028.wav"


@pytest.mark.parametrize(
    "work",
    [
        f'raise AudioError("{FORGED}")',
        f'raise RuntimeError("{FORGED}")',
        f'logging.getLogger("signl").warning("%s", "{FORGED}")',
        f'warnings.warn("{FORGED}")',
    ],
)
def test_text_of_others_forges_no_line_and_acts_on_no_terminal(run_job, work):
    _, log, screen = run_job(work)
    for text in (log, screen):
        assert "all is well" in text
        assert not re.search(r"^2026-01-01", text, flags=re.MULTILINE)
        assert not set(text) & set("\x1b\r\u2028")


def test_a_message_of_several_lines_stays_readable(run_job):
    _, log, screen = run_job('raise AudioError("two files are missing:\\n\\ta.wav\\nb.wav")')
    assert "two files are missing:\n    \ta.wav\n    b.wav\n" in log
    assert screen.endswith("AudioError: two files are missing:\n    \ta.wav\n    b.wav\n")


@pytest.mark.parametrize(
    ("number", "line"), [("SIGINT", "interrupted"), ("SIGTERM", "interrupted by SIGTERM")]
)
def test_an_interruption_is_one_line_in_both(run_job, number, line):
    status, log, screen = run_job(f"import os, signal; os.kill(os.getpid(), signal.{number})")
    assert status != 0
    for text in (log, screen):
        assert text.endswith(f"ERROR signl: {line}\n")
        assert "Traceback" not in text


def test_a_process_that_a_job_forks_is_ended_without_a_word(run_job):
    work = "import os, signal; child = os.fork(); child or os.kill(os.getpid(), signal.SIGTERM); "
    status, log, screen = run_job(work + "print(os.waitpid(child, 0)[1], file=sys.stderr)")
    assert status == 0
    assert screen.endswith(f"{signal.SIGTERM.value}\n")
    assert "interrupted" not in log


def test_a_job_may_open_as_many_files_as_the_system_lets_it(tmp_path):
    code = JOB.format(work="import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))")
    command = f"ulimit -Sn 64; exec {sys.executable} -c '{code}' {tmp_path / 'job.log'}"
    result = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True)
    soft, hard = result.stdout.strip("()\n").split(", ")
    assert soft == hard != "64"

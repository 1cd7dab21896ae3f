"""Logging of a workflow job: to its log file and to the screen, tracebacks included.

What is told may hold text that others wrote, as names in an archive: no character of it acts on a
terminal, and none begins a line that looks like a record.
"""

import logging
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, TextIO

from signl.errors import SignlError
from signl.progress import MARK

logger = logging.getLogger("signl")
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
#: Before the second line of a record, and all that follow: only a record begins at the margin.
_INDENT: Final = "    "


def printable(text: str) -> str:
    """Return a text whose control characters are escaped, and whose further lines are indented."""
    lines = (
        line if line.isprintable() else "".join(map(_escaped, line)) for line in text.split("\n")
    )
    return f"\n{_INDENT}".join(lines)


def _escaped(character: str) -> str:
    if character.isprintable() or character == "\t":
        return character
    return character.encode("unicode_escape").decode()


class Formatter(logging.Formatter):
    """Formats records with :func:`printable`."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, its traceback included."""
        return printable(super().format(record))


class LogFile(logging.FileHandler):
    """A log file that a full disk may refuse: the screen says so once, and the job goes on."""

    _has_failed = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say why a record could not be written, instead of a traceback for each."""
        if not self._has_failed:
            sys.stderr.write(f"the log {self.baseFilename} cannot be written: {sys.exception()}\n")
        self._has_failed = True


def log_to(path: str | Path) -> None:
    """Send this process's log records to ``path`` and to standard error.

    An exception that ends the process is written there too: with its traceback, or, where it
    is one of ours and so names what is wrong, as its message alone on the screen and with the
    traceback in the file. Ctrl-C and SIGTERM are one line in both.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    file, screen = LogFile(path, mode="w"), _screen()
    _configure(logging.INFO, file, screen)
    interrupt_on_sigterm()
    allow_open_files()

    def write_down(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        is_interrupt = issubclass(kind, KeyboardInterrupt)
        text: object = _interruption(error) if is_interrupt else error
        traced = None if is_interrupt else (kind, error, trace)
        record = logger.makeRecord(logger.name, logging.ERROR, "", 0, "%s", (text,), traced)
        file.emit(record)
        if issubclass(kind, SignlError):
            sys.stderr.write(printable(f"{kind.__name__}: {error}") + "\n")
        else:
            screen.emit(record)

    sys.excepthook = write_down


def allow_open_files() -> None:
    """Let this process open as many files as it may: a job may have hundreds of shards."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # A system that counts otherwise keeps the limit that it has.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def interrupt_on_sigterm() -> None:
    """Let SIGTERM end this process as Ctrl-C does, so that it leaves nothing half-written.

    Processes that it forks are ended as if nothing had been said.
    """
    process = os.getpid()

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if os.getpid() == process:
            raise KeyboardInterrupt(signal.Signals(number).name)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, interrupt)


def _screen() -> logging.StreamHandler[TextIO]:
    """Return what writes to standard error: on a terminal a bar shows progress, and no line."""
    screen = logging.StreamHandler()
    if sys.stderr.isatty():
        screen.addFilter(lambda record: not getattr(record, MARK, False))
    return screen


def _interruption(error: BaseException) -> str:
    """Return the line that is left of an interrupted process."""
    return f"interrupted{f' by {error}' if str(error) else ''}"


def _configure(level: int, *handlers: logging.Handler) -> None:
    """Have records written by these handlers and no others, and warnings with them."""
    for handler in handlers:
        handler.setFormatter(Formatter())
    logging.basicConfig(level=level, handlers=handlers, force=True)
    logging.captureWarnings(capture=True)


def log_path() -> Path | None:
    """Return the file to which this process logs, if :func:`log_to` was called."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            return Path(handler.baseFilename)
    return None


def continue_log(path: Path | None, *, quiet: bool) -> None:
    """Log in a process that a job has started: to the job's file, from where it is.

    Parameters
    ----------
    path : Path, optional
        The job's file, as :func:`log_path` gives it in the job; without it nothing is set up.
    quiet : bool
        Say warnings alone: of several processes one tells how the work goes.
    """
    if path is None:
        return
    level = logging.WARNING if quiet else logging.INFO
    _configure(level, LogFile(path, mode="a"), _screen())

"""Logging of a workflow job: to its log file and to the screen, tracebacks included."""

import logging
import sys
from pathlib import Path
from types import TracebackType

from signl.errors import SignlError

logger = logging.getLogger("signl")
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


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
    traceback in the file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    file, screen = LogFile(path, mode="w"), logging.StreamHandler()
    logging.basicConfig(
        level=logging.INFO,
        format=_FORMAT,
        handlers=[file, screen],
        force=True,
    )
    logging.captureWarnings(capture=True)

    def write_down(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        record = logger.makeRecord(
            logger.name, logging.ERROR, "", 0, "%s", (error,), (kind, error, trace)
        )
        file.emit(record)
        if issubclass(kind, SignlError):
            sys.stderr.write(f"{kind.__name__}: {error}\n")
        else:
            screen.emit(record)

    sys.excepthook = write_down


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
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        format=_FORMAT,
        handlers=[LogFile(path, mode="a"), logging.StreamHandler()],
        force=True,
    )
    logging.captureWarnings(capture=True)

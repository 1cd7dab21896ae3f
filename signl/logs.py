"""Logging of a workflow job: to its log file and to the screen, tracebacks included."""

import logging
import sys
from pathlib import Path
from types import TracebackType

from signl.errors import SignlError

logger = logging.getLogger("signl")


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
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
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

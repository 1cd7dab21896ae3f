"""The command ``signl``: what ends it is told in one line.

Little is imported here, and the rest once Ctrl-C has a handler: imports can take seconds.
"""

import signal
import sys
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
#: As shells count a program that Ctrl-C has ended.
_INTERRUPTED: Final = 128 + signal.SIGINT


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM; KeyboardInterrupt would be caught by the parser of the command line."""


def main() -> None:
    """Run the command; an error of ours, or of a file, is told in its own words, in one line."""
    heard: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        raise Interrupted

    for number in _SIGNALS:
        signal.signal(number, interrupt)
    try:
        _run()
    except BaseException as error:
        # Modules of C make other errors of one that is raised while they are imported.
        has_ended = isinstance(error, SystemExit) and not error.code
        if not heard or has_ended:
            raise
    else:
        return
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    sys.stderr.write("interrupted\n")
    sys.exit(_INTERRUPTED)


def _run() -> None:
    from signl.cli.commands import app
    from signl.errors import SignlError
    from signl.logs import printable

    try:
        app(prog_name="signl")
    except (SignlError, OSError) as error:
        sys.stderr.write(printable(f"{type(error).__name__}: {error}") + "\n")
        sys.exit(1)

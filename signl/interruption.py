"""Ctrl-C in the processes of a run, while they still import: one line, as later on.

Imports take seconds, and neither Snakemake nor a job has set up anything by then.
"""

import sys
from pathlib import Path
from types import TracebackType

#: Where Snakemake puts the scripts of jobs.
_SCRIPTS = "/.snakemake/scripts/"


def quiet_interruption() -> None:
    """Have Ctrl-C told in one line, if this process is Snakemake, or a job of it.

    Who imports this package elsewhere has a traceback, as is usual. A job's log replaces what is
    set here (:func:`signl.logs.log_to`).
    """
    # The interpreter, and what it runs: a script, or -m and a module.
    program = next((word for word in sys.orig_argv[1:] if word != "-m"), "")
    if Path(program).name != "snakemake" and _SCRIPTS not in program:
        return
    previous = sys.excepthook

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.stderr.write("interrupted\n")
        else:
            previous(kind, error, trace)

    sys.excepthook = tell

"""Another process that has locked a folder of results."""

import os
import subprocess
import sys
from contextlib import contextmanager

_HOLD = """
import sys
from signl.locking import lock_results
lock_results(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(results, repository):
    """Give a process that holds the lock; it is killed when the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, results],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(repository)},
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()

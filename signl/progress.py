"""Progress of long work: a bar on a terminal, and every so often a line in the log.

A line says how much is done, how fast it goes, and how long the rest will take at that speed.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

logger = logging.getLogger(__name__)

#: Seconds between two lines of the log, and before the first of them.
INTERVAL_S: Final = 30.0
#: Name of the mark on records that a terminal need not show, for it shows a bar.
MARK: Final = "is_progress"

Item = TypeVar("Item")


class Progress:
    """Tells how far some work is.

    Parameters
    ----------
    name : str
        What is worked on.
    unit : str
        What is counted.
    total : float, optional
        How many there are; without it, or beyond it, no time left is told.
    """

    def __init__(self, name: str, *, unit: str, total: float | None = None) -> None:
        self.name, self.unit, self.total = name, unit, total
        self.n_done: float = 0
        self._began = self._told = time.monotonic()
        from tqdm import tqdm  # a third of what planning would import

        self._bar = tqdm(total=total, desc=name, unit=f" {unit}", mininterval=0.5, disable=None)

    def advance(self, number: float = 1) -> None:
        """Count one more, or so many; tell of it, if it is time."""
        self.n_done += number
        self._bar.update(number)
        now = time.monotonic()
        if now - self._told >= INTERVAL_S:
            self._told = now
            line = describe(self.name, self.n_done, self.total, self.unit, now - self._began)
            logger.info("%s", line, extra={MARK: True})

    def close(self) -> None:
        """End the bar."""
        self._bar.close()


def progress(
    items: Iterable[Item], name: str, *, unit: str, total: int | None = None, quiet: bool = False
) -> Iterator[Item]:
    """Yield items, and tell of the progress through them; ``quiet`` tells nothing."""
    if quiet:
        yield from items
        return
    with telling(name, unit=unit, total=total) as told:
        for item in items:
            yield item
            told.advance()


@contextmanager
def telling(name: str, *, unit: str, total: float | None = None) -> Iterator[Progress]:
    """Tell of the progress of a block, which advances what it is given."""
    told = Progress(name, unit=unit, total=total)
    try:
        yield told
    finally:
        told.close()


def describe(name: str, n_done: float, total: float | None, unit: str, seconds: float) -> str:
    """Return the line: ``epoch 3: 120 of 400 batch, 12.3 batch/s, 0:00:23 left``.

    Parameters
    ----------
    name : str
        What is worked on.
    n_done, total : float
        How many are done, and how many there are, if that is known.
    unit : str
        What is counted.
    seconds : float
        How long it took so far.
    """
    rate = n_done / max(seconds, 1e-9)
    speed = f"{rate:,.1f} {unit}/s" if rate >= 1 else f"{1 / rate:,.1f} s a {unit}"
    if total is None or n_done > total:
        return f"{name}: {n_done:,.0f} {unit}, {speed}"
    left = duration((total - n_done) / rate)
    return f"{name}: {n_done:,.0f} of {total:,.0f} {unit}, {speed}, {left} left"


def duration(seconds: float) -> str:
    """Return a time as hours, minutes and seconds: ``1:05:09``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"

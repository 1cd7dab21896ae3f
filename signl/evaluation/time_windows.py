"""Windows of a recording, which together hold all of it."""

from dataclasses import dataclass
from typing import NamedTuple

from signl.audio import SAMPLE_RATE_HZ


class Span(NamedTuple):
    """A part of a recording, in samples at 16 kHz."""

    start: int
    stop: int


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Windows of a recording, each scored as if it were a recording of its own.

    Attributes
    ----------
    window_s, hop_s : float
        Seconds of a window, and from the beginning of one to that of the next.
    """

    window_s: float
    hop_s: float

    def spans(self, n_samples: int) -> list[Span]:
        """Return the windows of so many samples, which together hold all of them.

        The last one ends where the recording does; one that is shorter than a window is one.
        """
        window, hop = (round(each * SAMPLE_RATE_HZ) for each in (self.window_s, self.hop_s))
        spans = [Span(at, at + window) for at in range(0, n_samples - window + 1, hop)]
        if not spans or spans[-1].stop < n_samples:
            spans.append(Span(max(0, n_samples - window), n_samples))
        return spans

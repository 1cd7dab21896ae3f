"""Why the names of scores and of trials do not match, where that can be seen."""

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from signl.evaluation.text_lines import shown

_SUFFIXES: Final = (".flac", ".wav", ".mp3", ".ogg", ".opus", ".m4a", ".aac")
#: As many names of either side are compared, for a hint needs no more.
_N_COMPARED: Final = 10_000


def naming_hint(trials: Iterable[str], scores: Iterable[str]) -> str:
    """Return words on how names differ that have no partner; empty where none are to compare.

    Parameters
    ----------
    trials, scores : iterable of str
        Names of trials without a score, or of all; and of scores without a trial, or of all.
    """
    of_trials, of_scores = (list(islice(names, _N_COMPARED)) for names in (trials, scores))
    if not of_trials or not of_scores:
        return ""
    words = f"a trial is named {shown(of_trials[0])}, a score is named for {shown(of_scores[0])}"
    for what, strip in _DIFFERENCES:
        if {strip(name) for name in of_trials} & {strip(name) for name in of_scores}:
            differing = _example(of_trials, of_scores, strip)
            return f"{words}: the names differ by {what}{differing}; write them the same in both"
    return words


def names_of_trials(trials: Sequence[str], scores: Sequence[str]) -> dict[str, str]:
    """Return the trial that each name of a score is of, by its name without folder and ending.

    Parameters
    ----------
    trials, scores : sequence of str
        Names of trials without a score, and of scores without a trial.

    Returns
    -------
    dict
        Name of a score -> name of its trial. Left out are names that no trial has, and those that
        two trials or two scores share.
    """
    trials_by, scores_by = _by_stem(trials), _by_stem(scores)
    return {
        scored[0]: trials_by[stem][0]
        for stem, scored in scores_by.items()
        if len(scored) == 1 and len(trials_by.get(stem, ())) == 1
    }


def _by_stem(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(_without_suffix(_without_folder(name)), []).append(name)
    return found


def _without_suffix(name: str) -> str:
    """Return a name without the ending of an audio file."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    return stem if suffix.lower() in _SUFFIXES else name


def _without_folder(name: str) -> str:
    """Return the last part of a name that is a path."""
    return name.replace("\\", "/").rpartition("/")[2]


_DIFFERENCES: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("the ending of audio files", _without_suffix),
    ("the folder before them", _without_folder),
    ("capital letters", str.lower),
    ("folder, ending or capitals", lambda n: _without_suffix(_without_folder(n)).lower()),
)


def _example(trials: list[str], scores: list[str], strip: Callable[[str], str]) -> str:
    """Return two names that would match, in brackets."""
    by_stripped = {strip(name): name for name in scores}
    trial = next(name for name in trials if strip(name) in by_stripped)
    return f" ({shown(trial)} and {shown(by_stripped[strip(trial)])})"

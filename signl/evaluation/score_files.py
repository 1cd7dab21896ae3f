"""Scores of many files: found in folders, decoded ahead of computing, in bounded memory."""

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from torch import Tensor

from signl.errors import AudioError, ConfigError
from signl.evaluation.audio_sources import MAX_BYTES
from signl.evaluation.scorer import BATCH, Score, Scorer, placed
from signl.evaluation.time_windows import Span, Windows
from signl.features.extract import Clip, batches_of

#: A recording that comes on standard input.
STDIN: Final = "-"
#: What is looked for in a folder; a file that is named is tried whatever its name.
SUFFIXES: Final = frozenset(
    (
        *(".wav", ".wave", ".flac", ".mp3", ".m4a", ".mp4", ".aac", ".ogg", ".oga", ".opus"),
        *(".webm", ".mka", ".mkv", ".mov", ".wma", ".aif", ".aiff", ".aifc", ".au", ".snd"),
        *(".caf", ".w64", ".rf64", ".amr", ".3gp", ".sph", ".nist", ".voc", ".wv"),
    )
)
#: Files whose clips are decoded, or waiting to be scored, at a time: 80 MB of clips.
AHEAD: Final = 128


class Found(NamedTuple):
    """Files to be scored, and how many others lie in the same folders."""

    files: list[str]
    n_others: int


class Row(NamedTuple):
    """A file, as it was named or found, and what the classifier says of it."""

    file: str
    score: Score


class _Piece(NamedTuple):
    """A clip that waits to be scored: of a whole file, or of a window of it."""

    file: str
    clip: Clip
    span: Span | None = None


def find_files(sources: Iterable[str | Path]) -> Found:
    """Return the files that are named, and those with an ending of audio below folders.

    Folders are walked in the order of their names; links to folders are not followed. Each file
    is there once.

    Raises
    ------
    ConfigError
        If a folder holds no audio.
    """
    files: dict[str, None] = {}
    n_others = 0
    for source in map(str, sources):
        if source == STDIN or not Path(source).is_dir():
            files[source] = None
            continue
        within = [
            os.path.join(folder, name)  # noqa: PTH118 (a Path would take away a leading ./)
            for folder, _, names in _walk(source)
            for name in sorted(names)
        ]
        audio = [each for each in within if Path(each).suffix.lower() in SUFFIXES]
        if not audio:
            raise ConfigError(
                f"the folder {source} holds no audio among {len(within)} files; looked for are "
                f"those that end in {', '.join(sorted(SUFFIXES))}"
            )
        n_others += len(within) - len(audio)
        files.update(dict.fromkeys(audio))
    return Found(list(files), n_others)


def _walk(folder: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Walk a folder in the order of names."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield place, folders, names


def score_files(
    scorer: Scorer,
    files: Sequence[str],
    *,
    windows: Windows | None = None,
    n_threads: int = 1,
) -> Iterator[Row]:
    """Yield the scores of files in their order; one that cannot be scored is a row like others.

    Threads decode while the scorer computes, some files ahead of it.

    Parameters
    ----------
    scorer : Scorer
    files : sequence of str
        Paths, or ``-`` for standard input.
    windows : Windows, optional
        Score these, a row each, instead of the beginning of each file.
    n_threads : int
        Threads that decode.
    """
    decode = partial(_decode, scorer, is_whole=windows is not None)
    # Whole recordings are large: one is decoded while another is scored.
    n_threads, n_ahead = (1, 1) if windows else (n_threads, AHEAD)
    decoded = _ahead(decode, files, n_threads, n_ahead)
    pieces = (
        piece
        for file, each in zip(files, decoded, strict=True)
        for piece in _pieces(scorer, file, each, windows)
    )
    for batch in batches_of(pieces, BATCH):
        scores = scorer.judge([piece.clip for piece in batch])
        for piece, score in zip(batch, scores, strict=True):
            yield Row(piece.file, placed(score, piece.span) if piece.span else score)


def _decode(scorer: Scorer, file: str, *, is_whole: bool) -> Tensor | Clip:
    """Return the clip of a file, or all of its waveform; a clip without one says why."""
    try:
        source = _read_stdin() if file == STDIN else file
        if is_whole:
            return scorer.whole_waveform(source)
        waveform = scorer.waveform(source, max_duration_s=scorer.inputs.clip_s)
        # Here too: what is not done in these threads, the device waits for.
        return scorer.inputs.clip_of(file, waveform)
    except AudioError as error:
        reason = str(error)
    except Exception as error:  # whatever a decoder raises: other files wait
        reason = f"{type(error).__name__}: {error}"
    return Clip(file, None, 0.0, reason)


def _read_stdin() -> bytes:
    encoded = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(encoded) > MAX_BYTES:
        raise AudioError(f"more than {MAX_BYTES:,} bytes, the most that is read")
    return encoded


def _ahead(
    decode: "partial[Tensor | Clip]", files: Sequence[str], n_threads: int, n_ahead: int
) -> Iterator[Tensor | Clip]:
    """Yield what files decode to, in their order, while threads decode those that follow."""
    remaining = iter(files)
    with ThreadPoolExecutor(n_threads, thread_name_prefix="decode") as pool:
        waiting: deque[Future[Tensor | Clip]] = deque()
        try:
            waiting.extend(pool.submit(decode, file) for file in islice(remaining, n_ahead))
            while waiting:
                first = waiting.popleft().result()
                waiting.extend(pool.submit(decode, file) for file in islice(remaining, 1))
                yield first
        finally:
            pool.shutdown(cancel_futures=True)


def _pieces(
    scorer: Scorer, file: str, decoded: Tensor | Clip, windows: Windows | None
) -> Iterator[_Piece]:
    """Yield the clips of a file, one after the other: those of an hour fill a gigabyte."""
    if isinstance(decoded, Clip):
        yield _Piece(file, decoded)
        return
    for span in windows.spans(len(decoded)) if windows else ():
        part = decoded[span.start : span.stop]
        yield _Piece(file, scorer.inputs.clip_of(file, part), span)

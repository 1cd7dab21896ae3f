"""Lines of a name and a value: what score files and key files are made of, read strictly."""

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from signl.errors import ScoreError

Value = TypeVar("Value")


class Layout(NamedTuple):
    """The header of a text form, if it has one, and what stands between name and value."""

    header: str | None
    separator: str


#: A number as other tools read it too: Python alone also takes 1_0 and the digits of all scripts.
_NUMBER: Final = re.compile(
    r"[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|nan|inf|infinity)",
    re.ASCII | re.IGNORECASE,
)
#: Longer lines are told of by their beginning.
_N_SHOWN: Final = 120
#: By what an editor writes before the text; that of UTF-8 is read over.
_OTHER_MARKS: Final = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of a text file, without their ends and without a byte order mark.

    Raises
    ------
    ScoreError
        If it is no text in UTF-8.
    """
    content = Path(path).read_bytes()
    for mark, encoding in _OTHER_MARKS.items():
        if content.startswith(mark):
            raise ScoreError(
                f"{path} begins with the byte order mark of {encoding}: save it as UTF-8"
            )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScoreError(f"{path} is no text in UTF-8: {error}") from error
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def parse_lines(
    lines: Sequence[str],
    where: str,
    layout: Layout,
    parse: Callable[[str], Value | None],
    expected: str,
) -> Iterator[tuple[str, Value]]:
    """Yield name and value of every line after the header; ``parse`` gives None for no value.

    Raises
    ------
    ScoreError
        If there is no header where one must be, or a line is of another form; with its number.
    """
    if layout.header is not None and lines[:1] != [layout.header]:
        raise ScoreError(
            f"{where}: expected the header {layout.header!r}, got "
            f"{shown(lines[0]) if lines else 'an empty file'}"
        )
    n_header = 0 if layout.header is None else 1
    for number, line in enumerate(lines[n_header:], start=n_header + 1):
        name, _, text = line.partition(layout.separator)
        value = parse(text)
        if not name or value is None:
            raise ScoreError(
                f"{where}:{number}: expected a name, {layout.separator!r} and {expected}, "
                f"got {shown(line)}"
            )
        yield name, value


def parse_number(text: str) -> float | None:
    """Return the number that a text is, if it is one; blanks around it are none of it."""
    text = text.strip(" \t")
    return float(text) if _NUMBER.fullmatch(text) else None


def shown(text: str) -> str:
    """Return a text as messages show it: in quotes, escaped, not longer than a line."""
    return repr(text) if len(text) <= _N_SHOWN else f"{text[:_N_SHOWN]!r}..."

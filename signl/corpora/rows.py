"""Rows of protocol files, with messages that name the file and the row."""

import codecs
import logging
import re
from collections.abc import Collection, Iterator
from typing import Final

from signl.errors import ProtocolError
from signl.labels import BONAFIDE, SPOOF

logger = logging.getLogger(__name__)

#: What a protocol writes where it has nothing to say.
NOTHING: Final = "-"
LABELS: Final = {"bonafide": BONAFIDE, "bona-fide": BONAFIDE, "spoof": SPOOF}
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
_RESTORE: Final = "restore the file as published"
_MAX_SHOWN: Final = 500
#: No protocol has more rows: the longest published one has 680,774.
MAX_ROWS: Final = 2_000_000


def row_error(source: str, number: int, problem: str) -> ProtocolError:
    """Return the error for a row that does not follow the published form.

    Parameters
    ----------
    source : str
        The file, as the message is to name it.
    number : int
        The row, from 1.
    problem : str
        What is wrong with it; a row may be of any length, and what is shown of it is cut.
    """
    if len(problem) > _MAX_SHOWN:
        problem = f"{problem[:_MAX_SHOWN]}..."
    return ProtocolError(f"{source}, row {number}: {problem}; {_RESTORE}")


def read_text(content: bytes, source: str) -> str:
    """Decode a protocol file.

    A byte order mark and Windows line ends, which editors leave, are taken out and told of.

    Raises
    ------
    ProtocolError
        Names the first row that is not UTF-8.
    """
    if content.startswith(codecs.BOM_UTF8):
        logger.warning("%s begins with a byte order mark, which was not published", source)
        content = content[len(codecs.BOM_UTF8) :]
    if b"\r\n" in content:
        logger.warning("%s has Windows line ends, which were not published", source)
        content = content.replace(b"\r\n", b"\n")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise row_error(
            source, number, f"byte {content[error.start]:#04x} is not UTF-8 text"
        ) from error


def read_lines(content: bytes, source: str) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the text of each row.

    Raises
    ------
    ProtocolError
        Names the first row that is not UTF-8.
    """
    n_rows = content.count(b"\n")
    if n_rows > MAX_ROWS:
        raise row_error(
            source, n_rows, f"more than the {MAX_ROWS:,} rows of any published protocol"
        )
    lines = read_text(content, source).split("\n")
    if not lines[-1]:
        lines.pop()
    return enumerate(lines, start=1)


def split_columns(
    number: int, line: str, source: str, *, n_columns: int, separator: str = " "
) -> list[str]:
    """Return the columns of a row.

    Raises
    ------
    ProtocolError
        If there are more or fewer.
    """
    columns = line.split(separator)
    if len(columns) != n_columns:
        raise row_error(
            source, number, f"{len(columns)} columns instead of {n_columns}: {line[:100]!r}"
        )
    return columns


def read_rows(
    content: bytes, source: str, *, n_columns: int, separator: str = " "
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number, from 1, and the columns of each row.

    Raises
    ------
    ProtocolError
        If a row has more or fewer columns, is empty, or is not text.
    """
    for number, line in read_lines(content, source):
        columns = split_columns(number, line, source, n_columns=n_columns, separator=separator)
        yield number, columns


def count_columns(content: bytes) -> int:
    """Return the number of columns of the first row."""
    return len(content.split(b"\n", 1)[0].rstrip(b"\r").split(b" "))


class RowChecker:
    """Checks of the values in the rows of one file; each error names the row.

    Parameters
    ----------
    source : str
        The file, as messages are to name it.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._first_row: dict[str, int] = {}

    def identifier(self, number: int, value: str) -> str:
        """Return an identifier that is a plain file name and has not stood in a row before."""
        if not _IDENTIFIER.fullmatch(value):
            raise row_error(self._source, number, f"{value[:200]!r} is not an utterance's name")
        first = self._first_row.setdefault(value, number)
        if first != number:
            raise row_error(self._source, number, f"{value!r} stands in row {first} already")
        return value

    def one_of(self, number: int, column: str, value: str, allowed: Collection[str]) -> str:
        """Return a value that is one of those allowed."""
        if value not in allowed:
            raise row_error(
                self._source,
                number,
                f"{column} {value[:100]!r} is none of {', '.join(sorted(allowed))}",
            )
        return value

    def label(self, number: int, value: str) -> str:
        """Return the label, spelt as this project does."""
        if value not in LABELS:
            self.one_of(number, "label", value, ("bonafide", "spoof"))
        return LABELS[value]

    def attack(self, number: int, value: str, label: str, bonafide: str = NOTHING) -> str | None:
        """Return the attack of a spoof, None of bona fide speech, where ``bonafide`` stands."""
        if (value in (bonafide, NOTHING, "")) != (label == BONAFIDE):
            raise row_error(
                self._source, number, f"attack {value!r} does not go with label {label!r}"
            )
        if not value.isprintable():
            raise row_error(self._source, number, f"attack {value[:100]!r} is no printable text")
        return None if label == BONAFIDE else value


def optional(value: str) -> str | None:
    """Return a value, None where the protocol has nothing to say."""
    return None if value == NOTHING else value

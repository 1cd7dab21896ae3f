"""Tables of text in any delimiter, with a header or without: score files and keys of others."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signl.errors import ScoreError
from signl.evaluation.text_lines import read_lines, shown

#: By the names that options give them, in the order in which they are tried; None is any blanks.
DELIMITERS: Final[Mapping[str, str | None]] = {
    "tab": "\t",
    "bar": "|",
    "semicolon": ";",
    "comma": ",",
    "space": None,
}
#: Lines by which the delimiter is told.
_N_LOOKED_AT: Final = 100


@dataclass(frozen=True)
class TextTable:
    """Rows of text, all of one length.

    Attributes
    ----------
    where : str
        The file, as messages are to name it.
    names : tuple of str
        Names of the columns, from a header or from a known form; empty where there are none.
    rows : list of list of str
        Without the header; at least one.
    has_header : bool
        Whether the first line of the file was one.
    """

    where: str
    names: tuple[str, ...]
    rows: list[list[str]]
    has_header: bool

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return len(self.rows[0])

    def line(self, row: int) -> int:
        """Return the number of the line that a row stands in, from 1."""
        return row + 1 + self.has_header

    def column(self, index: int) -> list[str]:
        """Return the cells of a column."""
        return [row[index] for row in self.rows]

    def locate(self, given: str | int) -> int:
        """Return the index of the column that a user names, or numbers from 1.

        Raises
        ------
        ScoreError
            If there is none, or are two of the name; says what is allowed.
        """
        text = str(given)
        found = [index for index, name in enumerate(self.names) if name == text]
        found = found or [index for index, name in enumerate(self.names) if _plain(name) == text]
        if len(found) > 1:
            raise ScoreError(
                f"{self.where} has {len(found)} columns {text!r}: give one by its number, from 1 "
                f"to {self.n_columns}"
            )
        if found:
            return found[0]
        if text.isascii() and text.isdigit() and 1 <= int(text) <= self.n_columns:
            return int(text) - 1
        raise ScoreError(
            f"{self.where} has no column {shown(text)}; allowed are {self.told_columns()}"
        )

    def find(self, synonyms: Iterable[str]) -> int | None:
        """Return the index of the column with the first of some names that there is."""
        plain = [_plain(name) for name in self.names]
        return next((plain.index(name) for name in synonyms if name in plain), None)

    def told_columns(self) -> str:
        """Return words on the columns that may be named."""
        numbers = f"the numbers 1 to {self.n_columns}"
        named = ", ".join(shown(name) for name in self.names if name)
        return f"{named} and {numbers}" if named else numbers


def read_delimited(
    path: str | Path,
    is_value: Callable[[str], bool],
    what: str,
    *,
    delimiter: str | None = None,
) -> TextTable:
    """Read a table of text.

    The delimiter is the first of :data:`DELIMITERS` with which the first hundred lines have as
    many columns, at least two, and a value among them. The first line is a header if none of its
    cells is a value. In quotes (``"``) a delimiter is text, but where blanks delimit.

    Parameters
    ----------
    path : path
        The file, in UTF-8.
    is_value : callable
        Whether a cell is one of the values for which the file is read: a number, a label.
    what : str
        What these are, for messages.
    delimiter : str, optional
        One of the names in :data:`DELIMITERS`; without it it is looked for.

    Raises
    ------
    ScoreError
        If the file is no text, is empty, or has lines of differing length; with the number of
        the line.
    """
    where = str(path)
    lines = read_lines(path)
    if not lines:
        raise ScoreError(f"{where} is empty; expected lines with {what}")
    name = delimiter or _told_delimiter(lines, is_value)
    if name is None:
        raise ScoreError(
            f"{where}:1: expected two columns or more, with {what} in one, got {shown(lines[0])}; "
            f"columns are told apart by one of {[*DELIMITERS]}"
        )
    rows = list(_split(lines, DELIMITERS[name], where))
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise ScoreError(
                f"{where}:{number}: {len(row)} columns where line 1 has {len(rows[0])} "
                f"(delimiter: {name}): {shown(lines[number - 1])}"
            )
    has_header = not any(map(is_value, rows[0]))
    names = tuple(cell.strip() for cell in rows.pop(0)) if has_header else ()
    if not rows:
        raise ScoreError(
            f"{where} has one line, and {what} in none of its columns: {shown(lines[0])}"
        )
    return TextTable(where, names, rows, has_header)


def _told_delimiter(lines: Sequence[str], is_value: Callable[[str], bool]) -> str | None:
    """Return the delimiter that the first lines have; else one that parts the first of them."""
    possible = None
    for name, delimiter in DELIMITERS.items():
        try:
            rows = list(_split(lines[:_N_LOOKED_AT], delimiter, ""))
        except ScoreError:
            # Said with the number of the line, if no other delimiter fits.
            possible = possible or (name if delimiter and delimiter in lines[0] else None)
            continue
        if len(rows[0]) < 2:
            continue
        possible = possible or name
        is_even = all(len(row) == len(rows[0]) for row in rows)
        if is_even and any(is_value(cell) for row in rows for cell in row):
            return name
    return possible


def _split(lines: Sequence[str], delimiter: str | None, where: str) -> Iterator[list[str]]:
    """Yield the cells of each line."""
    if delimiter is None:
        yield from (line.split() for line in lines)
        return
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(reader, start=1):
            if reader.line_num != number:
                raise ScoreError(f"{where}:{number}: quotes that are not closed in their line")
            yield row
    except csv.Error as error:
        raise ScoreError(f"{where}:{reader.line_num}: no line of cells: {error}") from error


def _plain(name: str) -> str:
    """Return a name as names are compared: without capitals, blanks and kinds of dashes."""
    return name.strip().lower().replace("-", "_").replace(" ", "_")

"""CSV files, which many people open in a spreadsheet: text in them is never taken for a formula.

Names of attacks, codecs and utterances come from archives and protocols that others wrote. A
spreadsheet computes a cell that begins with ``=``, ``+``, ``-`` or ``@``, also behind white space,
and such a formula can read files and call programs. All CSV files of this package therefore go
through :func:`inert`.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from signl.whole_files import write_text

if TYPE_CHECKING:
    import pyarrow as pa

#: What makes a spreadsheet compute a cell; the last four are taken for the first four in Asia.
_STARTS: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SPACES: Final = ("\t", "\r", "\n")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def inert(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: behind an apostrophe, where it might.

    Numbers, negative ones too, and all other text are as they were; what is inert stays so.
    """
    runs = text.startswith(_SPACES) or text.lstrip().startswith(_STARTS)
    return f"'{text}" if runs and not _NUMBER.fullmatch(text) else text


def inert_table(table: "pa.Table") -> "pa.Table":
    """Return a table whose columns of text are :func:`inert`."""
    import pyarrow as pa  # other writers of CSV have no tables of it

    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            texts = [None if text is None else inert(text) for text in table[place].to_pylist()]
            table = table.set_column(place, field, pa.array(texts, field.type))
    return table


def write_rows(
    output: str | Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]
) -> None:
    """Write a CSV file of rows that have exactly these columns; its text is :func:`inert`."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: inert(value) for name, value in row.items()} for row in rows)
    write_text(output, buffer.getvalue())

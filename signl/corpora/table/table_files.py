"""The file of a table: CSV, TSV or Parquet, to a header and rows of text."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from signl.archives.members import shown
from signl.archives.streams import MAX_PROTOCOL_BYTES
from signl.corpora.rows import MAX_ROWS
from signl.corpora.table.options import as_word
from signl.errors import ArchiveError, ProtocolError

#: How the name of a table ends -> what stands between its columns; empty: as its header says.
_DELIMITERS: Final = {".csv": "", ".txt": "", ".tsv": "\t"}
_PARQUET: Final = ".parquet"
SUFFIXES: Final = (*_DELIMITERS, _PARQUET)
#: Read at a time of a Parquet file.
_BATCH_ROWS: Final = 10_000


class TableFile(NamedTuple):
    """A table.

    Attributes
    ----------
    header : list of str
        Names of its columns.
    rows : list of (int, list of str)
        The number of each row, and its cells. Of text the number is that of the line, the
        header's being 1; of Parquet the first row is 1.
    """

    header: list[str]
    rows: list[tuple[int, list[str]]]


def read_table_file(path: str | Path) -> TableFile:
    """Read a table.

    Raises
    ------
    ArchiveError
        If it is missing, cannot be read, or is larger than any table of a corpus.
    ProtocolError
        If it is no table; says why.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise ProtocolError(
            f"{shown(path)} is no table; allowed are names that end in {', '.join(SUFFIXES)}"
        )
    try:
        size = path.stat().st_size
        if size > MAX_PROTOCOL_BYTES:
            raise ArchiveError(
                f"{shown(path)} has {size:,} bytes; allowed are {MAX_PROTOCOL_BYTES:,}"
            )
        if path.suffix.lower() == _PARQUET:
            return _read_parquet(path)
        content = path.read_bytes()
    except OSError as error:
        raise ArchiveError(f"{shown(path)} cannot be read ({error.strerror or error})") from error
    return parse_text(content, shown(path), delimiter=_DELIMITERS[path.suffix.lower()])


def parse_text(content: bytes, source: str, *, delimiter: str = "") -> TableFile:
    """Parse a table of text.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without a byte order mark.
    source : str
        The file, as messages are to name it.
    delimiter : str
        What stands between columns; empty: a comma, semicolon or tab, whichever the header has
        most of.

    Raises
    ------
    ProtocolError
        If it is no such text, has no header, or more rows than any corpus has.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise ProtocolError(
            f"{source}, row {number}: byte {content[error.start]:#04x} is not UTF-8 text; save the "
            "table as UTF-8"
        ) from error
    head = text.partition("\n")[0]
    delimiter = delimiter or max(",;\t", key=head.count)
    rows = list(_text_rows(text, source, delimiter))
    if not rows:
        raise ProtocolError(f"{source} is empty; allowed is a header, and rows below it")
    return TableFile([cell.strip() for cell in rows[0][1]], rows[1:])


def _text_rows(text: str, source: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line and the cells of each row that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if reader.line_num > MAX_ROWS:
                raise ProtocolError(f"{source} has more than {MAX_ROWS:,} rows")
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise ProtocolError(
            f"{source}, row {reader.line_num}: not text with {delimiter!r} between columns "
            f"({error})"
        ) from error


def _read_parquet(path: Path) -> TableFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            facts = file.metadata
            sizes = [facts.row_group(each).total_byte_size for each in range(facts.num_row_groups)]
            if facts.num_rows > MAX_ROWS or sum(sizes) > MAX_PROTOCOL_BYTES:
                raise ProtocolError(
                    f"{shown(path)} has {facts.num_rows:,} rows of {sum(sizes):,} bytes; allowed "
                    f"are {MAX_ROWS:,} of {MAX_PROTOCOL_BYTES:,}"
                )
            header = list(file.schema_arrow.names)
            rows: list[list[str]] = []
            for batch in file.iter_batches(_BATCH_ROWS):
                columns = [map(as_word, column.to_pylist()) for column in batch.columns]
                rows += map(list, zip(*columns, strict=True))
    except (pa.ArrowException, ValueError) as error:
        raise ProtocolError(f"{shown(path)} is no Parquet table ({error})") from error
    return TableFile(header, list(enumerate(rows, start=1)))

"""Protocol of In-the-Wild: ``meta.csv`` beside the audio."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from signl.corpora.published import IN_THE_WILD
from signl.corpora.rows import RowChecker, read_text, row_error
from signl.corpora.streams import read_protocols, source_name
from signl.corpora.trials import Reading, Trial
from signl.corpora.whereabouts import LocatedArchive
from signl.errors import ArchiveError
from signl.labels import EVAL

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

_META: Final = "release_in_the_wild/meta.csv"
_HEADER: Final = ["file", "speaker", "label"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of the manifest.

    Attributes
    ----------
    subset : bool
        Whether the archives hold a subset of the corpus, whose counts then differ.
    """

    subset: bool = False


def read_trials(archives: Sequence[LocatedArchive], options: Options) -> Reading:
    """Read the trials from ``meta.csv``.

    Raises
    ------
    ArchiveError
        If the archive is damaged, or does not hold the file.
    ProtocolError
        If a row does not follow the published form.
    """
    del options
    archive = archives[0]
    files = read_protocols(archive.paths, lambda name: name == _META)
    if _META not in files:
        raise ArchiveError(
            f"{archive.paths[0]} holds no {_META}; get it anew from {archive.archive.page}"
        )
    trials = list(parse_meta(files[_META], source_name(archive.paths, _META)))
    return Reading(trials=trials, notes={"protocols": [_META]})


def parse_meta(content: bytes, source: str) -> Iterator[Trial]:
    """Yield the trials of ``meta.csv``: comma-separated, with the header file,speaker,label.

    Parameters
    ----------
    content : bytes
        The file.
    source : str
        The file, as messages are to name it.

    Raises
    ------
    ProtocolError
        Names the row that does not follow this form.
    """
    check = RowChecker(source)
    reader = csv.reader(io.StringIO(read_text(content, source), newline=""), strict=True)
    for index, (number, columns) in enumerate(_rows(reader, source)):
        if len(columns) != len(_HEADER):
            raise row_error(source, number, f"{len(columns)} columns instead of {len(_HEADER)}")
        if index == 0:
            if columns != _HEADER:
                raise row_error(source, number, f"{str(columns)[:100]} is not the header {_HEADER}")
            continue
        name, speaker, key = columns
        check.identifier(number, name)
        yield Trial(
            utterance_id=name,
            archive=IN_THE_WILD.name,
            member=f"release_in_the_wild/{name}",
            partition=EVAL,
            protocols=("all",),
            label=check.label(number, key),
            speaker=speaker,
        )


def _rows(reader: "CsvReader", source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line and the columns of each row; a wrong form is our error."""
    try:
        for columns in reader:
            yield reader.line_num, columns
    except csv.Error as error:
        problem = f"not comma-separated text ({error})"
        raise row_error(source, reader.line_num, problem) from error

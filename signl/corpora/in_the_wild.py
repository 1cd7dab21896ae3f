"""In-the-Wild: an evaluation corpus, whose protocol is ``meta.csv`` beside the audio."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from signl.archives.descriptions import PUBLISHED, UNPACKED, Archive, ArchiveSet, one_form
from signl.archives.streams import read_protocols, source_name
from signl.archives.whereabouts import LocatedArchive
from signl.corpora.corpus import Corpus, CorpusOptions, Expected
from signl.corpora.rows import RowChecker, read_text, row_error
from signl.corpora.trials import Reading, Trial
from signl.errors import ArchiveError
from signl.labels import EVAL

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

_PAGE: Final = "https://deepfake-total.com/in_the_wild"
_META: Final = "release_in_the_wild/meta.csv"
_HEADER: Final = ["file", "speaker", "label"]
_N_ALL: Final = 31_779


def _in_the_wild(file: str, **facts: object) -> Archive:
    return Archive(
        name="release_in_the_wild",
        files=(file,),
        set="release_in_the_wild",
        folder="InTheWild",
        page=_PAGE,
        n_utterances=_N_ALL,
        partitions=(EVAL,),
        root="release_in_the_wild",
        **facts,  # type: ignore[arg-type]
    )


#: In-the-Wild. No checksum is known.
WILD_SET: Final = ArchiveSet(
    name="release_in_the_wild",
    holds_protocols=True,
    n_bytes=8.2e9,
    n_files=_N_ALL,
    mean_s=4.3,  # as published: 37.9 h
    forms=(
        one_form(PUBLISHED, _in_the_wild("release_in_the_wild.zip")),
        one_form(
            UNPACKED,
            _in_the_wild("release_in_the_wild", markers=("release_in_the_wild/meta.csv",)),
        ),
    ),
)


def read_trials(archives: Sequence[LocatedArchive], options: CorpusOptions) -> Reading:
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
    files = read_protocols(archive, lambda name: name == _META)
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
            archive=WILD_SET.name,
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


IN_THE_WILD: Final = Corpus(
    name="in_the_wild",
    sets=(WILD_SET,),
    partitions=(EVAL,),
    protocols=("all",),
    packed_by="in_the_wild",
    read_trials=read_trials,
    expected=(
        Expected(
            partitions=(EVAL,),
            protocol="all",
            total=_N_ALL,
            bonafide=19_963,
            spoof=11_816,
            source="meta.csv of release_in_the_wild.zip",
        ),
    ),
)

"""Tables of public corpora, made of how their files lie: by ``layouts.csv`` beside this module.

A row of that file is a part of a layout. Its ``pattern`` is a regular expression of the end of a
path, from some folder on. Where ``fields`` is empty the paths are of recordings; else of lists,
whose lines have these fields, and ``audio`` is the path of the recording that a line tells of, from
the same folder. The other columns are those of a table, in which ``{name}`` stands for a group of
the pattern or a field; ``words`` are for the label. ``known_from`` says where the layout is from.
"""

import csv
import io
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from signl.archives.descriptions import BARE
from signl.archives.members import shown
from signl.archives.streams import MAX_PROTOCOL_BYTES, stream_members
from signl.artefacts import write_text
from signl.errors import ConfigError, ProtocolError
from signl.labels import BONAFIDE
from signl.spreadsheets import inert

logger = logging.getLogger(__name__)

#: Columns of the tables that are made.
MADE: Final = ("path", "label", "partition", "attack", "speaker", "language", "protocol")
_OF_TEMPLATES: Final = MADE[1:]


class Part(NamedTuple):
    """A part of a layout; see the module."""

    pattern: re.Pattern[str]
    fields: tuple[str, ...]
    audio: str
    words: Mapping[str, str]
    templates: Mapping[str, str]


def layouts() -> dict[str, list[Part]]:
    """Return name -> parts of each layout that is described."""
    found: dict[str, list[Part]] = {}
    text = files(__package__).joinpath("layouts.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(io.StringIO(text)):
        part = Part(
            pattern=re.compile(rf"(?P<above>(?:.*/)?){row['pattern']}"),
            fields=tuple(row["fields"].split()),
            audio=row["audio"],
            words=dict(word.split("=") for word in row["words"].split()),
            templates={name: row[name] for name in _OF_TEMPLATES},
        )
        found.setdefault(row["layout"], []).append(part)
    return found


def make_table(layout: str, audio: str | Path, output: str | Path) -> Counter[tuple[str, str]]:
    """Write the table of a corpus that lies as published.

    Parameters
    ----------
    layout : str
        Name of the layout.
    audio : path
        Folder, tar or zip of the corpus.
    output : path
        The table: CSV with the columns of :data:`MADE` that say something.

    Returns
    -------
    Counter
        Partition (empty, where the layout has none) and label -> recordings.

    Raises
    ------
    ConfigError
        If there is no such layout.
    ArchiveError
        If the audio cannot be read.
    ProtocolError
        If nothing lies as the layout says, or a line of a list does not.
    """
    known = layouts()
    if layout not in known:
        raise ConfigError(f"layout {layout!r} is none of {sorted(known)}")
    rows, n_others = _rows(known[layout], Path(audio))
    if not rows:
        raise ProtocolError(
            f"{shown(audio)}: none of its {n_others:,} files lies as in {layout}; allowed is the "
            "folder, or an archive, of the corpus as published"
        )
    rows.sort(key=lambda row: row["path"])
    names = [name for name in MADE if any(row[name] for row in rows)]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([[inert(row[name]) for name in names] for row in rows])
    write_text(output, stream.getvalue())
    logger.info("%s: %d files are no part of %s", shown(audio), n_others, layout)
    return Counter((row["partition"], row["label"]) for row in rows)


def _rows(parts: Sequence[Part], audio: Path) -> tuple[list[dict[str, str]], int]:
    """Return the rows of a table, and how many files were passed over."""
    lists = [part for part in parts if part.fields]

    def is_list(name: str) -> bool:
        return any(part.pattern.fullmatch(name) for part in lists)

    rows: list[dict[str, str]] = []
    members: set[str] = set()
    for member in stream_members([audio], is_list, root=BARE, max_bytes=MAX_PROTOCOL_BYTES):
        members.add(member.name)
        for part in parts:
            if match := part.pattern.fullmatch(member.name):
                content = member.content or b""
                source = f"{shown(audio)}: {shown(member.name)}"
                rows += (
                    _listed(part, match.groupdict(), content, source)
                    if part.fields
                    else [_row(part, member.name, match.groupdict())]
                )
                break
    present = [row for row in rows if row["path"] in members]
    if len(present) < len(rows):
        n_missing = len(rows) - len(present)
        logger.warning(
            "%s: left out %d recordings that lists name and that are not there", audio, n_missing
        )
    return present, len(members) - len(present)


def _listed(
    part: Part, groups: Mapping[str, str], content: bytes, source: str
) -> Iterator[dict[str, str]]:
    """Yield a row for each line of a list; a first line without a known label is its header."""
    lines: Iterable[str] = content.decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, start=1):
        cells = line.split()
        values = {**groups, **dict(zip(part.fields, cells, strict=False))}
        is_known = len(cells) == len(part.fields) and values["word"] in part.words
        if is_known:
            yield _row(part, values["above"] + part.audio.format(**values), values)
        elif cells and number > 1:
            raise ProtocolError(
                f"{source}, row {number}: {line[:100]!r}; allowed are {' '.join(part.fields)}, "
                f"with a word of {', '.join(part.words)}"
            )


def _row(part: Part, path: str, values: Mapping[str, str]) -> dict[str, str]:
    row = {name: template.format(**values) for name, template in part.templates.items()}
    row["label"] = part.words.get(row["label"], row["label"])
    row["protocol"] = row["protocol"].lower()
    if row["label"] == BONAFIDE:
        row["attack"] = ""
    return {"path": path, **row}

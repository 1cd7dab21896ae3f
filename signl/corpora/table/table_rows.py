"""The rows of a table: to trials, and to what is wrong with them."""

import logging
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from signl.archives.members import is_foreign, normalise, shown
from signl.archives.whereabouts import LocatedArchive
from signl.corpora.rows import NOTHING
from signl.corpora.table.dividing import divide
from signl.corpora.table.options import ALL, COLUMNS, PROTOCOL, TableOptions
from signl.corpora.table.table_files import TableFile, read_table_file
from signl.corpora.trials import Reading, Trial
from signl.errors import ArchiveError, ProtocolError
from signl.labels import BONAFIDE, EVAL, PARTITIONS, SPOOF, TRAIN, UNLABELLED

logger = logging.getLogger(__name__)

N_SHOWN: Final = 10
_MAX_VALUE: Final = 100
#: Columns that are text of any kind.
_FREE: Final = ("attack", "speaker", "codec", "language")
_NEEDED: Final = ("path", "label")


class Problem(NamedTuple):
    """A cell that cannot be used.

    Attributes
    ----------
    row : int
        As :class:`signl.corpora.table.table_files.TableFile` counts.
    column : str
        Its name in the table; empty, where it is the row that is wrong.
    value : str
        What it says.
    allowed : str
        What it may say.
    """

    row: int
    column: str
    value: str
    allowed: str

    def __str__(self) -> str:
        """Return a line for a message."""
        where = f", column {shown(self.column)}" if self.column else ""
        value = self.value[:_MAX_VALUE] + ("..." if len(self.value) > _MAX_VALUE else "")
        return f"row {self.row}{where}: {value!r}; allowed is {self.allowed}"


class ParsedTable(NamedTuple):
    """What a table says.

    Attributes
    ----------
    trials : list of Trial
        In the order of the rows, those without a problem; before they are divided, where the
        table has no column of partitions, their partition is empty.
    problems : list of Problem
        All of them, in the order of the rows.
    members : Mapping
        Recording -> the row that names it first, also of rows with other problems.
    n_rows : int
        Rows of the table.
    columns : Mapping
        What is said -> the name of its column.
    unused : list of str
        Columns that nothing is taken from.
    """

    trials: list[Trial]
    problems: list[Problem]
    members: Mapping[str, int]
    n_rows: int
    columns: Mapping[str, str]
    unused: list[str]


def parse_table(table: TableFile, options: TableOptions, source: str, archive: str) -> ParsedTable:
    """Parse the rows of a table.

    Parameters
    ----------
    table : TableFile
        The table.
    options : TableOptions
        Says what its columns and words mean.
    source : str
        The file, as messages are to name it.
    archive : str
        The set of archives that holds the audio.

    Raises
    ------
    ProtocolError
        If a column that is needed is not there, or is there twice.
    """
    columns = _columns(table.header, options, source)
    parser = _RowParser(columns, options, archive)
    places = {name: table.header.index(column) for name, column in columns.items()}
    trials = []
    for number, cells in table.rows:
        if len(cells) != len(table.header):
            problem = f"{len(cells)} cells"
            parser.problems.append(Problem(number, "", problem, f"{len(table.header)} cells"))
            continue
        trial = parser.trial(number, {name: cells[at].strip() for name, at in places.items()})
        if trial is not None:
            trials.append(trial)
    unused = [name for name in table.header if name not in columns.values()]
    n_rows = len(table.rows)
    return ParsedTable(trials, parser.problems, parser.members, n_rows, columns, unused)


def _columns(header: Sequence[str], options: TableOptions, source: str) -> dict[str, str]:
    """Return what the table says of recordings -> the column that says it."""
    known = ", ".join(map(shown, header[:50]))
    found = {}
    for name in COLUMNS:
        column = options.columns.get(name, name)
        if header.count(column) > 1:
            raise ProtocolError(
                f"{source} has {header.count(column)} columns {column!r}; allowed 1"
            )
        if column in header:
            found[name] = column
        elif name in options.columns:
            raise ProtocolError(
                f"columns.{name} is {column!r}; allowed are the columns of {source}: {known}"
            )
        elif name in _NEEDED:
            raise ProtocolError(
                f"{source} has no column {name}, but {known}; name the one that says it: "
                f"columns: {{{name}: ...}}"
            )
    return found


class _RowParser:
    """Parses rows, and keeps what is wrong with them."""

    def __init__(self, columns: Mapping[str, str], options: TableOptions, archive: str) -> None:
        self.problems: list[Problem] = []
        self._columns, self._archive = columns, archive
        self._labels, self._partitions = options.label_words, options.partition_words
        self._label_names = list(options.labels) or [BONAFIDE, SPOOF]
        self._partition_names = list(options.partitions) or list(PARTITIONS)
        self._above = f"{os.path.abspath(options.audio_place)}/"  # noqa: PTH100
        self.members: dict[str, int] = {}
        self._names: dict[str, int] = {}

    def trial(self, number: int, cells: Mapping[str, str]) -> Trial | None:
        """Return the trial of a row; nothing, if it has problems, which are kept."""
        n_problems = len(self.problems)
        member = self._member(number, cells["path"])
        label = self._label(number, cells["label"])
        partition = self._partition(number, cells, label)
        attack, speaker, codec, language = (
            self._free(number, name, cells.get(name, "")) for name in _FREE
        )
        attack = self._attack(number, attack, label)
        protocols = self._protocols(number, cells.get("protocol", ""))
        utterance_id = cells.get("utterance_id", member)
        if member:
            self._once(number, "path", member, self.members)
        if "utterance_id" in cells:
            self._once(number, "utterance_id", utterance_id, self._names)
        if len(self.problems) > n_problems:
            return None
        return Trial(
            utterance_id=utterance_id,
            archive=self._archive,
            member=member,
            partition=partition,
            protocols=(ALL, *(name for name in protocols if name != ALL)),
            label=label,
            attack=attack,
            speaker=speaker,
            codec=codec,
            language=language,
        )

    def _refuse(self, number: int, name: str, value: str, allowed: str) -> None:
        self.problems.append(Problem(number, self._columns[name], value, allowed))

    def _member(self, number: int, path: str) -> str:
        """Return the name of a recording in the audio."""
        if not path:
            self._refuse(number, "path", path, "the path of a recording")
            return ""
        try:
            member = normalise(path.removeprefix(self._above), "")
        except ArchiveError:
            self._refuse(number, "path", path, "a path below the audio")
            return ""
        if not member or not member.isprintable() or is_foreign(member):
            self._refuse(number, "path", path, "the path of a recording")
            return ""
        return member

    def _label(self, number: int, value: str) -> str:
        label = self._labels.get(value.casefold())
        if label is None and value in ("", NOTHING):
            return UNLABELLED
        if label is None:
            names = ", ".join(self._label_names)
            self._refuse(number, "label", value, f"one of {names}, or nothing in train")
            return ""
        return label

    def _partition(self, number: int, cells: Mapping[str, str], label: str) -> str:
        """Return the partition; empty, where the table has no column of it."""
        if "partition" not in cells:
            return ""
        partition = self._partitions.get(cells["partition"].casefold(), "")
        if not partition:
            names = ", ".join(self._partition_names)
            self._refuse(number, "partition", cells["partition"], f"one of {names}")
        elif label == UNLABELLED and partition != TRAIN:
            self._refuse(number, "label", cells["label"], f"a label, for the row is of {partition}")
        return partition

    def _free(self, number: int, name: str, value: str) -> str | None:
        if not value.isprintable():
            self._refuse(number, name, value, "printable text")
        return None if value in ("", NOTHING) else value

    def _attack(self, number: int, attack: str | None, label: str) -> str | None:
        """Return the attack of a spoof; of bona fide speech, which may say so, none."""
        if attack is None or label == SPOOF:
            return attack
        if label and self._labels.get(attack.casefold()) != label:
            what = "bona fide speech" if label == BONAFIDE else "a row without a label"
            self._refuse(number, "attack", attack, f"nothing, or -, of {what}")
        return None

    def _protocols(self, number: int, value: str) -> list[str]:
        names = [name for name in re.split(r"[;\s]+", value) if name not in ("", NOTHING)]
        for name in names:
            if not PROTOCOL.fullmatch(name):
                allowed = "names of small letters, digits, _ and -, with ; or a space between"
                self._refuse(number, "protocol", name, allowed)
        return names

    def _once(self, number: int, name: str, value: str, seen: dict[str, int]) -> None:
        """Refuse a path or a name that stood in a row before."""
        if not value or not value.isprintable():
            self._refuse(number, name, value, "printable text")
        first = seen.setdefault(value, number)
        if first != number:
            self._refuse(number, name, value, f"each once, and it stands in row {first}")


def problems_message(parsed: ParsedTable, source: str) -> str:
    """Return a message that counts what is wrong with a table, and shows the first of it."""
    problems = parsed.problems
    n_rows = len({problem.row for problem in problems})
    more = len(problems) - N_SHOWN
    lines = [
        f"{source}: {len(problems):,} problems in {n_rows:,} of {parsed.n_rows:,} rows",
        *(f"  {problem}" for problem in problems[:N_SHOWN]),
        *([f"  ... and {more:,} more"] if more > 0 else []),
    ]
    return "\n".join(lines)


def read_table_trials(
    archives: Sequence[LocatedArchive], options: TableOptions, *, archive: str
) -> Reading:
    """Read the trials of a corpus from its table.

    Parameters
    ----------
    archives : sequence of LocatedArchive
        The table.
    options : TableOptions
        See there.
    archive : str
        The set of archives that holds the audio.

    Raises
    ------
    ArchiveError
        If the table cannot be read.
    ProtocolError
        If it is no table, a column is missing, or rows have problems: counts them all, and
        shows the first.
    ManifestError
        If it cannot be divided into partitions.
    """
    path = archives[0].paths[0]
    source = shown(path)
    parsed = parse_table(read_table_file(path), options, source, archive)
    if parsed.problems:
        raise ProtocolError(problems_message(parsed, source))
    if parsed.unused:
        logger.info("%s: unused columns: %s", source, ", ".join(map(shown, parsed.unused)))
    return reading_of(parsed, options, source)


def reading_of(parsed: ParsedTable, options: TableOptions, source: str) -> Reading:
    """Return the trials of a table, divided into partitions, in the order of these.

    Raises
    ------
    ProtocolError
        If the options divide what the table divides already.
    ManifestError
        If there are too few recordings, or speakers, to divide.
    """
    notes: dict[str, Any] = {"split": "as the table says"}
    trials: Iterable[Trial] = parsed.trials
    if "partition" not in parsed.columns:
        trials, notes = divide(parsed.trials, options, source)
    elif given := sorted({"shares", "split_by"} & options.model_fields_set):
        raise ProtocolError(
            f"{source} has a column {parsed.columns['partition']}, and the options have "
            f"{' and '.join(given)}; allowed is one of both"
        )
    chosen = [
        trial if trial.partition == EVAL else trial._replace(protocols=()) for trial in trials
    ]
    chosen.sort(key=lambda trial: PARTITIONS.index(trial.partition))
    names = {name for trial in chosen for name in trial.protocols}
    if others := sorted(names.difference(options.protocols)):
        logger.info("%s: protocols that are not measured: %s", source, ", ".join(others))
    present = {trial.partition for trial in chosen}
    absent = tuple(name for name in PARTITIONS if name not in present)
    return Reading(trials=chosen, notes=notes, absent_partitions=absent)

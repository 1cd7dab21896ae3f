"""What would be used of a table and its audio, and what is wrong with them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from signl.archives.descriptions import BARE, UTTERANCES_PER_SHARD
from signl.archives.members import shown
from signl.archives.streams import stream_members
from signl.audio import decode
from signl.corpora.table.options import TableOptions
from signl.corpora.table.table_files import read_table_file
from signl.corpora.table.table_rows import ParsedTable, Problem, parse_table, reading_of
from signl.corpora.trials import Trial
from signl.errors import ArchiveError, AudioError, ManifestError, ProtocolError
from signl.labels import BONAFIDE, EVAL, PARTITIONS, SPOOF, UNLABELLED

#: Seconds of a recording that are decoded; longer ones are told as so long.
MAX_S: Final = 600.0
_LABELS: Final = (BONAFIDE, SPOOF, UNLABELLED)
_MOST: Final = 20


@dataclass
class Inspection:
    """What was found.

    Attributes
    ----------
    options : TableOptions
        What was looked at.
    parsed : ParsedTable
        The rows.
    trials : sequence of Trial
        With partitions; of rows with problems none.
    split : str
        Where the partitions come from.
    durations : list of float
        Seconds of the recordings that were decoded.
    rates : Counter
        Their rates in Hz.
    n_audio : int
        Recordings of the table that are in the audio.
    n_others : int
        Files in the audio that no row names.
    problems : list of Problem
        What is wrong, row by row.
    remarks : list of str
        What is wrong with the whole.
    """

    options: TableOptions
    parsed: ParsedTable
    trials: Sequence[Trial] = ()
    split: str = ""
    durations: list[float] = field(default_factory=list)
    rates: Counter[int] = field(default_factory=Counter)
    n_audio: int = 0
    n_others: int = 0
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems and not self.remarks


def inspect_table(options: TableOptions, *, limit: int) -> Inspection:
    """Read a table and go through its audio.

    Parameters
    ----------
    options : TableOptions
        Where they are, and what columns and words mean.
    limit : int
        So many recordings are decoded; of the others it is only seen that they are there.

    Raises
    ------
    ArchiveError, ProtocolError
        If the table cannot be read, is no table, or lacks a column.
    """
    source = shown(options.table)
    parsed = parse_table(read_table_file(options.table), options, source, "audio")
    found = Inspection(options, parsed, problems=list(parsed.problems))
    try:
        reading = reading_of(parsed, options, source)
        found.trials, found.split = reading.trials, reading.notes["split"]
        found.remarks += _one_sided(found.trials, options.protocols)
    except (ProtocolError, ManifestError) as error:
        # That rows with problems cannot be divided is told by these.
        found.remarks += [] if found.problems else [str(error)]
    try:
        _look_at_audio(found, limit)
    except ArchiveError as error:
        found.remarks.append(str(error))
    found.problems.sort(key=lambda problem: problem.row)
    return found


def _one_sided(trials: Iterable[Trial], protocols: Sequence[str]) -> Iterator[str]:
    """Say which partitions and protocols lack a class: they cannot train, or measure."""
    counts = Counter((trial.partition, trial.label) for trial in trials)
    counts.update(
        (f"{EVAL}, protocol {name}", trial.label) for trial in trials for name in trial.protocols
    )
    present = {name for name, _ in counts if name in PARTITIONS}
    measured = [f"{EVAL}, protocol {name}" for name in protocols if EVAL in present]
    for name in [*(each for each in PARTITIONS if each in present and each != EVAL), *measured]:
        n_bonafide, n_spoof = counts[name, BONAFIDE], counts[name, SPOOF]
        if not n_bonafide or not n_spoof:
            yield (
                f"{name} has {n_bonafide:,} bona fide recordings and {n_spoof:,} spoofs; allowed "
                "are some of each"
            )


def _look_at_audio(found: Inspection, limit: int) -> None:
    """Go through the audio once; note what of it is missing, or cannot be decoded."""
    column, place = found.parsed.columns["path"], found.options.audio_place
    rows = found.parsed.members
    chosen = set(list(rows)[:limit])
    missing, others = dict(rows), []
    for member in stream_members([Path(place)], chosen.__contains__, root=BARE):
        if member.name not in rows:
            others.append(member.name)
            continue
        missing.pop(member.name, None)
        if member.content is None:
            continue
        try:
            recording = decode(member.content, max_duration_s=MAX_S)
        except AudioError as error:
            allowed = f"a recording that can be decoded ({error})"
            found.problems.append(Problem(rows[member.name], column, member.name, allowed))
            continue
        found.durations.append(len(recording.samples) / recording.rate_hz)
        found.rates[recording.rate_hz] += 1
    found.n_audio, found.n_others = len(rows) - len(missing), len(others)
    by_name = {Path(name).name: name for name in others} if missing else {}
    for name, row in missing.items():
        alike = by_name.get(Path(name).name)
        allowed = f"a recording in {place}" + (f", such as {shown(alike)!r}" if alike else "")
        found.problems.append(Problem(row, column, name, allowed))


def format_inspection(found: Inspection, *, n_problems: int) -> str:
    """Return what was found as text, with the first ``n_problems`` problems."""
    lines = [*_of_table(found), "", *_of_trials(found.trials), "", *_of_audio(found)]
    shown_problems = found.problems[:n_problems]
    if found.problems:
        lines += ["", f"{len(found.problems):,} problems in rows:"]
        lines += [f"  {problem}" for problem in shown_problems]
    if len(found.problems) > len(shown_problems):
        lines.append(f"  ... and {len(found.problems) - len(shown_problems):,} more")
    if found.remarks:
        lines += ["", "wrong with the whole:", *(f"  {remark}" for remark in found.remarks)]
    if found.is_sound:
        lines += ["", "nothing is wrong"]
    return "\n".join(lines)


def _of_table(found: Inspection) -> Iterator[str]:
    parsed = found.parsed
    named = ", ".join(
        name if name == column else f"{name} (column {shown(column)})"
        for name, column in parsed.columns.items()
    )
    yield f"{shown(found.options.table)}: {parsed.n_rows:,} rows; says {named}"
    if parsed.unused:
        yield f"unused columns: {', '.join(map(shown, parsed.unused))}"
    if found.split:
        yield f"partitions: {found.split}"
    left_out = len(parsed.trials) - len(found.trials)
    if found.split and left_out:
        yield f"left out: {left_out:,} without a label, which have no place in train"


def _of_trials(trials: Sequence[Trial]) -> Iterator[str]:
    """Yield counts by partition and label, attack, protocol and speaker."""
    labels = Counter((trial.partition, trial.label) for trial in trials)
    yield f"{'partition':12}" + "".join(f"{label:>12}" for label in _LABELS) + f"{'speakers':>12}"
    speakers = {
        name: {trial.speaker for trial in trials if trial.partition == name and trial.speaker}
        for name in PARTITIONS
    }
    for name in PARTITIONS:
        counts = (f"{labels[name, label]:>12,}" for label in _LABELS)
        yield f"{name:12}{''.join(counts)}{len(speakers[name]):>12,}"
    common = Counter(speaker for of_one in speakers.values() for speaker in of_one)
    shared = [speaker for speaker, n in common.items() if n > 1]
    if shared:
        yield f"speakers of several partitions: {len(shared):,}, such as {shown(min(shared))}"
    counted: dict[str, Mapping[str, int]] = {
        "attacks": Counter(trial.attack for trial in trials if trial.attack),
        "codecs": Counter(trial.codec for trial in trials if trial.codec),
        "languages": Counter(trial.language for trial in trials if trial.language),
        "protocols": Counter(name for trial in trials for name in trial.protocols),
        "recordings of speakers": Counter(trial.speaker for trial in trials if trial.speaker),
    }
    for what, counts_of in counted.items():
        if counts_of:
            yield f"{what}: {_most(counts_of)}"


def _most(counts: Mapping[str, int]) -> str:
    """Return the most frequent with their counts."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{shown(name)} {number:,}" for name, number in ordered[:_MOST])
    more = len(ordered) - _MOST
    return f"{named}, and {more:,} more" if more > 0 else named


def _of_audio(found: Inspection) -> Iterator[str]:
    yield (
        f"{shown(found.options.audio_place)}: {found.n_audio:,} of {len(found.parsed.members):,} "
        f"recordings are there; {found.n_others:,} other files"
    )
    if found.durations:
        lengths = found.durations
        yield (
            f"{len(lengths):,} were decoded: {min(lengths):.2f} to {max(lengths):.2f} s, median "
            f"{median(lengths):.2f} s, together {sum(lengths) / 3600:.3f} h; "
            + ", ".join(f"{number:,} at {rate:,} Hz" for rate, number in found.rates.most_common())
        )
    n_shards = -(-len(found.trials) // UTTERANCES_PER_SHARD)
    if n_shards > 1:
        yield (
            f"that many are better packed into {n_shards} shards than into one, which is the "
            f"default: shards: {{table-NAME: {n_shards}}}"
        )

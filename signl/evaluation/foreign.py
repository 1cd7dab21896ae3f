"""Score files and keys as other projects publish them: any delimiter, with a header or without.

Keys without a header are known by their number of columns, and by a label where their form has
one: ASVspoof 2019 LA (5 columns), ASVspoof 5 as of the challenge (6), 2021 LA (8), ASVspoof 5 (10)
and 2021 DF (13, ``trial_metadata.txt``). Their columns then have names, as those of a header have.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from signl.corpora.rows import LABELS, NOTHING
from signl.errors import ScoreError
from signl.evaluation.delimited import TextTable, read_delimited
from signl.evaluation.name_hints import names_of_trials
from signl.evaluation.score_file_options import KeyFileOptions, ScoreFileOptions
from signl.evaluation.scores import SCHEMA, check_scores, read_scores, refuse_doubled
from signl.evaluation.text_lines import parse_number, shown
from signl.labels import BONAFIDE, SPOOF

#: Names of columns by which they are found without being told, the first that there is.
TRIAL_NAMES: Final = (
    *("utterance_id", "trial", "filename", "file", "file_name", "file_id", "utterance"),
    *("utt", "utt_id", "id", "name", "path"),
)
SCORE_NAMES: Final = ("score", "cm_score", "scores", "llr")
LABEL_NAMES: Final = ("label", "cm_label", "key", "class", "target")
#: Keys without a header, by their number of columns.
FORMS: Final[Mapping[int, tuple[str, ...]]] = {
    2: ("trial", "label"),
    5: ("speaker", "trial", "environment", "attack", "label"),
    6: ("speaker", "trial", "gender", "codec", "attack", "label"),
    8: ("speaker", "trial", "codec", "transmission", "attack", "label", "trim", "phase"),
    10: (
        *("speaker", "trial", "gender", "codec", "codec_quality", "codec_seed"),
        *("attack_tag", "attack", "label", "rest"),
    ),
    13: (
        *("speaker", "trial", "codec", "source", "attack", "label", "trim", "phase"),
        *("vocoder", "task", "team", "gender_pair", "language"),
    ),
}
KEY_SCHEMA: Final = pa.schema([("utterance_id", pa.string()), ("label", pa.string())])
_N_SHOWN: Final = 10


class Key(NamedTuple):
    """The trials of a key.

    Attributes
    ----------
    trials : Table
        ``utterance_id`` and ``label`` of those that are asked for, and a column ``by NAME`` for
        each column that they are told apart by, null where the key has nothing to say.
    others : Array
        Names of the trials that the key has beside them.
    """

    trials: pa.Table
    others: pa.ChunkedArray


def read_foreign_scores(path: str | Path, options: ScoreFileOptions) -> pa.Table:
    """Read a score file of any form; a Parquet file must be a score table of the workflow.

    Without options, of a file without a header the score is the one column with a number in the
    first line (the second, of two columns), and the trial is the first of the others.

    Returns
    -------
    Table
        ``utterance_id`` and ``score``, higher for bona fide.

    Raises
    ------
    ScoreError
        If a column is not found, a score is no number or not finite, or an id is doubled.
    ArtefactError
        If a Parquet file is no score table, or is damaged.
    """
    if Path(path).suffix == ".parquet":
        table = read_scores(path)
    else:
        table = _read_text(path, options)
        check_scores(table, str(path))
    return turned(table, options.higher)


def turned(scores: pa.Table, higher: str) -> pa.Table:
    """Return scores that are higher for bona fide, given the class that they are higher for."""
    if higher == BONAFIDE:
        return scores
    return scores.set_column(1, SCHEMA.field("score"), pc.negate(scores["score"]))


def _read_text(path: str | Path, options: ScoreFileOptions) -> pa.Table:
    text = read_delimited(path, _is_number, "a number", delimiter=options.delimiter)
    score = _score_column(text, options.score)
    if options.trial is not None:
        trial = text.locate(options.trial)
    elif text.names:
        trial = _found(text, TRIAL_NAMES, "trial")
    else:
        trial = int(score == 0)
    names = text.column(trial)
    values = [parse_number(cell) for cell in text.column(score)]
    for row, (name, value) in enumerate(zip(names, values, strict=True)):
        if not name or value is None:
            raise ScoreError(
                f"{text.where}:{text.line(row)}: expected a name in column {trial + 1} and a "
                f"number in column {score + 1}, got {shown(name)} and "
                f"{shown(text.rows[row][score])}"
            )
    return pa.table([pa.array(names, pa.string()), pa.array(values, pa.float64())], schema=SCHEMA)


def _score_column(text: TextTable, given: str | int | None) -> int:
    """Return the index of the column of the scores."""
    if given is not None:
        return text.locate(given)
    if text.names:
        return _found(text, SCORE_NAMES, "score")
    if text.n_columns == 2:
        return 1
    numbers = [index for index, cell in enumerate(text.rows[0]) if _is_number(cell)]
    if len(numbers) != 1:
        raise ScoreError(
            f"{text.where} has no header, and numbers in the columns "
            f"{[index + 1 for index in numbers]}: say which is the score, by its number"
        )
    return numbers[0]


def read_foreign_key(
    path: str | Path,
    options: KeyFileOptions,
    *,
    subset: Sequence[tuple[str, str]] = (),
    by: Sequence[str] = (),
) -> Key:
    """Read a key of any form.

    Parameters
    ----------
    path : path
        The key.
    options : KeyFileOptions
        Its columns, and words for labels.
    subset : sequence of (str, str)
        Columns and values: trials that have these are asked for. Of one column that is named more
        than once a trial has one of the values.
    by : sequence of str
        Columns whose values are wanted.

    Raises
    ------
    ScoreError
        If a column is not found, a label is of no class, a trial is listed twice, or no trial is
        in the subset.
    """
    words = label_words(options)
    text = read_delimited(
        path, words.__contains__, f"a label ({', '.join(words)})", delimiter=options.delimiter
    )
    text = _with_form(text, words)
    trial = _given_or_found(text, options.trial, TRIAL_NAMES, "trial")
    label = _given_or_found(text, options.label, LABEL_NAMES, "label")
    labels = list(_labels(text, trial, label, words))
    columns = {f"by {name}": _values(text, text.locate(name), labels) for name in by}
    table = pa.table(
        [pa.array(text.column(trial), pa.string()), pa.array(labels, pa.string())],
        schema=KEY_SCHEMA,
    )
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values, pa.string()))
    refuse_doubled(table["utterance_id"], f"{text.where}: trials listed more than once")
    mask = _mask(text, subset)
    return Key(table.filter(pa.array(mask)), table["utterance_id"].filter(pa.array(~mask)))


def label_words(options: KeyFileOptions) -> dict[str, str]:
    """Return the class of every word for one; words that are given go before ours.

    Raises
    ------
    ScoreError
        If a word is given for both classes.
    """
    if both := sorted({*options.bonafide} & {*options.spoof}):
        raise ScoreError(f"{both} are given for bona fide and for spoof; allowed is one of them")
    own = dict.fromkeys(options.bonafide, BONAFIDE) | dict.fromkeys(options.spoof, SPOOF)
    return LABELS | own


def matched_names(trials: pa.Table, scores: pa.Table) -> tuple[pa.Table, int]:
    """Give scores the names of the trials, where they differ by folder and ending alone.

    Parameters
    ----------
    trials : Table
        With a column ``utterance_id``; all trials that there are.
    scores : Table
        With the columns ``utterance_id`` and ``score``.

    Returns
    -------
    Table, int
        The scores, and how many of them have another name now. A name that no one trial has, of
        those without a score, is left as it is.
    """
    ids, scored = trials["utterance_id"], scores["utterance_id"]
    unknown = scored.filter(pc.invert(pc.is_in(scored, value_set=ids))).to_pylist()
    if not unknown:
        return scores, 0
    free = ids.filter(pc.invert(pc.is_in(ids, value_set=scored))).to_pylist()
    renamed = names_of_trials(free, unknown)
    names = [renamed.get(name, name) for name in scored.to_pylist()]
    return scores.set_column(0, "utterance_id", pa.array(names, pa.string())), len(renamed)


def _is_number(cell: str) -> bool:
    return parse_number(cell) is not None


def _with_form(text: TextTable, words: Mapping[str, str]) -> TextTable:
    """Return a key without a header with the names of its columns, if its form is a known one."""
    names = FORMS.get(text.n_columns, ())
    if text.names or not names or text.rows[0][names.index("label")] not in words:
        return text
    return TextTable(text.where, names, text.rows, text.has_header)


def _given_or_found(
    text: TextTable, given: str | int | None, synonyms: Sequence[str], what: str
) -> int:
    return text.locate(given) if given is not None else _found(text, synonyms, what)


def _found(text: TextTable, synonyms: Sequence[str], what: str) -> int:
    """Return the column that has one of the names."""
    index = text.find(synonyms)
    if index is not None:
        return index
    if text.has_header:
        said = f"its first line is taken for a header, {shown(' '.join(text.names))}, which has"
    else:
        said = f"it has no header and is none of the forms with {sorted(FORMS)} columns that have"
    raise ScoreError(
        f"{text.where}: {said} no column for the {what} ({', '.join(synonyms)}); say which it is: "
        f"{text.told_columns()}"
    )


def _labels(text: TextTable, trial: int, label: int, words: Mapping[str, str]) -> Iterator[str]:
    """Yield the class of each trial."""
    for row, cells in enumerate(text.rows):
        if not cells[trial] or cells[label] not in words:
            raise ScoreError(
                f"{text.where}:{text.line(row)}: expected a name in column {trial + 1} and one of "
                f"{[*words]} in column {label + 1}, got {shown(cells[trial])} and "
                f"{shown(cells[label])}"
            )
        yield words[cells[label]]


def _values(text: TextTable, index: int, labels: Sequence[str]) -> list[str | None]:
    """Return the values of a column, none where it has nothing to say of a trial.

    Of bona fide speech some keys write the label where the attack of a spoof stands.
    """
    return [
        None if cell in (NOTHING, "") or (label == BONAFIDE and cell in LABELS) else cell
        for cell, label in zip(text.column(index), labels, strict=True)
    ]


def _mask(text: TextTable, subset: Sequence[tuple[str, str]]) -> npt.NDArray[np.bool_]:
    """Return which rows have the values of a subset."""
    wanted: dict[int, set[str]] = {}
    for name, value in subset:
        wanted.setdefault(text.locate(name), set()).add(value)
    mask = np.ones(len(text.rows), dtype=bool)
    for index, values in wanted.items():
        cells = text.column(index)
        if absent := sorted(values.difference(cells)):
            known = sorted(set(cells))
            more = ", ..." if len(known) > _N_SHOWN else ""
            raise ScoreError(
                f"{text.where}: no trial has {shown(absent[0])} in column {index + 1}; allowed "
                f"are {', '.join(map(shown, known[:_N_SHOWN]))}{more}"
            )
        mask &= np.fromiter((cell in values for cell in cells), bool, len(cells))
    if not mask.any():
        raise ScoreError(f"{text.where}: no trial is in the subset {dict(subset)}")
    return mask

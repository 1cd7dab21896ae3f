"""Score files: our table, the official text forms, and their exact match with trials.

A score table has the columns ``utterance_id`` (string) and ``score`` (float64, higher = more
bona fide). The text forms are those that the official evaluation packages read:

- ``asvspoof5``: a header ``filename<TAB>cm-score``, then a tab between name and score;
- ``asvspoof2021``: no header, ``trial score`` with a space between.

A byte order mark before the text is read over; numbers are written with the digits 0 to 9. Other
forms, and keys, are read by :mod:`signl.evaluation.foreign`.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from signl import stages
from signl.artefacts import MadeBy, read_table, write_table, write_text
from signl.errors import ScoreError
from signl.evaluation.name_hints import naming_hint
from signl.evaluation.text_lines import (
    Layout,
    Value,
    parse_lines,
    parse_number,
    read_lines,
    shown,
)
from signl.labels import BONAFIDE, SPOOF
from signl.metrics import Scores

STAGE = stages.SCORES.rule
SCHEMA = pa.schema([("utterance_id", pa.string()), ("score", pa.float64())])

TextForm = Literal["asvspoof5", "asvspoof2021"]


_LAYOUTS: dict[TextForm, Layout] = {
    "asvspoof5": Layout("filename\tcm-score", "\t"),
    "asvspoof2021": Layout(None, " "),
}

_N_NAMED = 3


def write_scores(
    path: str | Path,
    utterance_ids: Sequence[str],
    scores: npt.ArrayLike,
    *,
    options: Mapping[str, Any],
    digests: Mapping[str, str] | None = None,
) -> None:
    """Write a score table.

    Parameters
    ----------
    path : path
        The Parquet file.
    utterance_ids : sequence of str
        One for each score, without repetition.
    scores : array-like of shape (trial,)
        Finite; higher = more bona fide.
    options : Mapping
        What made the scores, for the header.
    digests : Mapping, optional
        Digests of the files that made them (:func:`signl.artefacts.digests_of`).

    Raises
    ------
    ScoreError
        If an id is doubled or a score is not finite; names the first few.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != (len(utterance_ids),):
        raise ValueError(
            f"{len(utterance_ids)} utterance ids cannot have scores of shape {values.shape}"
        )
    table = pa.table([pa.array(utterance_ids, pa.string()), pa.array(values)], schema=SCHEMA)
    check_scores(table, str(path))
    made_by = MadeBy(
        stage=STAGE, revision=stages.SCORES.revision, options=options, digests=digests or {}
    )
    write_table(path, table, made_by)


def read_scores(path: str | Path) -> pa.Table:
    """Read a score table that :func:`write_scores` wrote.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    """
    return read_table(
        path, stage=STAGE, revision=stages.SCORES.revision, columns=["utterance_id", "score"]
    )


def write_score_text(path: str | Path, scores: pa.Table, *, form: TextForm) -> None:
    """Write a score table in one of the official text forms; scores keep all their digits.

    Raises
    ------
    ScoreError
        If an id is doubled or holds white space, or a score is not finite.
    """
    layout = _LAYOUTS[form]
    check_scores(scores, str(path))
    ids = scores["utterance_id"]
    spaced = ids.filter(pc.match_substring_regex(ids, r"\s|^$"))
    _refuse(spaced, f"{path}: ids that are empty or hold white space")
    values = scores["score"].to_pylist()
    lines = [
        f"{name}{layout.separator}{value!r}\n"
        for name, value in zip(ids.to_pylist(), values, strict=True)
    ]
    header = "" if layout.header is None else layout.header + "\n"
    write_text(path, header + "".join(lines))


def read_score_text(path: str | Path, *, form: TextForm) -> pa.Table:
    """Read a score file in one of the official text forms.

    Raises
    ------
    ScoreError
        If the header or a line is not of this form, with its number; or if an id is doubled
        or a score is not finite.
    """
    rows = parse_lines(read_lines(path), str(path), _LAYOUTS[form], parse_number, "a number")
    table = _table_of(rows, SCHEMA)
    check_scores(table, str(path))
    return table


def check_scores(scores: pa.Table, where: str) -> None:
    """Refuse a score table with doubled ids, or with scores that are null, NaN or infinite.

    Parameters
    ----------
    scores : Table
        With the columns ``utterance_id`` and ``score``.
    where : str
        What the table is, for the message.

    Raises
    ------
    ScoreError
        Counts what is wrong and names the first few.
    """
    refuse_doubled(scores["utterance_id"], f"{where}: ids scored more than once")
    is_finite = pc.fill_null(pc.is_finite(scores["score"]), False)
    _refuse(
        scores["utterance_id"].filter(pc.invert(is_finite)),
        f"{where}: scores that are missing, NaN or infinite",
    )


def match_scores(trials: pa.Table, scores: pa.Table) -> pa.Table:
    """Join scores to trials, one to one.

    Parameters
    ----------
    trials : Table
        With a column ``utterance_id``.
    scores : Table
        With the columns ``utterance_id`` and ``score``, in any order of rows.

    Returns
    -------
    Table
        ``trials``, in their order, with the column ``score``.

    Raises
    ------
    ScoreError
        If a trial has no score, a score no trial, an id is doubled on either side, or a score
        is not a finite number; counts them, names the first few, and shows names of both sides.
    """
    check_scores(scores, "scores")
    trial_ids, scored_ids = trials["utterance_id"], scores["utterance_id"]
    refuse_doubled(trial_ids, "trials listed more than once")
    place = pc.index_in(trial_ids, value_set=scored_ids)
    without_score = trial_ids.filter(pc.is_null(place))
    without_trial = scored_ids.filter(pc.invert(pc.is_in(scored_ids, value_set=trial_ids)))
    if len(without_score) or len(without_trial):
        _refuse_unmatched(without_score, without_trial, trial_ids, scored_ids)
    return trials.append_column("score", scores["score"].take(place))


def bonafide_mask(labels: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Return a mask of the bona fide trials, having seen that the others are spoofs.

    Raises
    ------
    ScoreError
        If a label is of no class.
    """
    if unknown := set(pc.unique(labels).to_pylist()) - {BONAFIDE, SPOOF}:
        raise ScoreError(f"labels must be {BONAFIDE!r} or {SPOOF!r}, got {unknown}")
    mask: npt.NDArray[np.bool_] = pc.equal(labels, BONAFIDE).to_numpy()
    return mask


def split_classes(matched: pa.Table) -> Scores:
    """Return the scores of both classes of a table with the columns ``label`` and ``score``.

    Raises
    ------
    ScoreError
        If a label is of no class, a class is missing or a score is not finite.
    """
    values = matched["score"].to_numpy()
    is_bonafide = bonafide_mask(matched["label"])
    return Scores.checked(values[is_bonafide], values[~is_bonafide])


def _table_of(rows: Iterator[tuple[str, Value]], schema: pa.Schema) -> pa.Table:
    """Build a table of two columns from its rows."""
    columns = list(zip(*rows, strict=True)) or [(), ()]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def refuse_doubled(ids: pa.ChunkedArray, what: str) -> None:
    """Refuse names that occur twice.

    Raises
    ------
    ScoreError
        Says ``what`` it is of, counts the names and gives the first few.
    """
    if len(pc.unique(ids)) < len(ids):
        counted = pc.value_counts(ids)
        doubled = pc.greater(counted.field("counts"), 1)
        _refuse(counted.field("values").filter(doubled), what)


def _refuse_unmatched(
    without_score: pa.ChunkedArray,
    without_trial: pa.ChunkedArray,
    trial_ids: pa.ChunkedArray,
    scored_ids: pa.ChunkedArray,
) -> NoReturn:
    """Raise ScoreError: count what has no partner, and show the names of both sides."""
    counted = [
        f"{what}: {_count(ids)}"
        for what, ids in (
            ("trials without a score", without_score),
            ("scores without a trial", without_trial),
        )
        if len(ids)
    ]
    hint = naming_hint(
        *(
            (name.as_py() for name in (own if len(own) else every))
            for own, every in ((without_score, trial_ids), (without_trial, scored_ids))
        )
    )
    raise ScoreError("; ".join([*counted, *([hint] if hint else [])]))


def _refuse(ids: pa.Array | pa.ChunkedArray, what: str) -> None:
    """Raise ScoreError, with the count of ``ids`` and the first few, if there are any."""
    if len(ids):
        raise ScoreError(f"{what}: {_count(ids)}")


def _count(ids: pa.Array | pa.ChunkedArray) -> str:
    """Return how many ids there are, and the first few."""
    named = ", ".join(shown(str(name)) for name in ids.slice(0, _N_NAMED).to_pylist())
    more = ", ..." if len(ids) > _N_NAMED else ""
    return f"{len(ids)} ({named}{more})"

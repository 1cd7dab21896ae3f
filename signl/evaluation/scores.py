"""Score files: our table, the two official text forms, and their exact match with trials.

A score table has the columns ``utterance_id`` (string) and ``score`` (float64, higher = more
bona fide). The text forms are those that the official evaluation packages read:

- ``asvspoof5``: a header ``filename<TAB>cm-score``, then a tab between name and score;
- ``asvspoof2021``: no header, ``trial score`` with a space between.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from signl import revisions
from signl.artefacts import MadeBy, read_table, write_table, write_text
from signl.errors import ScoreError

STAGE = "score"
SCHEMA = pa.schema([("utterance_id", pa.string()), ("score", pa.float64())])

TextForm = Literal["asvspoof5", "asvspoof2021"]


class _Layout(NamedTuple):
    header: str | None
    separator: str


_LAYOUTS: dict[TextForm, _Layout] = {
    "asvspoof5": _Layout("filename\tcm-score", "\t"),
    "asvspoof2021": _Layout(None, " "),
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
    made_by = MadeBy(stage=STAGE, revision=revisions.SCORES, options=options, digests=digests or {})
    write_table(path, table, made_by)


def read_scores(path: str | Path) -> pa.Table:
    """Read a score table that :func:`write_scores` wrote.

    Raises
    ------
    ArtefactError
        If the file is damaged or was made by something else.
    """
    return read_table(
        path, stage=STAGE, revision=revisions.SCORES, columns=["utterance_id", "score"]
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
    rows = list(_parse_lines(Path(path), _LAYOUTS[form]))
    columns = list(zip(*rows, strict=True)) or [(), ()]
    table = pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)],
        schema=SCHEMA,
    )
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
    _refuse_doubled(scores["utterance_id"], f"{where}: ids scored more than once")
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
        is not a finite number; counts them and names the first few.
    """
    check_scores(scores, "scores")
    trial_ids, scored_ids = trials["utterance_id"], scores["utterance_id"]
    _refuse_doubled(trial_ids, "trials listed more than once")
    place = pc.index_in(trial_ids, value_set=scored_ids)
    _refuse(trial_ids.filter(pc.is_null(place)), "trials without a score")
    has_trial = pc.is_in(scored_ids, value_set=trial_ids)
    _refuse(scored_ids.filter(pc.invert(has_trial)), "scores without a trial")
    return trials.append_column("score", scores["score"].take(place))


def _parse_lines(path: Path, layout: _Layout) -> Iterator[tuple[str, float]]:
    """Yield name and score of every line after the header."""
    with path.open(encoding="utf-8") as handle:
        lines = [line.rstrip("\n") for line in handle]
    if layout.header is not None and lines[:1] != [layout.header]:
        raise ScoreError(f"{path}: expected the header {layout.header!r}, got {lines[:1]}")
    n_header = 0 if layout.header is None else 1
    for number, line in enumerate(lines[n_header:], start=n_header + 1):
        name, _, text = line.partition(layout.separator)
        value = _parse_number(text)
        if not name or value is None:
            raise ScoreError(
                f"{path}:{number}: expected a name, {layout.separator!r} and a number, got {line!r}"
            )
        yield name, value


def _parse_number(text: str) -> float | None:
    """Return the number that a text is, if it is one."""
    try:
        return float(text)
    except ValueError:
        return None


def _refuse_doubled(ids: pa.ChunkedArray, what: str) -> None:
    """Raise ScoreError if an id occurs twice."""
    if len(pc.unique(ids)) < len(ids):
        counted = pc.value_counts(ids)
        doubled = pc.greater(counted.field("counts"), 1)
        _refuse(counted.field("values").filter(doubled), what)


def _refuse(ids: pa.Array | pa.ChunkedArray, what: str) -> None:
    """Raise ScoreError, with the count of ``ids`` and the first few, if there are any."""
    if len(ids):
        named = ", ".join(map(repr, ids.slice(0, _N_NAMED).to_pylist()))
        more = ", ..." if len(ids) > _N_NAMED else ""
        raise ScoreError(f"{what}: {len(ids)} ({named}{more})")

"""Fixtures of the evaluation's tests."""

import numpy as np
import pyarrow as pa
import pytest

from signl import revisions
from signl.artefacts import MadeBy, write_table
from signl.evaluation.development import DevFiles
from signl.evaluation.scores import write_scores
from signl.training.labels import COLUMNS

USABLE_SCHEMA = pa.schema(
    [
        ("utterance_id", pa.string()),
        ("label", pa.string()),
        ("protocols", pa.list_(pa.string())),
        ("attack", pa.string()),
        ("codec", pa.string()),
    ]
)


@pytest.fixture
def write_trials(tmp_path):
    """Return a function that writes a table of usable evaluation trials and gives its path."""

    def write(rows):
        path = tmp_path / "usable" / "eval.parquet"
        table = pa.Table.from_pylist(
            [dict(zip(USABLE_SCHEMA.names, row, strict=True)) for row in rows],
            schema=USABLE_SCHEMA,
        )
        made_by = MadeBy(stage="gather_utterances", revision=revisions.USABLE, options={})
        write_table(path, table, made_by)
        return path

    return write


@pytest.fixture
def write_dev(tmp_path):
    """Return a function that writes scores of labelled dev utterances, by class, and their tables.

    Every utterance of ``unlabelled`` is usable but of no known label, and has no score.
    """

    def write(bonafide, spoof, *, unlabelled=()):
        values = [*bonafide, *spoof]
        labels = ["bonafide"] * len(bonafide) + ["spoof"] * len(spoof)
        ids = [f"D_{number}" for number in range(len(values))]
        files = DevFiles(*(tmp_path / "dev" / f"{name}.parquet" for name in DevFiles._fields))
        write_scores(files.scores, ids, np.array(values, dtype=float), options={})
        usable = {
            "utterance_id": [*ids, *unlabelled],
            "label": [*labels, *("spoof" for _ in unlabelled)],
        }
        made_by = MadeBy(stage="gather_utterances", revision=revisions.USABLE, options={})
        write_table(files.trials, pa.table(usable), made_by)
        columns = (ids, ["dev"] * len(ids), labels, [None] * len(ids))
        subset = pa.table([pa.array(column, pa.string()) for column in columns], COLUMNS)
        made_by = MadeBy(stage="sample_labels", revision=revisions.LABELS, options={})
        write_table(files.labels, subset, made_by)
        return files

    return write

"""Fixtures of the evaluation's tests."""

import pyarrow as pa
import pytest

from signl import revisions
from signl.artefacts import MadeBy, write_table

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

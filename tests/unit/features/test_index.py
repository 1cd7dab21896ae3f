import pyarrow as pa
import pytest

from signl import stages
from signl.artefacts import MadeBy, write_table
from signl.errors import ArtefactError
from signl.features.index import INDEX_SCHEMA, STAGE, read_index

ROWS = [
    {"member": "a.flac", "n_frames": 12, "duration_s": 0.5, "reason": None},
    {"member": "b.flac", "n_frames": 0, "duration_s": 0.0, "reason": "no audio"},
]


def write_index(path, *, revision):
    made_by = MadeBy(stage=STAGE, revision=revision, options={})
    write_table(path, pa.Table.from_pylist(ROWS, schema=INDEX_SCHEMA), made_by)
    return path


def test_an_index_is_read_as_it_was_written(tmp_path):
    path = write_index(tmp_path / "0000-of-0001.parquet", revision=stages.FEATURES.revision)
    assert read_index(path).to_pylist() == ROWS


def test_an_index_of_another_revision_is_refused(tmp_path):
    path = write_index(tmp_path / "0000-of-0001.parquet", revision=stages.FEATURES.revision + 1)
    with pytest.raises(ArtefactError, match=r"0000-of-0001\.parquet was made by"):
        read_index(path)

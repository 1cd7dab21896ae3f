import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file, save_file

from signl import seals
from signl.artefacts import (
    HEADER,
    MadeBy,
    check_table_data,
    check_tensor_data,
    check_tensors,
    read_document,
    read_table,
    write_document,
    write_table,
)
from signl.errors import ArtefactError

MADE_BY = MadeBy(stage="s", revision=1, options={"rates": [1, 2.5]})
TABLE = pa.table({"name": ["a", "b"], "number": pa.array([1, 2], pa.int32())})
TENSORS = {"frames": np.arange(6, dtype=np.float16).reshape(3, 2)}


@pytest.fixture
def table(tmp_path):
    write_table(tmp_path / "table.parquet", TABLE, MADE_BY)
    return tmp_path / "table.parquet"


@pytest.fixture
def tensors(tmp_path):
    path = tmp_path / "tensors.safetensors"
    save_file(TENSORS, path, metadata={HEADER: MADE_BY.to_blank_json(data=seals.BLANK)})
    seals.seal_tensors(path)
    return path


@pytest.fixture
def document(tmp_path):
    write_document(tmp_path / "document.json", {"eer": 0.25}, MADE_BY)
    return tmp_path / "document.json"


def flips(content):
    """The content with one bit changed, at every place in turn."""
    for place in range(len(content)):
        yield place, content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


def test_a_changed_byte_of_a_table_changes_nothing_unseen(table):
    for _, content in flips(table.read_bytes()):
        table.write_bytes(content)
        try:
            found = read_table(table, stage="s", revision=1)
        except ArtefactError:
            continue
        # What the page's checksum leaves out, and the reader does not look at.
        assert found.equals(TABLE)


def test_a_changed_byte_of_a_table_is_found_where_all_is_read(table):
    for _, content in flips(table.read_bytes()):
        table.write_bytes(content)
        with pytest.raises(ArtefactError, match=r"table\.parquet is damaged"):
            check_table_data(table)


def test_a_changed_byte_of_the_footer_is_found(table):
    content = table.read_bytes()
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for place, changed in flips(content):
        if place < 4 or place >= start:
            table.write_bytes(changed)
            with pytest.raises(ArtefactError, match=r"table\.parquet"):
                read_table(table, stage="s", revision=1)


def test_a_changed_byte_of_tensors_is_found(tensors):
    content = tensors.read_bytes()
    n_head = 8 + int.from_bytes(content[:8], "little")
    for place, changed in flips(content):
        tensors.write_bytes(changed)
        with pytest.raises(ArtefactError, match=r"tensors\.safetensors is damaged"):
            check_tensor_data(tensors)
        if place < n_head:
            with pytest.raises(ArtefactError, match=r"tensors\.safetensors is damaged"):
                check_tensors(tensors)
    tensors.write_bytes(content)
    check_tensors(tensors)
    check_tensor_data(tensors)


def test_a_changed_byte_of_a_document_is_found(document):
    for _, changed in flips(document.read_bytes()):
        document.write_bytes(changed)
        with pytest.raises(ArtefactError, match=r"document\.json"):
            read_document(document, stage="s", revision=1)


@pytest.mark.parametrize("kept", [0, 3, 11, 60, -1])
def test_what_is_cut_is_found(table, tensors, document, kept):
    for path in (table, tensors, document):
        path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ArtefactError, match=r"table\.parquet"):
        read_table(table, stage="s", revision=1)
    with pytest.raises(ArtefactError, match=r"tensors\.safetensors"):
        check_tensors(tensors)
    with pytest.raises(ArtefactError, match=r"document\.json"):
        read_document(document, stage="s", revision=1)


def test_a_seal_changes_nothing_else(table, tensors, document):
    assert pq.read_table(table).equals(TABLE)
    assert np.array_equal(load_file(tensors)["frames"], TENSORS["frames"])
    assert json.loads(document.read_text())["eer"] == 0.25
    assert read_document(document, stage="s", revision=1)["made_by"] == MADE_BY


def test_a_file_without_seal_is_refused(tmp_path):
    pq.write_table(TABLE.replace_schema_metadata({HEADER: MADE_BY.to_json()}), tmp_path / "t")
    with pytest.raises(ArtefactError, match="it has no seal"):
        read_table(tmp_path / "t", stage="s", revision=1)


def test_digests_of_texts_depend_on_their_order():
    assert seals.text_digest(["a", "b"]) != seals.text_digest(["b", "a"])
    assert seals.text_digest(["a", "b"]) != seals.text_digest(["ab"])


def test_the_digest_of_a_file_is_that_of_its_text(tmp_path):
    (tmp_path / "file").write_text("a\nb\n")
    assert seals.file_digest(tmp_path / "file") == seals.text_digest(["a", "b"])

import shutil

import pyarrow as pa
import pytest

from signl.artefacts import (
    MadeBy,
    check_made_by,
    place_of,
    read_table,
    table_made_by,
    write_table,
)
from signl.errors import ArtefactError

MADE_BY = MadeBy(stage="pack_audio", revision=3, options={"archive": "DF", "rates": [1, 2.5]})
TABLE = pa.table({"name": ["a", "b"], "number": pa.array([1, 2], pa.int32())})


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_header_keeps_what_made_the_file(tmp_path):
    write_table(tmp_path / "table.parquet", TABLE, MADE_BY)
    assert table_made_by(tmp_path / "table.parquet") == MADE_BY


def test_equal_headers_have_equal_texts():
    first = MadeBy(stage="s", revision=1, options={"a": 1, "b": {"c": 2, "d": 3}})
    second = MadeBy(stage="s", revision=1, options={"b": {"d": 3, "c": 2}, "a": 1})
    assert first.to_json() == second.to_json()
    assert MadeBy.from_json(first.to_json()) == first


def test_a_table_survives_with_its_own_metadata(tmp_path):
    path = tmp_path / "table.parquet"
    write_table(path, TABLE.replace_schema_metadata({"mine": "kept"}), MADE_BY)
    table = read_table(path, stage="pack_audio", revision=3)
    assert table.equals(TABLE)
    assert table.schema.metadata[b"mine"] == b"kept"
    assert read_table(path, stage="pack_audio", revision=3, columns=["number"]).column_names == [
        "number"
    ]


def test_folders_named_as_hive_partitions_add_no_column(tmp_path):
    path = tmp_path / "seed=1" / "table.parquet"
    write_table(path, TABLE, MADE_BY)
    assert read_table(path, stage="pack_audio", revision=3).column_names == TABLE.column_names


@pytest.mark.parametrize(("stage", "revision"), [("pack_audio", 4), ("locate_trials", 3)])
def test_what_something_else_has_made_is_refused(tmp_path, stage, revision):
    path = tmp_path / "results" / "manifests" / "table.parquet"
    write_table(path, TABLE, MADE_BY)
    message = (
        f"table.parquet was made by pack_audio revision 3, expected {stage} revision {revision}; "
        "make it anew, .*: snakemake --cores 1 --force results/manifests/table.parquet"
    )
    with pytest.raises(ArtefactError, match=message):
        read_table(path, stage=stage, revision=revision)
    with pytest.raises(ArtefactError, match=message):
        check_made_by(MADE_BY, path, stage=stage, revision=revision)


def spoil_text(path):
    path.write_text("no Parquet")


def spoil_end(path):
    path.write_bytes(path.read_bytes()[:-10])


def spoil_header(path):
    pa.parquet.write_table(TABLE, path)


def spoil_header_text(path):
    pa.parquet.write_table(TABLE.replace_schema_metadata({"signl": '{"stage": "s"}'}), path)


@pytest.mark.parametrize("spoil", [spoil_text, spoil_end, spoil_header, spoil_header_text])
def test_a_damaged_table_is_refused_by_name(tmp_path, spoil):
    path = tmp_path / "table.parquet"
    write_table(path, TABLE, MADE_BY)
    spoil(path)
    with pytest.raises(ArtefactError, match=r"table.parquet is not a whole table .* make it anew"):
        read_table(path, stage="pack_audio", revision=3)


def test_damage_in_the_middle_is_refused_by_name(tmp_path):
    path = tmp_path / "table.parquet"
    rows = pa.table({"name": [f"utterance {index}" for index in range(5000)]})
    write_table(path, rows, MADE_BY)
    content = bytearray(path.read_bytes())
    content[50:2000] = bytes(1950)
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match=r"table.parquet is damaged .* make it anew"):
        read_table(path, stage="pack_audio", revision=3)


def test_a_missing_table_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"table.parquet"):
        read_table(tmp_path / "table.parquet", stage="pack_audio", revision=3)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("results/labels/cfad/x.parquet", "results/labels/cfad/x.parquet"),
        ("/home/me/results/run/results/audio/LA/x.parquet", "results/audio/LA/x.parquet"),
        (".snakemake/storage/s3/bucket/results/scores/x.parquet", "results/scores/x.parquet"),
        ("results/encoders/results/cfad/config.json", "results/encoders/results/cfad/config.json"),
        ("/tmp/results/indomain.csv", "results/indomain.csv"),
        ("/tmp/results/metrics.parquet", "results/metrics.parquet"),
        ("/tmp/results/x.txt", ""),
        ("x.parquet", ""),
    ],
)
def test_a_place_is_the_path_that_the_workflow_knows(path, place):
    assert place_of(path) == place


def test_a_table_in_the_place_of_another_is_refused(tmp_path):
    mine, other = (tmp_path / f"results/labels/cfad/{name}.parquet" for name in ("mine", "other"))
    write_table(mine, TABLE, MADE_BY)
    mine.rename(other)
    message = (
        r"other\.parquet was made for results/labels/cfad/mine\.parquet, expected "
        r"results/labels/cfad/other\.parquet.* snakemake --cores 1 --force "
        r"results/labels/cfad/other\.parquet$"
    )
    with pytest.raises(ArtefactError, match=message):
        read_table(other, stage="pack_audio", revision=3)


def test_a_copy_is_read_wherever_the_results_lie(tmp_path):
    path = tmp_path / "results" / "labels" / "cfad.parquet"
    write_table(path, TABLE, MADE_BY)
    for copy in (tmp_path / "aside.parquet", tmp_path / "s3/signl/results/labels/cfad.parquet"):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
        assert read_table(copy, stage="pack_audio", revision=3).equals(TABLE)

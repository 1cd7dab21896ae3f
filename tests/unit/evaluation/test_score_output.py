"""Rows as lines, CSV, JSON and Parquet; files whole or absent, text inert."""

import csv
import json
import math

import pyarrow.parquet as pq
import pytest

from signl.errors import ConfigError
from signl.evaluation.score_files import Row
from signl.evaluation.score_output import SCHEMA, line_of, writing
from signl.evaluation.scorer import Score, unscored

ROWS = [
    Row("a.wav", Score(1.25, 0.5, 0.75, "bona fide")),
    Row("a.wav", Score(0.5, -2.0, 0.75, "spoof", None, 1.5, 6.0)),
    Row("=cmd().wav", Score(0.5, None, None, "no verdict: the model has no threshold")),
    Row("b\udcff\n.wav", unscored("neither\treads it")),
]
LINES = [
    "a.wav\tscore 1.2500\tllr +0.500\tthreshold 0.7500\tbona fide",
    "a.wav\t1.50-6.00 s\tscore 0.5000\tllr -2.000\tthreshold 0.7500\tspoof",
    "=cmd().wav\tscore 0.5000\tno verdict: the model has no threshold",
    "b\\xff .wav\tnot scored: neither reads it",
]


def write_all(outputs, rows=ROWS):
    with writing(outputs) as write:
        for row in rows:
            write(row)


def test_lines_have_all_that_is_known():
    found = [line_of(row) for row in ROWS]
    assert found[:3] == LINES[:3]
    assert found[3].startswith("b\\xff")
    assert "\n" not in found[3]
    assert found[3].endswith("\tnot scored: neither reads it")


def test_all_forms_say_the_same(tmp_path, capsys):
    paths = {form: tmp_path / f"scores.{form}" for form in ("csv", "json", "parquet")}
    write_all(paths)
    assert capsys.readouterr().out == ""
    table = pq.read_table(paths["parquet"])
    assert table.schema.equals(SCHEMA)
    rows = table.to_pylist()
    assert [json.loads(line) for line in paths["json"].read_text().splitlines()] == rows
    with paths["csv"].open(newline="") as handle:
        read = list(csv.DictReader(handle))
    assert [each["file"] for each in read] == ["a.wav", "a.wav", "'=cmd().wav", "b\\xff\n.wav"]
    for one, other in zip(read, rows, strict=True):
        for name in ("begin_s", "end_s", "score", "llr", "threshold"):
            assert (float(one[name]) if one[name] else None) == other[name]
    assert rows[1]["begin_s"] == 1.5
    assert rows[3]["score"] is None


def test_without_outputs_lines_are_printed(capsys):
    write_all({"csv": None, "json": None, "parquet": None}, ROWS[:2])
    assert capsys.readouterr().out.splitlines() == LINES[:2]


def test_standard_output_takes_text(capsys):
    write_all({"json": "-"})
    assert len([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == len(ROWS)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [({"parquet": "-"}, "Parquet is no text"), ({"csv": "-", "json": "-"}, "to the same place")],
)
def test_outputs_that_cannot_be_are_refused(outputs, message):
    with pytest.raises(ConfigError, match=message), writing(outputs):
        pass


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_what_is_interrupted_leaves_the_file_that_was_there(tmp_path, form):
    path = tmp_path / "scores"
    path.write_text("before")

    def interrupted():
        yield ROWS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_all({form: path}, interrupted())
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["scores"]


def test_many_rows_are_written_in_groups(tmp_path, monkeypatch):
    monkeypatch.setattr("signl.evaluation.score_output._GROUP", 3)
    write_all({"parquet": tmp_path / "many.parquet"}, ROWS[:2] * 5)
    assert pq.ParquetFile(tmp_path / "many.parquet").num_row_groups == math.ceil(10 / 3)

"""CSV files: text is no formula, numbers are as they were."""

import csv
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signl.spreadsheets import inert, inert_table, write_rows


@pytest.mark.parametrize(
    "text",
    [
        *("=HYPERLINK(1)", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "-", "=", "--1", "-1e"),
        *("\t=1", "\r=1", "\tA09", "\rA09", "\nA09", " =1", "\uff1d1", "\u00a0=1"),
    ],
)
def test_what_a_spreadsheet_would_compute_is_put_behind_an_apostrophe(text):
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    ["", "A09", "mp3", "-0.75", "+3", "-1.5e-05", "-.5", "12.5000", "signl-logmel", "a=b", "'=1"],
)
def test_numbers_and_other_text_are_as_they_were(text):
    assert inert(text) == text


@given(st.text())
def test_what_is_inert_stays_so(text):
    assert inert(inert(text)) == inert(text)


def test_rows_are_read_back_with_names_that_run_nothing(tmp_path):
    path = tmp_path / "table.csv"
    write_rows(path, ("name", "loss"), [{"name": '=1,"x"', "loss": "-0.5"}])
    assert path.read_bytes() == b'name,loss\n"\'=1,""x""",-0.5\n'
    with path.open(newline="") as handle:
        assert list(csv.DictReader(handle)) == [{"name": '\'=1,"x"', "loss": "-0.5"}]


def test_text_of_a_table_is_inert_and_its_numbers_stay():
    table = pa.table({"name": ["=1", None, "a"], "n": [-1, 2, 3]})
    assert inert_table(table).to_pydict() == {"name": ["'=1", None, "a"], "n": [-1, 2, 3]}
    assert inert_table(table).schema == table.schema


def test_the_library_writes_csv_files_of_inert_text(repository):
    """What calls a writer of CSV elsewhere makes text inert before."""
    calls = re.compile(r"csv\.(?:DictWriter|writer|write_csv)\(|\.to_csv\(")
    for path in sorted((repository / "signl").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        safe = path.name == "spreadsheets.py" or "from signl.spreadsheets import inert" in text
        assert safe or "demo" in path.parts or not calls.search(text), path

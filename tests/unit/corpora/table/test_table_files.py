"""Tables of any of the forms say the same; what is none is refused by name."""

import csv
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signl.corpora.table import table_files
from signl.corpora.table.table_files import parse_text, read_table_file
from signl.errors import ArchiveError, ProtocolError, SignlError

HEADER = ["path", "label", "speaker"]
ROWS = [["a, b.wav", "bonafide", "S1"], ["ü.wav", "spoof", ""], ['"c".wav', "spoof", "S 2"]]


def text_of(delimiter, *, end="\n", rows=ROWS):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows([HEADER, *rows])
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "delimiter", "end", "encoding"),
    [
        ("a.csv", ",", "\n", "utf-8"),
        ("a.csv", ";", "\r\n", "utf-8-sig"),
        ("a.txt", "\t", "\n", "utf-8"),
        ("a.TSV", "\t", "\r\n", "utf-8"),
    ],
)
def test_text_of_any_form_says_the_same(tmp_path, name, delimiter, end, encoding):
    (tmp_path / name).write_bytes(text_of(delimiter, end=end).encode(encoding))
    table = read_table_file(tmp_path / name)
    assert table.header == HEADER
    assert table.rows == [(2, ROWS[0]), (3, ROWS[1]), (4, ROWS[2])]


def test_parquet_says_the_same_with_rows_from_1(tmp_path):
    columns = dict(zip(HEADER, zip(*ROWS, strict=True), strict=True))
    table = pa.table(
        {name: [value or None for value in values] for name, values in columns.items()}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    read = read_table_file(tmp_path / "a.parquet")
    assert read == (HEADER, [(1, ROWS[0]), (2, ROWS[1]), (3, ROWS[2])])


def test_numbers_and_truths_of_parquet_are_words(tmp_path):
    table = pa.table({"label": [1, 0], "fake": [True, None], "speaker": [float("nan"), 2.5]})
    pq.write_table(table, tmp_path / "a.parquet")
    rows = read_table_file(tmp_path / "a.parquet").rows
    assert rows == [(1, ["1", "true", ""]), (2, ["0", "", "2.5"])]


@given(
    st.lists(
        st.lists(
            st.text(
                st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=5
            ),
            min_size=3,
            max_size=3,
        ).filter(any),
        max_size=5,
    )
)
def test_cells_are_what_was_written(rows):
    table = parse_text(text_of(",", rows=rows).encode(), "a.csv", delimiter=",")
    assert [cells for _, cells in table.rows] == rows


@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_our_error(content):
    refusal = ""
    try:
        parse_text(content, "a.csv")
    except SignlError as error:
        refusal = str(error)
    assert not refusal or refusal.startswith("a.csv")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", b"", "a.xlsx is no table; allowed are names that end in .csv, .txt, .tsv, .par"),
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"path,label\n\xff\xfe,spoof\n", "a.csv, row 2: byte 0xff is not UTF-8 text"),
        ("a.csv", b'path,label\n"a,spoof\n', "not text with ',' between columns"),
        ("a.parquet", b"PAR1 no", "a.parquet is no Parquet table"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ProtocolError) as refused:
        read_table_file(tmp_path / name)
    assert words in str(refused.value)


def test_a_table_that_is_not_there_or_too_large_is_refused(tmp_path, monkeypatch):
    with pytest.raises(ArchiveError, match=r"a\.csv cannot be read \(No such file"):
        read_table_file(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("path,label\n")
    monkeypatch.setattr(table_files, "MAX_PROTOCOL_BYTES", 10)
    with pytest.raises(ArchiveError, match="has 11 bytes; allowed are 10"):
        read_table_file(tmp_path / "a.csv")


def test_rows_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(table_files, "MAX_ROWS", 3)
    with pytest.raises(ProtocolError, match=r"a\.csv has more than 3 rows"):
        parse_text(text_of(",").encode(), "a.csv")
    pq.write_table(pa.table({"path": list("abcd")}), tmp_path / "a.parquet")
    with pytest.raises(ProtocolError, match="has 4 rows of"):
        read_table_file(tmp_path / "a.parquet")

"""Tables of text in any delimiter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signl.errors import ScoreError
from signl.evaluation.delimited import read_delimited
from signl.evaluation.text_lines import parse_number


def is_number(cell):
    return parse_number(cell) is not None


def read(tmp_path, text, **options):
    path = tmp_path / "table.txt"
    path.write_bytes(text.encode())
    return read_delimited(path, is_number, "a number", **options)


ROWS = [["a_1", "0.5"], ["b 2", "-1e-3"]]


@pytest.mark.parametrize("delimiter", ["\t", "|", ";", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_the_delimiter_is_told_from_the_lines(tmp_path, delimiter, end):
    table = read(tmp_path, "\n".join(map(delimiter.join, ROWS)) + end)
    assert table.rows == ROWS
    assert (table.names, table.has_header, table.n_columns) == ((), False, 2)


def test_blanks_of_any_number_part_columns(tmp_path):
    assert read(tmp_path, "a  0.5\n b\t 0.25 \n").rows == [["a", "0.5"], ["b", "0.25"]]


def test_a_comma_in_names_is_no_delimiter_where_it_leaves_no_number(tmp_path):
    assert read(tmp_path, "a,1 0.5\nb,2 0.25\n").rows[0] == ["a,1", "0.5"]
    table = read(tmp_path, "a,1 0.5\nb,2 0.25\n", delimiter="comma")
    assert table.rows == [["b", "2 0.25"]]  # no number in the first line: a header, for all we know


def test_a_header_is_a_line_without_a_value(tmp_path):
    table = read(tmp_path, '\ufefffile,"cm-score, raw",note\n"x, y",0.5,\n')
    assert table.names == ("file", "cm-score, raw", "note")
    assert table.rows == [["x, y", "0.5", ""]]
    assert [table.locate(name) for name in ("file", "2", 3)] == [0, 1, 2]
    assert table.find(["nothing", "note", "file"]) == 2
    assert table.line(0) == 2


def test_columns_are_found_without_regard_to_capitals_and_dashes(tmp_path):
    table = read(tmp_path, "Utterance-ID\tCM score\na\t0.5\n")
    assert table.find(["utterance_id"]) == 0
    assert table.locate("cm_score") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a\n", "two columns or more, with a number in one, got 'a'"),
        ("a,b\n", "has one line, and a number in none"),
        ("a,0.5\nb\n", r"table.txt:2: 1 columns where line 1 has 2 \(delimiter: comma\): 'b'"),
        ("a,0.5\n\nb,1\n", "table.txt:2: 0 columns"),
        ('a,0.5\n"b,1\nc",1\n', "table.txt:2: "),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(tmp_path, text, message):
    with pytest.raises(ScoreError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize("name", ["score", "0", "3", "-1", ""])
def test_a_column_that_is_not_there_is_refused(tmp_path, name):
    table = read(tmp_path, "file,x\na,0.5\n")
    with pytest.raises(ScoreError, match=r"allowed are 'file', 'x' and the numbers 1 to 2"):
        table.locate(name)


def test_a_name_of_two_columns_is_refused(tmp_path):
    table = read(tmp_path, "x,x\na,0.5\n")
    with pytest.raises(ScoreError, match="has 2 columns 'x': give one by its number"):
        table.locate("x")


@given(content=st.binary(max_size=60) | st.text(alphabet='a1,;|"\t \n.', max_size=60))
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "table.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        table = read_delimited(path, is_number, "a number")
    except ScoreError:
        return
    assert {len(row) for row in table.rows} == {table.n_columns}
    assert table.n_columns >= 2

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signl.corpora.rows import RowChecker, read_rows, read_text
from signl.errors import ProtocolError

words = st.text(
    st.characters(codec="utf-8", exclude_characters=" \r\n\ufeff"), min_size=1, max_size=8
)


@settings(deadline=None)
@given(st.lists(st.lists(words, min_size=3, max_size=3), max_size=20), st.booleans())
def test_rows_come_back_as_they_were_written(rows, has_last_line_end):
    text = "\n".join(" ".join(row) for row in rows)
    text += "\n" if rows and has_last_line_end else ""
    read = list(read_rows(text.encode(), "p.txt", n_columns=3))
    assert read == list(enumerate(rows, start=1))


def test_windows_line_ends_and_a_byte_order_mark_are_taken_out_and_told_of(caplog):
    with caplog.at_level(logging.WARNING):
        rows = list(read_rows(b"\xef\xbb\xbfa b\r\nc d\r\n", "p.txt", n_columns=2))
    assert rows == [(1, ["a", "b"]), (2, ["c", "d"])]
    assert "p.txt begins with a byte order mark" in caplog.text
    assert "p.txt has Windows line ends" in caplog.text


def test_a_row_that_is_not_utf8_is_named():
    with pytest.raises(ProtocolError, match=r"p\.txt, row 3: byte 0xe4 is not UTF-8 text"):
        read_text(b"a\nb\nM\xe4dchen\n", "p.txt")


@pytest.mark.parametrize(
    ("row", "number"), [("a", 1), ("a b c", 3), ("", 0 + 1), ("a  b", 3), ("a b ", 3)]
)
def test_missing_and_extra_columns_are_named(row, number):
    content = f"x y\n{row}\nz w\n".encode()
    with pytest.raises(
        ProtocolError, match=rf"p\.txt, row 2: {number} columns instead of 2: '{row}'; restore"
    ):
        list(read_rows(content, "p.txt", n_columns=2))


def test_a_message_shows_the_begin_of_an_endless_row():
    with pytest.raises(ProtocolError, match=r"row 3: attack 'AAA.*A\.\.\.; restore") as caught:
        RowChecker("p.txt").attack(3, "A" * 10**6, "bonafide")
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "a b", "a\0", "ä", "a" * 201])
def test_identifiers_that_are_no_file_names_are_refused(name):
    with pytest.raises(ProtocolError, match=r"p\.txt, row 7: .*is not an utterance's name"):
        RowChecker("p.txt").identifier(7, name)


def test_an_identifier_stands_once():
    check = RowChecker("p.txt")
    check.identifier(2, "LA_T_1")
    with pytest.raises(ProtocolError, match=r"row 5: 'LA_T_1' stands in row 2 already"):
        check.identifier(5, "LA_T_1")


def test_labels_are_spelt_in_one_way():
    check = RowChecker("p.txt")
    assert [check.label(1, key) for key in ("bonafide", "bona-fide", "spoof")] == [
        "bonafide",
        "bonafide",
        "spoof",
    ]
    with pytest.raises(ProtocolError, match="label 'Spoof' is none of bonafide, spoof"):
        check.label(1, "Spoof")


@pytest.mark.parametrize(("attack", "label"), [("-", "spoof"), ("A01", "bonafide")])
def test_attacks_go_with_labels(attack, label):
    with pytest.raises(ProtocolError, match=f"attack '{attack}' does not go with label"):
        RowChecker("p.txt").attack(1, attack, label)

"""Pieces of pages."""

from signl.evaluation.page import markup


def test_text_is_escaped_and_what_cannot_be_printed_is_spelt_out():
    assert markup.escaped("<b>&\"'\x07\u202e") == "&lt;b&gt;&amp;&quot;&#x27;\\x07\\u202e"


def test_columns_of_numbers_are_flush_right():
    found = markup.table("t", ["name", "rate"], [["a", "1.5"], ["b", ""]], "empty")
    assert '<td>a</td><td class="n">1.5</td>' in found
    assert "2 rows" in found


def test_a_table_without_rows_says_so():
    assert markup.table("t", ["name"], [], "Nothing.") == "<p>Nothing.</p>\n"


def test_a_table_of_very_many_rows_is_left_to_its_file(monkeypatch):
    monkeypatch.setattr(markup, "MAX_ROWS", 1)
    assert "2 rows, too many" in markup.table("t.csv", ["name"], [["a"], ["b"]], "")

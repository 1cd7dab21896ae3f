"""Score tables and text forms: what is written is read, and nothing is matched by halves."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signl.artefacts import MadeBy, table_made_by, write_table
from signl.errors import ArtefactError, ScoreError
from signl.evaluation.scores import (
    SCHEMA,
    bonafide_mask,
    match_scores,
    read_score_text,
    read_scores,
    split_classes,
    write_score_text,
    write_scores,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=12)
scored = st.dictionaries(names, finite, max_size=20)
FORMS = ("asvspoof5", "asvspoof2021")


def table_of(scores):
    return pa.table([pa.array(list(scores)), pa.array(list(scores.values()))], schema=SCHEMA)


def test_table_is_read_as_written(tmp_path):
    path = tmp_path / "scores.parquet"
    write_scores(path, ["b", "a"], np.array([0.1, -2.5], np.float32), options={"seed": 1})
    table = read_scores(path)
    assert table.schema.equals(SCHEMA)
    assert table["utterance_id"].to_pylist() == ["b", "a"]
    assert table["score"].to_pylist() == [float(np.float32(0.1)), -2.5]
    assert table_made_by(path).options == {"seed": 1}


def test_table_of_another_stage_is_refused(tmp_path):
    path = tmp_path / "scores.parquet"
    write_table(path, table_of({"a": 1.0}), MadeBy(stage="locate_trials", revision=1, options={}))
    with pytest.raises(ArtefactError, match="locate_trials"):
        read_scores(path)


@pytest.mark.parametrize(
    ("ids", "values", "message"),
    [
        (["a", "b", "a"], [1.0, 2.0, 3.0], r"more than once: 1 \('a'\)"),
        (["a", "b", "c"], [math.nan, 2.0, math.inf], r"infinite: 2 \('a', 'c'\)"),
    ],
)
def test_wrong_scores_are_not_written(tmp_path, ids, values, message):
    path = tmp_path / "scores.parquet"
    with pytest.raises(ScoreError, match=message):
        write_scores(path, ids, values, options={})
    assert not path.exists()


def test_ids_and_scores_must_pair(tmp_path):
    with pytest.raises(ValueError, match="2 utterance ids"):
        write_scores(tmp_path / "scores.parquet", ["a", "b"], [1.0], options={})


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40, deadline=None)
@given(scores=scored)
def test_text_keeps_every_digit(tmp_path_factory, form, scores):
    path = tmp_path_factory.mktemp("text") / "scores.txt"
    write_score_text(path, table_of(scores), form=form)
    assert read_score_text(path, form=form).equals(table_of(scores))


def test_text_forms_are_the_official_ones(tmp_path):
    path = tmp_path / "scores.txt"
    write_score_text(path, table_of({"E_1": 0.5, "E_2": -1.0}), form="asvspoof5")
    assert path.read_text() == "filename\tcm-score\nE_1\t0.5\nE_2\t-1.0\n"
    write_score_text(path, table_of({"E_1": 0.5, "E_2": -1.0}), form="asvspoof2021")
    assert path.read_text() == "E_1 0.5\nE_2 -1.0\n"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["a b", "a\tb", "a\n", ""])
def test_ids_that_text_cannot_hold_are_refused(tmp_path, form, name):
    with pytest.raises(ScoreError, match="white space"):
        write_score_text(tmp_path / "scores.txt", table_of({name: 1.0}), form=form)


@pytest.mark.parametrize(
    ("form", "text", "message"),
    [
        ("asvspoof5", "E_1\t0.5\n", "expected the header"),
        ("asvspoof5", "", "expected the header"),
        ("asvspoof5", "filename\tcm-score\nE_1 0.5\n", "scores.txt:2: "),
        ("asvspoof2021", "E_1 0.5\nE_2 high\n", "scores.txt:2: "),
        ("asvspoof2021", "E_1 0.5\n\nE_2 1\n", "scores.txt:2: "),
        ("asvspoof2021", "E_1 bonafide 0.5\n", "scores.txt:1: "),
        ("asvspoof2021", " 0.5\n", "scores.txt:1: "),
        ("asvspoof2021", "E_1 0.5\nE_1 0.5\n", "more than once"),
        ("asvspoof2021", "E_1 nan\n", "NaN"),
    ],
)
def test_text_of_another_form_is_refused(tmp_path, form, text, message):
    path = tmp_path / "scores.txt"
    path.write_text(text)
    with pytest.raises(ScoreError, match=message):
        read_score_text(path, form=form)


def test_what_is_no_text_is_refused(tmp_path):
    path = tmp_path / "scores.txt"
    path.write_bytes(b"PAR1\xff\xfe")
    with pytest.raises(ScoreError, match="no text in UTF-8"):
        read_score_text(path, form="asvspoof2021")


def test_scores_are_split_by_class():
    matched = pa.table({"label": ["spoof", "bonafide", "spoof"], "score": [1.0, 2.0, 3.0]})
    bonafide, spoof = split_classes(matched)
    assert (bonafide.tolist(), spoof.tolist()) == ([2.0], [1.0, 3.0])
    assert bonafide_mask(matched["label"]).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("labels", "message"),
    [(["spoof", "fake"], "got {'fake'}"), (["spoof", "spoof"], "got 0 bona fide and 2 spoof")],
)
def test_labels_must_be_of_both_classes_and_no_other(labels, message):
    with pytest.raises(ScoreError, match=message):
        split_classes(pa.table({"label": labels, "score": [1.0, 2.0]}))


@settings(deadline=None)
@given(scored, st.randoms(use_true_random=False))
def test_match_ignores_the_order_of_scores(scores, random):
    shuffled = random.sample(sorted(scores), len(scores))
    trials = pa.table({"utterance_id": pa.array(scores.keys(), pa.string())})
    matched = match_scores(trials, table_of({name: scores[name] for name in shuffled}))
    assert matched["utterance_id"].to_pylist() == list(scores)
    assert matched["score"].to_pylist() == list(scores.values())


def test_match_keeps_the_columns_of_trials():
    trials = pa.table({"label": ["spoof", "bonafide"], "utterance_id": ["a", "b"]})
    matched = match_scores(trials, table_of({"b": 2.0, "a": 1.0}))
    assert matched.to_pydict() == {
        "label": ["spoof", "bonafide"],
        "utterance_id": ["a", "b"],
        "score": [1.0, 2.0],
    }


@pytest.mark.parametrize(
    ("trials", "scores", "message"),
    [
        ("abcde", {"e": 1.0}, r"trials without a score: 4 \('a', 'b', 'c', \.\.\.\)"),
        ("ab", {"a": 1.0, "b": 2.0, "c": 3.0}, r"scores without a trial: 1 \('c'\)"),
        ("aba", {"a": 1.0, "b": 2.0}, r"trials listed more than once: 1 \('a'\)"),
        ("ab", {"a": 1.0, "b": math.nan}, r"NaN or infinite: 1 \('b'\)"),
        ("ab", {"a": 1.0, "b": None}, r"missing, NaN or infinite: 1 \('b'\)"),
    ],
)
def test_match_is_exact(trials, scores, message):
    with pytest.raises(ScoreError, match=message):
        match_scores(pa.table({"utterance_id": list(trials)}), table_of(scores))


def test_match_refuses_a_score_given_twice():
    scores = pa.concat_tables([table_of({"a": 1.0}), table_of({"a": 1.0})])
    with pytest.raises(ScoreError, match="scored more than once"):
        match_scores(pa.table({"utterance_id": ["a"]}), scores)


BOM = "\ufeff"


@pytest.mark.parametrize(
    ("form", "text"),
    [("asvspoof5", "filename\tcm-score\nE_1\t0.5\n"), ("asvspoof2021", "E_1 0.5\r\n")],
)
def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path, form, text):
    path = tmp_path / "scores.txt"
    path.write_bytes((BOM + text).encode())
    assert read_score_text(path, form=form).to_pydict() == {"utterance_id": ["E_1"], "score": [0.5]}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_another_encoding_is_named(tmp_path, encoding):
    path = tmp_path / "scores.txt"
    path.write_bytes("E_1 0.5\n".encode(encoding))
    with pytest.raises(ScoreError, match=f"of {encoding.upper()}: save it as UTF-8"):
        read_score_text(path, form="asvspoof2021")


@pytest.mark.parametrize(
    "text", ["1_0", "\u0661\u0662", "\uff11\uff12", "0x10", "1,5", "1e", "--1"]
)
def test_what_only_some_tools_take_for_a_number_is_refused(tmp_path, text):
    path = tmp_path / "scores.txt"
    path.write_text(f"E_1 {text}\n", encoding="utf-8")
    with pytest.raises(ScoreError, match=r"scores\.txt:1: expected a name, ' ' and a number"):
        read_score_text(path, form="asvspoof2021")


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5.0), ("-.5", -0.5), ("+5.", 5.0), ("1.5E-3", 0.0015), (" 2 ", 2.0)]
)
def test_numbers_of_all_common_forms_are_read(tmp_path, text, value):
    path = tmp_path / "scores.txt"
    path.write_text(f"E_1 {text}\n")
    assert read_score_text(path, form="asvspoof2021")["score"].to_pylist() == [value]


@pytest.mark.parametrize(
    ("scored", "words"),
    [
        ("E_1.flac", "by the ending of audio files ('E_1' and 'E_1.flac')"),
        ("flac/E_1", "by the folder before them ('E_1' and 'flac/E_1')"),
        ("e_1", "by capital letters ('E_1' and 'e_1')"),
        ("wav/e_1.wav", "by folder, ending or capitals ('E_1' and 'wav/e_1.wav')"),
        ("other", "a trial is named 'E_1', a score is named for 'other'"),
    ],
)
def test_a_mismatch_shows_names_of_both_sides(scored, words):
    trials = pa.table({"utterance_id": ["E_1"]})
    with pytest.raises(ScoreError) as refused:
        match_scores(trials, table_of({scored: 1.0}))
    assert "trials without a score: 1 ('E_1'); scores without a trial: 1 (" in str(refused.value)
    assert words in str(refused.value)


def test_a_mismatch_of_one_side_shows_names_of_both():
    trials = pa.table({"utterance_id": ["E_1", "E_2"]})
    with pytest.raises(ScoreError, match="a trial is named 'E_2', a score is named for 'E_1'"):
        match_scores(trials, table_of({"E_1": 1.0}))

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signl.corpora.in_the_wild import parse_meta
from signl.corpora.trials import Trial
from signl.errors import ProtocolError


def parse(text):
    return list(parse_meta(text.encode(), "meta.csv"))


def test_rows_become_trials(published):
    trials = parse(published.WILD_META)
    assert trials[1] == Trial(
        utterance_id="1.wav",
        archive="release_in_the_wild",
        member="release_in_the_wild/1.wav",
        partition="eval",
        protocols=("all",),
        label="bonafide",
        speaker="Lincoln, Abraham",
    )
    assert Counter(trial.label for trial in trials) == {"bonafide": 2, "spoof": 1}


def test_the_published_labels(shared):
    key = shared / "protocols/in_the_wild/in_the_wild_key.txt"
    rows = [line.split(" ") for line in key.read_text().splitlines()]
    table = "".join(f"{row[1]},somebody,{row[-1].replace('bonaf', 'bona-f')}\n" for row in rows)
    labels = Counter(trial.label for trial in parse(f"file,speaker,label\n{table}"))
    assert labels == {"bonafide": 19_963, "spoof": 11_816}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,label\n0.wav,spoof\n", "row 1: 2 columns instead of 3"),
        ("0.wav,Alec,spoof\n", "row 1: .* is not the header"),
        ("file,speaker,label\n0.wav,Alec\n", "row 2: 2 columns instead of 3"),
        ("file,speaker,label\n0.wav,Alec,real\n", "row 2: label 'real'"),
        ("file,speaker,label\n0.wav,A,spoof\n0.wav,A,spoof\n", "row 3: .* stands in row 2"),
        ("file,speaker,label\n../0.wav,A,spoof\n", "row 2: .* not an utterance's name"),
        ('file,speaker,label\n0.wav,"A,spoof\n', "not comma-separated text"),
        ("file,speaker,label\n\n", "row 2: 0 columns"),
    ],
)
def test_wrong_rows_are_named(text, words):
    with pytest.raises(ProtocolError, match=rf"meta\.csv, .*{words}"):
        parse(text)


fields = st.sampled_from(["file", "speaker", "label", "0.wav", "spoof", '"', ",", "\n", "\r", "\0"])


@settings(deadline=None, max_examples=200)
@given(st.lists(fields, max_size=30).map("".join), st.binary(max_size=4))
def test_any_text_gives_trials_or_our_error(published, text, tail):
    for head in ("", "file,speaker,label\n"):
        content = (head + text).encode() + tail
        message = published.refusal(lambda content=content: list(parse_meta(content, "meta.csv")))
        assert message is None or message.startswith("meta.csv, row ")

from collections import Counter
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signl.corpora.asvspoof2019 import parse_la_protocol
from signl.corpora.asvspoof2021 import parse_df_metadata
from signl.corpora.trials import Trial
from signl.errors import ProtocolError


def replaced(text, row, column, value):
    rows = [line.split(" ") for line in text.splitlines()]
    rows[row][column] = value
    return "".join(" ".join(line) + "\n" for line in rows).encode()


def test_la_rows_become_trials(published):
    trials = list(parse_la_protocol(published.LA_TRAIN.encode(), "p", partition="train"))
    assert trials[0] == Trial(
        utterance_id="LA_T_1000001",
        archive="LA",
        member="LA/ASVspoof2019_LA_train/flac/LA_T_1000001.flac",
        partition="train",
        protocols=(),
        label="bonafide",
        speaker="LA_0079",
    )
    assert [trial.attack for trial in trials] == [None, "A01", "A02"]


@pytest.mark.parametrize(
    ("split", "name", "n_bonafide", "n_attack"),
    [("train", "train.trn", 2_580, 3_800), ("dev", "dev.trl", 2_548, 3_716)],
)
def test_the_published_la_protocols(shared, split, name, n_bonafide, n_attack):
    path = shared / f"protocols/asvspoof2019_la/ASVspoof2019.LA.cm.{name}.txt"
    trials = list(parse_la_protocol(path.read_bytes(), path.name, partition=split))
    attacks = Counter(trial.attack for trial in trials)
    assert attacks == {None: n_bonafide, **{f"A{n:02d}": n_attack for n in range(1, 7)}}
    assert len({trial.speaker for trial in trials}) == 20


def test_df_rows_become_trials(published):
    trials = list(parse_df_metadata(published.DF_METADATA.encode(), "p"))
    assert trials[1] == Trial(
        utterance_id="DF_E_2000013",
        archive="ASVspoof2021_DF_eval",
        member="ASVspoof2021_DF_eval/flac/DF_E_2000013.flac",
        partition="eval",
        protocols=("eval", "all"),
        label="spoof",
        attack="Task1-team20",
        speaker="TEF2",
        codec="low_m4a",
        vocoder="neural_vocoder_nonautoregressive",
        source="vcc2020",
        subset="eval",
        gender="FF",
        language="E",
        trim=False,
    )
    assert [trial.protocols for trial in trials] == [
        ("all",),
        ("eval", "all"),
        ("all",),
        ("eval", "all"),
    ]
    assert (trials[2].trim, trials[2].vocoder, trials[2].attack) == (True, None, None)


def test_stage_1_keys_are_refused_by_name():
    with pytest.raises(ProtocolError, match=r"stage-1 keys.*DF-keys-full\.tar\.gz"):
        list(parse_df_metadata(b"- DF_E_2000011 - - - spoof - progress\n", "keys"))


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (2, "flac", "codec 'flac' is none of"),
        (3, "vcc2016", "source 'vcc2016'"),
        (4, "-", "attack '-' does not go with"),
        (5, "fake", "label 'fake'"),
        (5, "bonafide", "does not go with|vocoder"),
        (6, "-", "trim '-'"),
        (7, "test", "subset 'test'"),
        (8, "bonafide", "vocoder 'bonafide'"),
        (1, "DF_E_2000013", "stands in row 2 already"),
        (1, "../x", "not an utterance's name"),
        (0, "a b", "14 columns instead of 13"),
    ],
)
def test_wrong_values_are_named_with_their_row(published, column, value, words):
    text = published.DF_METADATA + published.DF_METADATA.splitlines()[1].replace("13", "99") + "\n"
    row = 4
    with pytest.raises(ProtocolError, match=rf"keys, row {row + 1}: .*({words})"):
        list(parse_df_metadata(replaced(text, row, column, value), "keys"))


def test_la_column_3_is_empty(published):
    with pytest.raises(ProtocolError, match="row 2: column 3 'A01' is none of -"):
        list(parse_la_protocol(replaced(published.LA_TRAIN, 1, 2, "A01"), "p", partition="train"))


fields = st.sampled_from(
    ["-", "spoof", "bonafide", "DF_E_1", "DF_E_2", "eval", "trim", "A07", "low_mp3", "\0", "é", ""]
)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.lists(fields, min_size=11, max_size=14).map(" ".join), max_size=4).map("\n".join)
    | st.text(max_size=300),
    st.binary(max_size=4),
)
def test_parsers_raise_no_error_but_ours(published, text, tail):
    content = text.encode("utf-8", "surrogatepass") + tail
    for parse in (parse_df_metadata, partial(parse_la_protocol, partition="dev")):
        message = published.refusal(lambda parse=parse: list(parse(content, "p.txt")))
        assert message is None or message.startswith("p.txt")

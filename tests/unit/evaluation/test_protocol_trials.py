import pyarrow as pa
import pytest

from signl.errors import ScoreError
from signl.evaluation.excluded_attacks import named_without, protocols_with, split_without
from signl.evaluation.protocol_trials import match_protocol

ATTACKS = {"a": None, "b": "A01", "c": "A02", "d": "A01", "e": "A03"}
TRIALS = pa.table(
    {
        "utterance_id": list(ATTACKS),
        "label": ["spoof" if attack else "bonafide" for attack in ATTACKS.values()],
        "attack": list(ATTACKS.values()),
        "protocols": [["all", "seen"] if name != "e" else ["all"] for name in ATTACKS],
    }
)
SCORES = pa.table({"utterance_id": list(ATTACKS), "score": [1.0, 2.0, 3.0, 4.0, 5.0]})


def members(protocol):
    return match_protocol(TRIALS, SCORES, protocol=protocol)["utterance_id"].to_pylist()


def test_names_tell_of_protocol_and_attacks():
    name = named_without("all", ["A01", "vocoder x"])
    assert name == "all without A01, vocoder x"
    assert split_without(name) == ("all", ["A01", "vocoder x"])
    assert split_without("all") == ("all", [])
    assert protocols_with(("all", "seen"), ()) == ("all", "seen")
    assert protocols_with(("all", "seen"), ["A01"])[2:] == ("all without A01", "seen without A01")


def test_bona_fide_and_the_other_attacks_are_kept():
    assert members("all without A01") == ["a", "c", "e"]
    assert members("all without A01, A03") == ["a", "c"]
    # This set has none of that attack, which the corpus has.
    assert members("seen without A03") == members("seen") == ["a", "b", "c", "d"]


def test_an_attack_that_is_none_of_the_corpus_is_refused():
    with pytest.raises(ScoreError, match=r"\['A1'\], which no trial is of; allowed are \['A01'"):
        members("all without A1")

"""Partitions that are drawn: by speaker, stratified by label, by a seed."""

import logging
import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signl.corpora.table.dividing import assign, divide
from signl.corpora.trials import Trial
from signl.errors import ManifestError

SHARES = {"train": 0.7, "dev": 0.1, "eval": 0.2}


def trials_of(*labels_by_speaker):
    """Trials of speakers, each given by its labels; b, s, or u without a label."""
    words = {"b": "bonafide", "s": "spoof", "u": "unlabelled"}
    return [
        Trial(
            utterance_id=f"{speaker}-{number}",
            archive="table-mine",
            member=f"{speaker}-{number}",
            partition="",
            protocols=("all",),
            label=words[letter],
            speaker=None if speaker == 0 else f"S{speaker}",
        )
        for speaker, letters in enumerate(labels_by_speaker)
        for number, letter in enumerate(letters)
    ]


def partitions(divided):
    return {trial.utterance_id: trial.partition for trial in divided.trials}


def test_without_speakers_shares_are_met_to_an_utterance_by_label(options_of):
    divided = divide(trials_of("b" * 100 + "s" * 301), options_of(), "mine.csv")
    counts = Counter((trial.partition, trial.label) for trial in divided.trials)
    for label, total in (("bonafide", 100), ("spoof", 301)):
        for name, share in SHARES.items():
            assert abs(counts[name, label] - share * total) < 1
    assert divided.notes == {"split": "by utterance", "n_left_out": 0}


def test_speakers_are_kept_together_and_labels_in_proportion(options_of):
    rng = random.Random(0)
    speakers = ["b" * rng.randint(1, 6) + "s" * rng.randint(1, 9) for _ in range(200)]
    divided = divide(trials_of("", *speakers), options_of(), "mine.csv")
    of_speaker = defaultdict(set)
    for trial in divided.trials:
        of_speaker[trial.speaker].add(trial.partition)
    assert all(len(names) == 1 for names in of_speaker.values())
    for label in ("bonafide", "spoof"):
        counts = Counter(trial.partition for trial in divided.trials if trial.label == label)
        for name, share in SHARES.items():
            assert counts[name] / counts.total() == pytest.approx(share, abs=0.02)


def test_speakers_may_be_divided_by_word(options_of):
    trials = trials_of("", "bs" * 50)
    divided = divide(trials, options_of(split_by="utterance"), "mine.csv")
    assert set(partitions(divided).values()) == set(SHARES)


def test_order_of_rows_plays_no_part_and_the_seed_does(options_of):
    trials = trials_of("bs" * 5, *["bbs"] * 40)
    shuffled = random.Random(1).sample(trials, len(trials))
    first = partitions(divide(trials, options_of(), "mine.csv"))
    assert partitions(divide(shuffled, options_of(), "mine.csv")) == first
    assert partitions(divide(trials, options_of(seed=1), "mine.csv")) != first


def test_rows_without_a_label_go_to_train_or_are_left_out(options_of, caplog):
    caplog.set_level(logging.INFO)
    trials = trials_of("uuu", *["bsu"] * 20, "u")
    divided = divide(trials, options_of(), "mine.csv")
    of_unlabelled = [trial for trial in divided.trials if trial.label == "unlabelled"]
    assert {trial.partition for trial in of_unlabelled} == {"train"}
    tested = {trial.speaker for trial in divided.trials if trial.partition != "train"}
    assert not tested & {trial.speaker for trial in of_unlabelled}
    assert divided.notes["n_left_out"] == len(tested) == 6
    assert len(of_unlabelled) == 3 + 14 + 1
    assert "divided by speaker, stratified by label, seed 0: train 46 (70 %), dev 4 (10 %)" in (
        caplog.text
    )
    assert "left out 6 recordings without a label, which had no place in train" in caplog.text
    assert "3 recordings have no speaker, and stand alone" in caplog.text


def test_rows_without_a_label_are_left_out_where_there_is_no_train(options_of):
    divided = divide(trials_of("bsu" * 4), options_of(shares={"eval": 1.0}), "mine.csv")
    assert set(partitions(divided).values()) == {"eval"}
    assert divided.notes["n_left_out"] == 4


def test_too_few_speakers_are_told(options_of):
    trials = trials_of("", "bs" * 10, "bs" * 10)
    with pytest.raises(ManifestError, match=r"of 2 speakers, too few .* split_by: utterance"):
        divide(trials, options_of(), "mine.csv")
    kept = divide(trials, options_of(shares={"train": 0.5, "eval": 0.5}), "mine.csv")
    assert Counter(partitions(kept).values()) == {"train": 20, "eval": 20}
    with pytest.raises(ManifestError, match="names no speaker"):
        divide(trials_of("bs"), options_of(split_by="speaker"), "mine.csv")


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=4),
        st.builds(lambda b, s: Counter(bonafide=b, spoof=s), st.integers(1, 9), st.integers(1, 9)),
        min_size=3,
        max_size=30,
    ),
    st.integers(0, 5),
)
def test_no_partition_is_empty_where_there_are_groups_enough(groups, seed):
    partition_of = assign(groups, SHARES, seed=seed)
    assert partition_of.keys() == groups.keys()
    assert set(partition_of.values()) == set(SHARES)

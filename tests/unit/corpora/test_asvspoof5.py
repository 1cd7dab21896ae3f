from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signl.corpora.asvspoof5 import parse_protocol
from signl.corpora.asvspoof5_signl import HALVED_ATTACKS, draw_half, parse_reference_half
from signl.corpora.trials import Trial
from signl.errors import ProtocolError

HEADER = "id|label|vocoder|language|speaker\n"


def parse(text, partition="dev"):
    return list(parse_protocol(text.encode(), "p", partition=partition))


def test_public_rows_become_trials(published):
    first, second, third = parse(published.A5_EVAL, "eval")
    assert first == Trial(
        utterance_id="E_0002302238",
        archive="flac_E",
        member="flac_E_eval/E_0002302238.flac",
        partition="eval",
        protocols=("eval",),
        label="spoof",
        attack="A18",
        speaker="E_4608",
        codec="C04",
        codec_quality=2,
        gender="F",
    )
    assert (second.label, second.attack, second.codec_quality) == ("bonafide", None, 5)
    assert (third.codec, third.codec_quality) == (None, 0)


def test_challenge_rows_say_the_same_with_fewer_columns(published):
    public = parse(published.A5_DEV)
    assert parse(published.challenge_form(published.A5_DEV)) == public
    assert all(trial.protocols == () for trial in public)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (" F ", " X ", "row 1: gender 'X'"),
        (" C04 ", " C12 ", "row 1: codec 'C12'"),
        (" 2 ", " 9 ", "row 1: quality '9'"),
        (" AC2 ", " AC4 ", "row 1: attack tag 'AC4'"),
        (" A18 ", " bonafide ", "row 1: attack 'bonafide' does not go with"),
        (" spoof -\nE_5190", " fake -\nE_5190", "row 1: label 'fake'"),
        ("E_0007062451", "E_0002302238", "row 2: .* stands in row 1 already"),
        (" AC3 ", " AC3 AC3 ", "row 3: 11 columns instead of 10"),
    ],
)
def test_wrong_values_are_named_with_their_row(published, old, new, words):
    assert old in published.A5_EVAL
    with pytest.raises(ProtocolError, match=f"p, {words}"):
        parse(published.A5_EVAL.replace(old, new, 1), "eval")


def dev_of(n_each):
    attacks = [None, *(f"A{number:02d}" for number in range(9, 17))]
    names = enumerate(attack for attack in attacks for _ in range(n_each))
    return [
        Trial(
            utterance_id=f"D_{index:010d}",
            archive="flac_D",
            member=f"flac_D/D_{index:010d}.flac",
            partition="dev",
            protocols=(),
            label="spoof" if attack else "bonafide",
            attack=attack,
        )
        for index, attack in names
    ]


@given(st.integers(0, 9), st.integers(0, 2**40), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_a_drawn_half_is_a_half_of_each_class(n_each, seed, random):
    dev = dev_of(n_each)
    half = draw_half(dev, seed=seed)
    counts = Counter(trial.attack for trial in dev if trial.utterance_id in half)
    expected = {attack: n_each // 2 for attack in (None, *HALVED_ATTACKS)}
    assert counts == Counter({key: number for key, number in expected.items() if number})
    shuffled = random.sample(dev, len(dev))
    assert draw_half(shuffled, seed=seed) == half


def test_seeds_draw_different_halves():
    assert draw_half(dev_of(20), seed=0) != draw_half(dev_of(20), seed=1)


def test_the_reference_half(shared):
    path = shared / "protocols/asvspoof5/dev_meta_SIGNL.txt"
    content = path.read_bytes()
    rows = [line.split("|") for line in content.decode().splitlines()[1:]]
    dev = [
        Trial(
            utterance_id=row[0].rsplit("/", 1)[1].removesuffix(".flac"),
            archive="flac_D",
            member="",
            partition="dev",
            protocols=(),
            label="spoof" if row[1] == "fake" else "bonafide",
            attack=row[2] if row[1] == "fake" else None,
        )
        for row in rows
    ]
    half = parse_reference_half(content, "dev_meta_SIGNL.txt", dev)
    assert half == {trial.utterance_id for trial in dev}
    attacks = Counter(trial.attack for trial in dev)
    assert attacks == {None: 15_667, **dict.fromkeys(HALVED_ATTACKS, 6_851)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id|label\n", "row 1: 2 columns instead of 5"),
        (HEADER.replace("id", "name"), "row 1: .* is not the header"),
        (HEADER + "/ASVspoof5/dev/flac/D_0000000002.flac|real|-|-|-\n", "row 2: label 'real'"),
        (HEADER + "/ASVspoof5/dev/flac/D_0000000002.flac|fake|A09|-|-\n", "row 2: .* not listed"),
        (HEADER + "/ASVspoof5/dev/flac/D_9.flac|fake|A09|-|-\n", "row 2: .* not listed"),
        (HEADER + "/elsewhere/D_0000000002.flac|fake|A09|-|-\n", "row 2: .* utterance's name"),
    ],
)
def test_a_list_that_does_not_go_with_the_protocol_is_refused(text, words):
    with pytest.raises(ProtocolError, match=f"l, {words}"):
        parse_reference_half(text.encode(), "l", dev_of(3))


fields = st.sampled_from(["-", "spoof", "bonafide", "D_1", "D_2", "F", "A09", "AC1", "C01", "é"])


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.lists(fields, min_size=5, max_size=11).map(" ".join), max_size=4).map("\n".join)
    | st.text(max_size=300),
    st.binary(max_size=4),
)
def test_parsers_raise_no_error_but_ours(published, text, tail):
    content = text.encode("utf-8", "surrogatepass") + tail
    for read in (
        lambda: list(parse_protocol(content, "p", partition="train")),
        lambda: parse_reference_half(content, "p", dev_of(1)),
    ):
        message = published.refusal(read)
        assert message is None or message.startswith("p, row ")

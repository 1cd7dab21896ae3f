import itertools

import numpy as np
import pytest

from signl.errors import AudioError
from signl.resynthesis.copies import copies_of
from signl.resynthesis.copies_options import ResynthesisOptions
from signl.resynthesis.methods import CLASSICAL
from signl.typed import build

#: Those that take least time.
QUICK = [{"kind": "phase"}, {"kind": "noise_vocoder"}, {"kind": "wsola"}, {"kind": "lpc"}]


def built(**values):
    return build(ResynthesisOptions, values, "resynthesis").build()


def by_method(copies):
    return {(each.role, each.method): each.samples for each in copies}


def test_an_utterance_has_its_copies(vowel):
    copies = copies_of(vowel(120, 0.4), name="a", built=built(channel_copies=2))
    assert [(each.role, each.number) for each in copies] == [
        ("channel", 0),
        ("channel", 1),
        ("pseudo_spoof", 0),
        ("pseudo_spoof", 1),
        ("pseudo_spoof", 2),
    ]
    assert {each.method for each in copies[:2]} == {"channel"}
    methods = [each.method for each in copies[2:]]
    assert len(set(methods)) == 3
    assert set(methods) <= set(CLASSICAL)
    assert not np.array_equal(copies[0].samples, copies[1].samples)
    for each in copies:
        assert each.samples.dtype == np.float64
        assert np.abs(each.samples).max() <= 1
        assert np.linalg.norm(each.samples) > 0.2 * np.linalg.norm(vowel(120, 0.4))


def test_copies_follow_the_seed_and_the_name_alone(vowel):
    samples = vowel(120, 0.2)
    one = built(methods=QUICK)
    names = ["a", "b", "c"]
    first = {name: copies_of(samples, name=name, built=one) for name in names}
    for name in reversed(names):
        again = copies_of(samples, name=name, built=built(methods=QUICK))
        for before, after in zip(first[name], again, strict=True):
            assert before[:3] == after[:3]
            np.testing.assert_array_equal(before.samples, after.samples)
    other = copies_of(samples, name="a", built=built(methods=QUICK, seed=1))
    found = [first["a"], first["b"], other]
    assert len({copies[0].samples.tobytes() for copies in found}) == 3


def test_a_method_that_is_left_out_changes_no_other_copy(vowel):
    samples = vowel(120, 0.1)
    everything, less = built(methods=QUICK), built(methods=QUICK, without=["lpc"])
    n_replaced = 0
    for name in map(str, range(12)):
        before, after = (
            by_method(copies_of(samples, name=name, built=each)) for each in (everything, less)
        )
        assert ("pseudo_spoof", "lpc") not in after
        gone = before.keys() - after.keys()
        assert gone <= {("pseudo_spoof", "lpc")}
        assert len(before) == len(after) == 4
        n_replaced += len(gone)
        for key in before.keys() & after.keys():
            np.testing.assert_array_equal(before[key], after[key])
    assert 0 < n_replaced < 12


def test_more_pseudo_spoofs_are_those_of_fewer_and_some(vowel):
    samples = vowel(120, 0.1)
    few, many = (
        copies_of(samples, name="a", built=built(methods=QUICK, pseudo_spoofs=n)) for n in (2, 4)
    )
    for before, after in zip(few, many, strict=False):
        assert before[:3] == after[:3]
        np.testing.assert_array_equal(before.samples, after.samples)


def test_each_set_of_methods_is_as_likely():
    drawn = built()
    names = [f"utterance_{number}" for number in range(3500)]
    sets = [frozenset(drawn.draw_methods(name)) for name in names]
    expected = len(names) / 35
    for methods in itertools.combinations(CLASSICAL, 3):
        assert abs(sets.count(frozenset(methods)) - expected) < 5 * np.sqrt(expected)
    firsts = [drawn.draw_methods(name)[0] for name in names]
    for method in CLASSICAL:
        assert abs(firsts.count(method) - 500) < 5 * np.sqrt(500)


def test_a_share_of_pseudo_spoofs_goes_through_the_channel(vowel):
    samples = vowel(120, 0.05)
    plain = {"methods": [{"kind": "phase", "changes": ["jitter"], "jitter": 0}], "pseudo_spoofs": 1}
    part = built(**plain, channel=[{"kind": "gain", "gain_db": -20}], channel_copies=0)
    levels = [
        np.abs(copies_of(samples, name=str(number), built=part)[0].samples).max()
        for number in range(120)
    ]
    n_sent = sum(level == pytest.approx(0.05, rel=1e-3) for level in levels)
    assert n_sent + sum(level == pytest.approx(0.5, rel=1e-3) for level in levels) == 120
    assert abs(n_sent - 60) < 5 * np.sqrt(120 / 4)


def test_a_pseudo_spoof_has_the_level_of_its_utterance(vowel):
    samples = 0.2 * vowel(120, 0.2)
    one = built(methods=QUICK, pseudo_spoofs=4, channel_copies=0, channel_probability=0.0)
    for each in copies_of(samples, name="a", built=one):
        assert np.mean(each.samples**2) == pytest.approx(np.mean(samples**2), rel=1e-6)


def test_silence_and_a_sample_are_no_trouble():
    every = built(pseudo_spoofs=7)
    for samples in (np.zeros(1), np.ones(1), np.zeros(8000)):
        for each in copies_of(samples, name="a", built=every):
            assert np.isfinite(each.samples).all()
            assert np.abs(each.samples).max() <= 1


@pytest.mark.parametrize("samples", [np.zeros(0), np.array([0.1, np.nan])])
def test_what_is_no_waveform_is_named(samples):
    with pytest.raises(AudioError, match="T_1: the utterance has no sample, or one that is no"):
        copies_of(samples, name="T_1", built=built())

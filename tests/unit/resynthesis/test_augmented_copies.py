import json

import numpy as np
import pytest
import torch

from signl.augmentation.chain import Chain
from signl.augmentation.filtering import limit_peak
from signl.errors import ConfigError
from signl.resynthesis.copies import copies_of
from signl.resynthesis.copies_options import AugmentedCopiesOptions
from signl.seeds import derive_seed
from signl.typed import build

CHAIN = [{"kind": "rawboost", "algorithm": 3}, {"kind": "noise", "snr_db": [0.0, 30.0]}]


def options(**values):
    return build(AugmentedCopiesOptions, {"chain": CHAIN, "copies": 2, **values}, "copies")


def made(samples, name="a", **values):
    copies = copies_of(samples, name=name, built=options(**values).build())
    assert all(each[:2] == ("augmented", "augmented") for each in copies)
    assert [each.number for each in copies] == list(range(len(copies)))
    return [each.samples for each in copies]


def test_copies_are_those_of_the_chain_with_draws_of_their_own(vowel):
    samples = vowel(120, 0.3)
    chain = Chain(options().chain)
    waveform = torch.from_numpy(samples.astype(np.float32))
    for number, copy in enumerate(made(samples)):
        expected = chain(waveform, derive_seed(0, "augmented", "a", number))
        np.testing.assert_array_equal(copy, limit_peak(expected.double().numpy()))
        assert np.abs(copy).max() <= 1


def test_copies_follow_the_seed_the_name_and_the_number_alone(vowel):
    samples = vowel(120, 0.2)
    one = options().build()
    first = {name: copies_of(samples, name=name, built=one) for name in "abc"}
    for name in "cba":
        for before, again in zip(first[name], made(samples, name), strict=True):
            np.testing.assert_array_equal(before.samples, again)
    others = [*made(samples), *made(samples, "b"), *made(samples, seed=1)]
    assert len({each.tobytes() for each in others}) == len(others)


def test_more_copies_change_none(vowel):
    samples = vowel(120, 0.2)
    for one, other in zip(made(samples), made(samples, copies=5), strict=False):
        np.testing.assert_array_equal(one, other)
    assert len(made(samples, copies=5)) == 5


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"copies": 0}, "copies is 0; allowed is at least 1"),
        ({"copies": -1}, "copies is -1; allowed is at least 1"),
        ({"copies": 101}, "copies is 101; allowed is at most 100"),
        ({"copies": 1.5}, "copies is 1.5; allowed is a whole number"),
        ({"chain": []}, "allowed is at least 1"),
        ({"chain": [{"kind": "echo"}]}, "echo"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        options(**values)


def test_what_is_written_is_read():
    for dumped in (options(seed=3).dump(), options(seed=3).dump_given()):
        assert options(**json.loads(json.dumps(dumped))) == options(seed=3)


def test_of_a_faster_copy_more_is_read():
    assert options().stretch == 1.0
    assert options(chain=[{"kind": "speed", "factors": [0.9, 1.2]}]).stretch == 1.2

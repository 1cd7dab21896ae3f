import numpy as np
import pytest
import soundfile

from signl.augmentation.augmentations import AUGMENTATIONS


def gain(level, probability):
    return {"kind": "gain", "gain_db": 20 * np.log10(level), "probability": probability}


def test_one_choice_or_none_at_the_probability_of_each(make, rng):
    choose = make("one_of", choices=[gain(0.25, 0.2), gain(0.5, 0.3)])
    levels = np.array([choose(np.ones(1), rng)[0] for _ in range(2000)]).round(6)
    for level, share in ((0.25, 0.2), (0.5, 0.3), (1.0, 0.5)):
        n_found = np.sum(levels == level)
        assert abs(n_found - 2000 * share) < 5 * np.sqrt(2000 * share * (1 - share))


def test_probabilities_that_add_up_to_more_than_1_are_refused():
    with pytest.raises(ValueError, match=r"those of the choices add up to 1\.1"):
        AUGMENTATIONS.build({"kind": "one_of", "choices": [gain(1, 0.6), gain(1, 0.5)]})


def test_a_choice_within_a_choice_is_refused():
    inner = {"kind": "one_of", "choices": [gain(1, 1.0)]}
    with pytest.raises(ValueError, match="its kind is 'one_of'; known are"):
        AUGMENTATIONS.build({"kind": "one_of", "choices": [inner]})


def test_what_the_choices_read_is_sealed_and_how_much_they_need(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.full(80, 0.1), 16_000)
    choices = [
        {"kind": "noise", "folder": str(tmp_path), "probability": 0.5},
        {"kind": "speed", "factors": [1.5], "probability": 0.5},
    ]
    options = AUGMENTATIONS.build({"kind": "one_of", "choices": choices})
    options.check_files()
    before = options.seal()
    assert options.stretch == 1.5
    soundfile.write(tmp_path / "b.wav", np.full(80, 0.1), 16_000)
    assert options.seal() != before != ""
    assert AUGMENTATIONS.build({"kind": "one_of", "choices": [gain(1, 1.0)]}).seal() == ""

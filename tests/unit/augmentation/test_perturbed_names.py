import pytest

from signl.augmentation.perturbed_names import perturbed, split_perturbed


@pytest.mark.parametrize("pair", [("cfad", ""), ("cfad", "noise-10dB"), ("a.b_c", "mp3.16")])
def test_both_names_are_told_from_what_stands_in_a_path(pair):
    assert split_perturbed(perturbed(*pair)) == pair


def test_what_is_not_perturbed_has_its_own_name():
    assert perturbed("cfad", "") == "cfad"

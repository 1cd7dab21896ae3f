import numpy as np
import pytest

from signl.demo.channels import Domain
from signl.demo.options import Counts
from signl.demo.studio import Studio, divide


@pytest.fixture
def studio():
    domain = Domain(tilt_db=(-3.0, 3.0), noise_db=(40.0, 60.0))
    return Studio(seed=0, corpus="test", domain=domain)


def test_a_split_takes_speakers_and_attacks_in_turn(studio):
    trials = studio.split(
        "train",
        Counts(bonafide=3, spoof=4),
        speakers=["Ada", "Ida"],
        attacks={"A01": "splice", "A02": "zero_phase"},
    )
    assert [trial.speaker.name for trial in trials] == ["Ada", "Ida", "Ada", *["Ada", "Ida"] * 2]
    assert [trial.attack for trial in trials] == ["-"] * 3 + ["A01", "A02"] * 2
    assert [trial.label for trial in trials] == ["bonafide"] * 3 + ["spoof"] * 4


def test_growing_a_split_leaves_its_trials_as_they_were(studio):
    arguments = {"speakers": ["Ada"], "attacks": {"A01": "splice"}}
    small = studio.split("dev", Counts(bonafide=1, spoof=1), **arguments)
    large = studio.split("dev", Counts(bonafide=1, spoof=2), **arguments)
    for first, second in zip(small, large, strict=False):
        np.testing.assert_array_equal(first.waveform, second.waveform)


def test_classes_do_not_differ_in_duration_and_level(studio):
    trials = studio.split(
        "train", Counts(bonafide=40, spoof=40), speakers=["Ada", "Ida"], attacks={"A01": "splice"}
    )
    for measure in (lambda w: len(w) / 16_000, lambda w: 20 * np.log10(np.std(w))):
        values = np.array([measure(trial.waveform) for trial in trials])
        bonafide, spoof = values[:40], values[40:]
        error = np.sqrt(bonafide.var() / 40 + spoof.var() / 40)
        assert abs(bonafide.mean() - spoof.mean()) < 3 * error


def test_identifiers_differ_and_rise(studio):
    names = studio.identifiers("X_%04d", 50, 0, 60)
    assert names == sorted(set(names))
    assert len(names) == 50


@pytest.mark.parametrize("n_parts", [1, 3, 10])
def test_divided_members_come_together_again(n_parts):
    members = {str(index): bytes([index]) for index in range(7)}
    parts = divide(members, n_parts)
    assert len(parts) == n_parts
    assert [item for part in parts for item in part.items()] == list(members.items())

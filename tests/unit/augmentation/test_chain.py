import pickle

import numpy as np
import pytest
import soundfile
import torch

from signl.augmentation.augmentation_options import sealed
from signl.augmentation.augmentations import AUGMENTATIONS
from signl.augmentation.chain import Chain, Change, perturbation_of
from signl.errors import ConfigError


def chain(*entries):
    return Chain([AUGMENTATIONS.build(entry) for entry in entries])


NOISE, SPEED = {"kind": "noise"}, {"kind": "speed", "factors": [0.5]}


@pytest.fixture
def waveform(speech):
    return torch.from_numpy(speech.astype(np.float32))


def test_augmentations_follow_one_another(waveform):
    played = chain(SPEED)(waveform, 3)
    assert played.dtype == torch.float32
    assert len(played) == 32_000
    assert len(chain(SPEED, SPEED)(waveform, 3)) == 64_000
    noisy = chain(SPEED, {"kind": "noise", "snr_db": 20})(waveform, 3)
    ratio = played.square().sum() / (noisy - played).square().sum()
    assert abs(10 * ratio.log10() - 20) < 0.01


def test_draws_follow_the_seed_and_the_place_alone(waveform):
    noise = chain(NOISE)
    assert torch.equal(noise(waveform, 3), chain(NOISE)(waveform, 3))
    assert not torch.equal(noise(waveform, 3), noise(waveform, 4))
    # The same entry twice draws twice, and what a first one draws moves no second one.
    never = {"kind": "rawboost", "probability": 0.0}
    always = {"kind": "speed", "factors": [1.0, 1.0]}
    assert torch.equal(chain(never, NOISE)(waveform, 3), chain(always, NOISE)(waveform, 3))
    first = chain({"kind": "noise", "snr_db": 0})(waveform, 3) - waveform
    both = chain(*[{"kind": "noise", "snr_db": 0}] * 2)(waveform, 3) - waveform
    second = both - first
    assert abs(torch.corrcoef(torch.stack([first, second]))[0, 1]) < 0.05


def test_a_share_of_waveforms_is_changed(waveform):
    part = chain({"kind": "noise", "probability": 0.25})
    n_changed = sum(
        not torch.equal(part(waveform[:50], seed), waveform[:50]) for seed in range(800)
    )
    assert abs(n_changed - 200) < 5 * np.sqrt(800 * 3 / 16)


def test_the_waveform_that_is_given_is_left_alone(waveform):
    before = waveform.clone()
    Change(chain({"kind": "rawboost", "algorithm": 4}), 3)(waveform)
    assert torch.equal(waveform, before)


def test_a_worker_gets_the_same_chain(waveform, write_sound):
    folder = write_sound("a.wav", np.random.default_rng(0).standard_normal(500) / 9)
    entries = [{"kind": "noise", "folder": folder}, {"kind": "codec"}, {"kind": "rawboost"}]
    there = pickle.loads(pickle.dumps(chain(*entries)))
    assert torch.equal(there(waveform, 5), chain(*entries)(waveform, 5))


def test_a_folder_without_sounds_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="has no sound"):
        chain({"kind": "noise", "folder": str(tmp_path)})


def test_a_perturbation_follows_the_utterance_alone(waveform):
    ten, twenty = (
        perturbation_of({"kind": "noise", "snr_db": [snr_db, snr_db]}) for snr_db in (10.0, 20.0)
    )
    noise = ten(waveform, "a.flac") - waveform
    assert torch.equal(noise, ten(waveform, "a.flac") - waveform)
    # The same noise at another level, and other noise for another utterance.
    quieter = twenty(waveform, "a.flac") - waveform
    torch.testing.assert_close(quieter, noise * 10**-0.5, rtol=1e-3, atol=1e-6)
    assert not torch.equal(noise, ten(waveform, "b.flac") - waveform)
    assert perturbation_of(None) is None


def test_other_sounds_than_planned_are_refused(tmp_path, waveform):
    soundfile.write(tmp_path / "noise.wav", np.full(800, 0.1), 16_000)
    options = AUGMENTATIONS.build({"kind": "noise", "folder": str(tmp_path), "snr_db": 10})
    planned = sealed(options)
    assert planned.keys() - options.dump().keys() == {"sounds"}
    assert len(perturbation_of(planned)(waveform, "a.flac")) == len(waveform)
    soundfile.write(tmp_path / "more.wav", np.full(900, 0.2), 16_000)
    assert sealed(options)["sounds"] != planned["sounds"]
    with pytest.raises(
        ConfigError, match=r"sounds in .* are others than when this run was planned"
    ):
        perturbation_of(planned)

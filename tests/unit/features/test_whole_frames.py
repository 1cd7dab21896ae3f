"""What is left of a waveform has the frames that all of it had, and none of it in vain."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from signl.features.frontend import n_frames_of
from signl.features.whole_frames import whole_frames


@given(st.integers(1, 3000), st.integers(1, 500), st.integers(1, 400))
def test_frames_stay_and_a_sample_less_would_cost_one(n_samples, window, hop):
    waveform = torch.arange(n_samples)
    left = whole_frames(waveform, window, hop)
    counted = [
        n_frames_of(n, window_samples=window, hop_samples=hop)
        for n in (n_samples, len(left), len(left) - 1)
    ]
    assert counted[1] == max(1, counted[0])
    assert counted[2] == counted[1] - 1
    assert torch.equal(left, waveform[torch.arange(len(left)) % n_samples])


@pytest.mark.parametrize("n_samples", [3, 100])
def test_of_several_waveforms_each_is_cut_alike(n_samples):
    waveforms = torch.randn(2, n_samples)
    expected = torch.stack([whole_frames(each, 10, 7) for each in waveforms])
    assert torch.equal(whole_frames(waveforms, 10, 7), expected)

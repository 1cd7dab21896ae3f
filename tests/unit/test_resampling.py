"""Long recordings in blocks are what one piece of them is."""

import numpy as np
import pytest
import torch
import torchaudio.functional

from signl import resampling
from signl.resampling import mono_at


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("n_more", [0, 1, 777])
def test_blocks_are_seamless(monkeypatch, rate_hz, n_more):
    monkeypatch.setattr(resampling, "LONG_S", 1.0)
    monkeypatch.setattr(resampling, "BLOCK_S", 0.2)
    rng = np.random.default_rng(rate_hz)
    samples = rng.uniform(-1, 1, (2 * rate_hz + n_more, 2)).astype(np.float32)
    whole = torchaudio.functional.resample(torch.from_numpy(samples.mean(axis=1)), rate_hz, 16_000)
    blocks = mono_at(samples, rate_hz, 16_000)
    assert blocks.shape == whole.shape
    torch.testing.assert_close(blocks, whole, rtol=0, atol=2e-6)


def test_short_ones_are_computed_in_one_piece():
    samples = np.random.default_rng(0).uniform(-1, 1, (30_000, 1)).astype(np.float32)
    whole = torchaudio.functional.resample(torch.from_numpy(samples[:, 0]), 44_100, 16_000)
    assert torch.equal(mono_at(samples, 44_100, 16_000), whole)


def test_at_its_own_rate_a_recording_is_only_mixed():
    samples = np.array([[0.5, -0.5], [1.0, 0.0]], np.float32)
    assert mono_at(samples, 16_000, 16_000).tolist() == [0.0, 0.5]

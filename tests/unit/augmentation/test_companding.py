import numpy as np
import pytest
import torch
import torchaudio.functional


@pytest.mark.parametrize("bits", [4, 8])
def test_it_is_that_of_torchaudio(make, speech, rng, bits):
    speech = speech / np.abs(speech).max()
    codes = torchaudio.functional.mu_law_encoding(torch.from_numpy(speech), 2**bits)
    expected = torchaudio.functional.mu_law_decoding(codes, 2**bits).numpy()
    found = make("mu_law", bits=bits)(speech, rng)
    assert len(np.unique(found)) <= 2**bits
    # A value half way between two steps may go to either.
    assert np.mean(np.isclose(found, expected, atol=1e-6)) > 0.999


def test_a_peak_over_full_scale_is_brought_down(make, rng):
    assert np.abs(make("mu_law")(np.array([0.5, -4.0]), rng)).max() == pytest.approx(1.0)

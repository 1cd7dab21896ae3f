import pytest
import torch

from signl.features.window_padding import pad_windows


@pytest.mark.parametrize(("window", "n_samples"), [(400, 4000), (512, 4000), (401, 4001)])
def test_each_whole_window_gives_a_frame(window, n_samples):
    hop = 160
    padded = pad_windows(torch.ones(2, n_samples), window_samples=window, fft_samples=512)
    frames = (padded.shape[1] - 512) // hop + 1
    assert frames == (n_samples - window) // hop + 1
    assert padded.sum() == 2 * n_samples

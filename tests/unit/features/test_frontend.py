import pytest

from signl.features.frontend import FrontendOptions, Geometry, n_frames_of


def test_frames_are_whole_windows():
    assert n_frames_of(399, window_samples=400, hop_samples=320) == 0
    assert n_frames_of(400, window_samples=400, hop_samples=320) == 1
    assert n_frames_of(144_000, window_samples=400, hop_samples=320) == 449


@pytest.mark.parametrize("n_frames", [1, 7, 449])
def test_so_many_frames_take_so_many_seconds(n_frames):
    geometry = Geometry(width=80, window_samples=400, hop_samples=320)
    least_s = geometry.least_s(n_frames)
    assert geometry.n_frames(least_s) == n_frames
    assert geometry.n_frames(least_s - 1e-3) == n_frames - 1


def test_options_of_all_front_ends_have_answers():
    options = FrontendOptions(kind="any")
    assert not options.wants_gpu
    assert not options.is_trainable
    assert options.normalises()
    assert options.model_files() == []
    assert options.for_training() == options

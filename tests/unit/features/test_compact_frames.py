"""Frames in 8 bits: how far they are from what they were."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from signl.features.compact_frames import compacted, restored
from signl.features.logmel.options import LogMelOptions

FLOATS = st.floats(-60_000, 60_000, width=16)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=12))
def test_no_value_is_off_by_more_than_half_a_step(rows):
    frames = torch.tensor(rows, dtype=torch.float16)
    codes, scales = compacted(frames)
    assert (codes.dtype, scales.shape) == (torch.uint8, (2, 2))
    values = frames.double()
    step = (values.amax(0) - values.amin(0)) / 255
    error = (restored(codes, scales).double() - values).abs()
    # Half a step, and what float32 rounds.
    assert (error <= 0.5001 * step + 1e-6 * values.abs().amax(0)).all()


def test_the_ends_of_a_channel_and_one_that_is_constant_stay_as_they_are():
    frames = torch.tensor([[-3.0, 7.25], [0.3, 7.25], [9.0, 7.25]]).half()
    found = restored(*compacted(frames))
    torch.testing.assert_close(found[[0, 2]], frames[[0, 2]].float(), rtol=0, atol=1e-5)
    assert found[:, 1].tolist() == [7.25] * 3


def test_of_normal_values_the_error_is_a_hundredth_of_their_deviation():
    frames = torch.randn(400, 64, generator=torch.Generator().manual_seed(0)).half()
    error = restored(*compacted(frames)) - frames.float()
    # A step is the range, some six deviations, over 255; its errors are uniform.
    assert error.std() == pytest.approx(6 / 255 / 12**0.5, rel=0.1)


def test_statistics_are_not_stored_in_8_bits():
    with pytest.raises(ValidationError, match="storage is int8 of statistics, one frame"):
        LogMelOptions(storage="int8", pooled="mean")

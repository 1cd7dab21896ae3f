import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from signl.models.network import to_picture
from signl.models.signl.stem import Stem


def test_the_picture_has_channels_as_rows():
    frames = torch.randn(2, 7, 5)
    picture = to_picture(frames)
    assert picture.shape == (2, 1, 5, 7)
    assert picture[1, 0, 3, 6] == frames[1, 6, 3]


@pytest.mark.parametrize("nodes", [4, 8, 16, 32])
def test_the_published_sizes_give_a_square_grid(nodes):
    stem = Stem(1024, 224, nodes=nodes, channels=8)
    assert stem(torch.randn(2, 1, 1024, 224)).shape == (2, 8, nodes, nodes)


@settings(max_examples=25)
@given(width=st.integers(1, 90), n_frames=st.integers(1, 90), nodes=st.integers(2, 12))
def test_any_size_gives_a_square_grid(width, n_frames, nodes):
    stem = Stem(width, n_frames, nodes=nodes, channels=8)
    assert stem(torch.randn(2, 1, width, n_frames)).shape == (2, 8, nodes, nodes)


def test_padding_is_zeros_at_the_end():
    torch.manual_seed(0)
    stem = Stem(13, 29, nodes=8, channels=8).eval()
    whole = Stem(16, 32, nodes=8, channels=8).eval()
    whole.load_state_dict(stem.state_dict())
    picture = torch.randn(2, 1, 13, 29)
    padded = torch.zeros(2, 1, 16, 32)
    padded[:, :, :13, :29] = picture
    torch.testing.assert_close(stem(picture), whole(padded))


def test_the_stem_equals_its_layers_written_out():
    torch.manual_seed(0)
    stem = Stem(1024, 224, nodes=32, channels=32).eval()
    for norm in stem.norms:
        nn.init.normal_(norm.running_mean)
        nn.init.uniform_(norm.weight)
    strides = [(1, 1), (2, 1), (1, 1), (4, 1), (4, 7)]
    picture = torch.randn(1, 1, 1024, 224)
    expected = picture
    for i, stride in enumerate(strides):
        convolution = stem.convolutions[i]
        expected = F.conv2d(expected, convolution.weight, convolution.bias, stride, padding=1)
        expected = stem.norms[i](expected)
        expected = expected.relu() if i < 4 else expected
    assert [c.out_channels for c in stem.convolutions] == [4, 8, 16, 32, 32]
    torch.testing.assert_close(stem(picture), expected)


@pytest.mark.parametrize("channels", [0, 4, 12, -8])
def test_channels_that_are_no_multiple_of_8_are_refused(channels):
    with pytest.raises(ValueError, match=f"multiple of 8, got {channels}"):
        Stem(64, 64, nodes=8, channels=channels)


@pytest.mark.parametrize("shape", [(2, 1, 224, 64), (2, 64, 224), (2, 2, 64, 224)])
def test_a_picture_of_another_shape_is_refused(shape):
    stem = Stem(64, 224, nodes=8, channels=8)
    with pytest.raises(ValueError, match=r"\(batch, 1, 64, 224\), got"):
        stem(torch.zeros(shape))

import pytest
import torch

from signl.models.lcnn.light_cnn import BidirectionalLstm, MaxFeatureMap
from signl.models.lcnn.options import LcnnOptions


def lcnn(width, n_frames, **options):
    torch.manual_seed(4)
    return LcnnOptions(**options).build(width, n_frames).eval()


def test_the_larger_of_two_channels_stays():
    maps = torch.tensor([[1.0, -2.0, 0.5, 3.0]])[..., None]
    assert MaxFeatureMap()(maps)[..., 0].tolist() == [[1.0, 3.0]]


def test_a_layer_of_lstms_reads_both_ways():
    torch.manual_seed(0)
    layer = BidirectionalLstm(6)
    sequence = torch.randn(1, 5, 6)
    changed = sequence.clone()
    changed[:, 2] += 1
    differs = (layer(changed) != layer(sequence))[0]
    forward, backward = differs[:, :3].any(dim=-1), differs[:, 3:].any(dim=-1)
    assert forward.tolist() == [False, False, True, True, True]
    assert backward.tolist() == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("width", "projection", "expected"), [(60, None, 96), (384, None, 768), (1024, 80, 160)]
)
def test_the_embedding_has_the_published_width(width, projection, expected):
    options = LcnnOptions(projection=projection)
    with torch.device("meta"):
        assert options.build(width, 100).embedding_width == expected


@torch.no_grad()
def test_frames_that_are_repeated_are_those_of_a_crop_that_is_longer():
    crops = torch.randn(2, 1, 16, 10)
    twice, long = lcnn(16, 10, repeat_time=2), lcnn(16, 20)
    long.load_state_dict(twice.state_dict())
    torch.testing.assert_close(twice.embed(crops), long.embed(torch.cat([crops, crops], dim=-1)))


@torch.no_grad()
def test_a_projection_is_a_linear_layer_on_each_frame():
    crops = torch.randn(2, 1, 40, 16)
    projected, plain = lcnn(40, 16, projection=24), lcnn(24, 16)
    plain.load_state_dict(
        {name: each for name, each in projected.state_dict().items() if "projection" not in name}
    )
    frames = projected.projection(crops[:, 0].mT)
    torch.testing.assert_close(projected.embed(crops), plain.embed(frames.mT.unsqueeze(1)))


@torch.no_grad()
def test_dropout_acts_in_training_alone():
    crops = torch.randn(2, 1, 32, 32)
    network = lcnn(32, 32)
    assert torch.equal(network.embed(crops), network.embed(crops))
    network.train()
    for norm in network.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.eval()
    assert not torch.equal(network.embed(crops), network.embed(crops))


@pytest.mark.parametrize(
    ("options", "width", "n_frames", "message"),
    [
        ({}, 15, 16, r"there are 15 \(width of the front-end\); allowed are at least 16"),
        ({"projection": 8}, 60, 16, r"there are 8 \(model.projection\)"),
        ({"repeat_time": 3}, 60, 5, r"a crop has 15 \(5, repeat_time 3\); allowed are at least 16"),
    ],
)
def test_pictures_of_which_nothing_would_be_left_are_refused(options, width, n_frames, message):
    with pytest.raises(ValueError, match=message):
        LcnnOptions(**options).check(width=width, n_frames=n_frames)


def test_the_smallest_picture_is_embedded():
    LcnnOptions(repeat_time=2).check(width=16, n_frames=8)
    assert lcnn(16, 8, repeat_time=2).embed(torch.randn(1, 1, 16, 8)).shape == (1, 32)


@torch.no_grad()
def test_lstms_compute_in_full_precision_under_autocast():
    network, dtypes = lcnn(32, 32), []
    for layer in network.m_before_pooling:
        layer.register_forward_hook(lambda module, given, output: dtypes.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        embeddings = network.embed(torch.randn(2, 1, 32, 32))
    assert [*dtypes, embeddings.dtype] == 3 * [torch.float32]

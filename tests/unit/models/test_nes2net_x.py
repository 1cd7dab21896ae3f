import pytest
import torch

from signl.models.nes2net_x.nested_res2net import InnerBlock, SqueezeExcitation
from signl.models.nes2net_x.options import Nes2NetXOptions

GROUPS, WIDTH, N_FRAMES = 4, 24, 15


@pytest.fixture
def network():
    torch.manual_seed(10)
    return Nes2NetXOptions(groups=GROUPS, scale=3).build(WIDTH, N_FRAMES).eval()


@pytest.fixture
def crops():
    return torch.randn(1, 1, WIDTH, N_FRAMES, generator=torch.Generator().manual_seed(11))


@torch.no_grad()
def test_a_group_reaches_those_after_it_and_the_last_itself_alone(network, crops):
    before, reached = network.embed(crops), []
    for group in range(GROUPS):
        other = crops.clone()
        other[:, :, 6 * group : 6 * (group + 1)] += torch.randn(N_FRAMES)
        differs = (network.embed(other) != before).reshape(GROUPS, 6).any(dim=-1)
        reached.append(differs.tolist())
    assert reached == [
        [True, True, True, False],
        [False, True, True, False],
        [False, False, True, False],
        [False, False, False, True],
    ]


@torch.no_grad()
def test_a_block_whose_excitation_is_shut_passes_its_input_on():
    block = InnerBlock(6, scale=3, dilation=2, se_ratio=1).eval()
    frames = torch.randn(2, 6, 9)
    assert not torch.allclose(block(frames), frames)
    block.se.se[3].weight.zero_()
    block.se.se[3].bias.fill_(-200.0)
    torch.testing.assert_close(block(frames), frames)


@torch.no_grad()
def test_a_split_is_seen_by_the_convolutions_from_its_own_on():
    """A change of the first frame reaches as many dilated steps as convolutions follow."""
    torch.manual_seed(12)
    block = InnerBlock(6, scale=3, dilation=2, se_ratio=1).eval()
    torch.nn.init.zeros_(block.se.se[3].weight)  # which sees all frames
    frames = torch.randn(1, 6, 9)
    other = frames.clone()
    other[..., 0] += 1
    differs = (block(other) != block(frames)).any(dim=1)[0]
    assert differs.tolist() == [True, False, True, False, True, *4 * [False]]


@torch.no_grad()
def test_the_weighted_sum_begins_as_a_mean():
    block = InnerBlock(8, scale=4, dilation=1, se_ratio=1)
    assert [tuple(each.shape) for each in block.weighted_sum] == [
        (1, 1, 1, n_summed) for n_summed in (2, 3, 4)
    ]
    assert all(each.sum().item() == pytest.approx(1) for each in block.weighted_sum)


@torch.no_grad()
def test_the_excitation_is_a_scale_of_each_channel():
    excitation = SqueezeExcitation(6, ratio=2)
    frames = torch.rand(2, 6, 9) + 0.1
    scales = excitation(frames) / frames
    torch.testing.assert_close(scales, scales[..., :1].expand_as(scales))
    assert ((scales > 0) & (scales < 1)).all()
    assert excitation.se[1].weight.shape == (3, 6, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "has 96 channels; allowed with model.groups 8 and model.scale 8 is a multiple of 64"),
        ({"scale": 4, "se_ratio": 13}, "model.se_ratio is 13; allowed is at most 12"),
    ],
)
def test_widths_that_cannot_be_split_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Nes2NetXOptions(**options).check(width=96, n_frames=10)

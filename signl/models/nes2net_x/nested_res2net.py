"""Nes2Net-X: nested Res2Nets over time, and a mean over the frames."""

from typing import cast

import torch
from torch import Tensor, nn

from signl.models.nes2net_x.options import Nes2NetXOptions
from signl.models.network import FrameNetwork

_KERNEL = 3


class SqueezeExcitation(nn.Module):
    """Multiplies each channel by a number, 0 to 1, that follows from the means of all channels.

    Parameters
    ----------
    channels : int
        Channels of the input.
    ratio : int
        The layer between is narrower by this factor.
    """

    def __init__(self, channels: int, ratio: int) -> None:
        super().__init__()
        self.se = nn.Sequential(
            nn.AdaptiveAvgPool1d(1),
            nn.Conv1d(channels, channels // ratio, 1),
            nn.ReLU(),
            nn.Conv1d(channels // ratio, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Scale frames (batch, channel, frame)."""
        return frames * cast(Tensor, self.se(frames))


class InnerBlock(nn.Module):
    """A chain of convolutions over time through the splits of a group, around which a path leads.

    Each convolution reads all that the one before it gave, and one split more. The frames that it
    gives lie side by side, one for each of these, and their weighted sum is its output.

    Parameters
    ----------
    channels : int
        Channels of the group, a multiple of ``scale``.
    scale, dilation, se_ratio
        As :class:`Nes2NetXOptions` has them.
    """

    def __init__(self, channels: int, *, scale: int, dilation: int, se_ratio: int) -> None:
        super().__init__()
        split, self.scale = channels // scale, scale
        self.conv1, self.bn1 = nn.Conv1d(channels, channels, 1), nn.BatchNorm1d(channels)
        self.convs = nn.ModuleList(
            nn.Conv2d(
                split,
                split,
                (_KERNEL, 1),
                dilation=(dilation, 1),
                padding=(dilation * (_KERNEL // 2), 0),
            )
            for _ in range(scale - 1)
        )
        self.bns = nn.ModuleList(nn.BatchNorm2d(split) for _ in range(scale - 1))
        self.weighted_sum = nn.ParameterList(
            torch.full((1, 1, 1, n_summed), 1 / n_summed) for n_summed in range(2, scale + 1)
        )
        self.conv3, self.bn3 = nn.Conv1d(channels, channels, 1), nn.BatchNorm1d(channels)
        self.se = SqueezeExcitation(channels, se_ratio)

    def forward(self, frames: Tensor) -> Tensor:
        """Map (batch, channel, frame) to the same shape."""
        # Batch normalisation follows ReLU throughout.
        splits = self.bn1(self.conv1(frames).relu()).chunk(self.scale, dim=1)
        passed, outputs = splits[-1].unsqueeze(-1), []
        for i, (convolution, norm) in enumerate(zip(self.convs, self.bns, strict=True)):
            passed = torch.cat([passed, splits[i].unsqueeze(-1)], dim=-1)  # (batch, c, frame, i+2)
            passed = norm(convolution(passed).relu())
            outputs.append((passed * self.weighted_sum[i]).sum(dim=-1))
        joint = self.conv3(torch.cat([*outputs, splits[-1]], dim=1)).relu()
        return cast(Tensor, self.se(self.bn3(joint)) + frames)


class NestedRes2Net(FrameNetwork):
    """Embeds a picture by a chain of blocks through groups of its channels, and a mean.

    Names of weights are those of the published checkpoints; their output layer, linear, reads the
    embedding, and its logit of bona fide is the score.

    Parameters
    ----------
    width, n_frames : int
        Channels of the front-end, and frames of a crop.
    config : Nes2NetXOptions
        How channels are split, and the form of the blocks.

    Raises
    ------
    ValueError
        If the width cannot be split.

    References
    ----------
    Liu et al., Nes2Net, IEEE TIFS 2025, arXiv 2504.05657.
    """

    config: Nes2NetXOptions

    def __init__(self, width: int, n_frames: int, config: Nes2NetXOptions) -> None:
        config.check(width=width, n_frames=n_frames)
        super().__init__(width, n_frames, config)
        self.embedding_width = width
        channels, n_blocks = width // config.groups, config.groups - 1
        self.Build_in_Res2Nets = nn.ModuleList(
            InnerBlock(
                channels, scale=config.scale, dilation=config.dilation, se_ratio=config.se_ratio
            )
            for _ in range(n_blocks)
        )
        self.bns = nn.ModuleList(nn.BatchNorm1d(channels) for _ in range(n_blocks))
        self.bn = nn.BatchNorm1d(width)

    def forward(self, crops: Tensor) -> Tensor:
        """Return embeddings (batch, width)."""
        groups = crops[:, 0].chunk(self.config.groups, dim=1)
        outputs: list[Tensor] = []
        for group, block, norm in zip(groups, self.Build_in_Res2Nets, self.bns, strict=False):
            chained = outputs[-1] + group if outputs else group
            outputs.append(norm(block(chained).relu()))
        joint = self.bn(torch.cat([*outputs, groups[-1]], dim=1))
        return cast(Tensor, joint.relu().mean(dim=-1))

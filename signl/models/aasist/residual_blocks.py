"""The residual blocks of AASIST, on maps of frequency and time."""

from collections.abc import Sequence
from typing import Final

from torch import Tensor, nn
from torch.nn import functional as F

#: Of the kernels on the time axis, and what the pooling of a block makes one of.
TIME_POOLING: Final = 3


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut; frequencies stay, time may be pooled by three.

    Parameters
    ----------
    in_channels, out_channels : int
        Where they differ the shortcut is a convolution.
    is_first : bool
        Whether it is the first, which has no ``bn1``. In the published network the others
        normalise their input by it and throw the result away, so that its weights are in the
        checkpoints and change nothing. Here they are kept for these checkpoints, and nothing is
        computed with them: the running statistics stay as they are, in training too.
    pools : bool
        Whether time is pooled at the end.

    References
    ----------
    Jung et al., AASIST, ICASSP 2022, arXiv 2110.01200, as published in code.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, is_first: bool = False, pools: bool = True
    ) -> None:
        super().__init__()
        self.pools = pools
        if not is_first:
            self.bn1 = nn.BatchNorm2d(in_channels)
        # An even kernel on the frequency axis: one row more, then one less.
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=(2, 3), padding=(1, 1))
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=(2, 3), padding=(0, 1))
        if in_channels != out_channels:
            self.conv_downsample = nn.Conv2d(
                in_channels, out_channels, kernel_size=(1, 3), padding=(0, 1)
            )

    def forward(self, maps: Tensor) -> Tensor:
        """Map (batch, in_channels, frequency, time) to (batch, out_channels, frequency, time)."""
        hidden = F.selu(self.bn2(self.conv1(maps)), inplace=True)
        hidden = self.conv2(hidden)
        hidden += self.conv_downsample(maps) if hasattr(self, "conv_downsample") else maps
        return F.max_pool2d(hidden, (1, TIME_POOLING)) if self.pools else hidden


def residual_blocks(channels: Sequence[int], *, pools: bool) -> nn.Sequential:
    """Return blocks from one channel to ``channels``, named as in the published checkpoints."""
    widths = [1, *channels]
    blocks = [
        nn.Sequential(
            ResidualBlock(widths[i], widths[i + 1], is_first=i == 0, pools=pools),
        )
        for i in range(len(channels))
    ]
    return nn.Sequential(*blocks)

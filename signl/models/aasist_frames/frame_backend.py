"""AASIST's back-end on frames: spectral and temporal nodes by attention over a map of frames."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signl.models.aasist.graph_branches import GraphNetwork
from signl.models.aasist.residual_blocks import residual_blocks
from signl.models.aasist_frames.options import POOLED, AasistFramesOptions
from signl.models.network import FrameNetwork


class FrameBackend(GraphNetwork, FrameNetwork):
    """Embeds a picture by graphs of its projected channels and of its frames.

    Parameters
    ----------
    width, n_frames : int
        Channels of the front-end, and frames of a crop; neither changes the number of spectral
        nodes.
    config : AasistFramesOptions
        Sizes.

    References
    ----------
    Tak et al., Odyssey 2022, arXiv 2202.12233.
    """

    config: AasistFramesOptions

    def __init__(self, width: int, n_frames: int, config: AasistFramesOptions) -> None:
        super().__init__(width, n_frames, config)
        channels = config.channels[-1]
        self.LL = nn.Linear(width, config.projected)
        self.first_bn = nn.BatchNorm2d(1)
        self.encoder = residual_blocks(config.channels, pools=False)
        self.first_bn1 = nn.BatchNorm2d(channels)
        # The normalisation stands behind the activation, as published.
        self.attention = nn.Sequential(
            nn.Conv2d(channels, 2 * channels, kernel_size=1),
            nn.SELU(inplace=True),
            nn.BatchNorm2d(2 * channels),
            nn.Conv2d(2 * channels, channels, kernel_size=1),
        )
        self.add_graphs(config.projected // POOLED)

    def forward(self, crops: Tensor) -> Tensor:
        """Return embeddings of pictures (batch, 1, width, frame); its graphs are not augmented."""
        projected = self.LL(crops.mT).mT  # (batch, 1, projected, frame)
        maps = F.selu(self.first_bn(F.max_pool2d(projected, POOLED)))
        maps = F.selu(self.first_bn1(self.encoder(maps)))
        # (batch, channel, frequency, time), and as much attention to each of its elements.
        maps, scores = maps.float(), self.attention(maps).float()
        spectral = (maps * torch.softmax(scores, dim=-1)).sum(dim=-1).mT
        temporal = (maps * torch.softmax(scores, dim=-2)).sum(dim=-2).mT
        return self.embed_nodes(spectral, temporal)

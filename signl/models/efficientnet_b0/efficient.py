"""EfficientNet-B0 of one input channel, without its classes."""

from torch import Tensor, nn
from torchvision.models import efficientnet_b0

from signl.models.efficientnet_b0.options import EfficientNetB0Options
from signl.models.network import FrameNetwork


class EfficientNetB0(FrameNetwork):
    """Embeds a picture of any size by EfficientNet-B0: 1,280 numbers of its last maps.

    Parameters
    ----------
    width, n_frames : int
        Channels of the front-end, and frames of a crop.
    config : EfficientNetB0Options
        How the last maps are pooled, and stochastic depth.

    References
    ----------
    Tan and Le (2019), EfficientNet, table 1; the encoder of COLA, arXiv 2010.10915. Weights have
    torchvision's names. Its padding and its batch normalisation differ from those of Keras, with
    which COLA was published: the same weights give other numbers here.
    """

    embedding_width = 1280
    config: EfficientNetB0Options

    def __init__(self, width: int, n_frames: int, config: EfficientNetB0Options) -> None:
        super().__init__(width, n_frames, config)
        published = efficientnet_b0(stochastic_depth_prob=config.stochastic_depth)
        self.features = published.features
        stem = self.features[0]
        one = nn.Conv2d(1, stem[0].out_channels, 3, stride=2, padding=1, bias=False)
        nn.init.kaiming_normal_(one.weight, mode="fan_out")
        stem[0] = one

    def forward(self, crops: Tensor) -> Tensor:
        """Return embeddings: (batch, 1, width, frame) to (batch, 1280)."""
        maps: Tensor = self.features(crops)
        pixels = maps.flatten(start_dim=2)
        return pixels.amax(dim=-1) if self.config.pooling == "max" else pixels.mean(dim=-1)

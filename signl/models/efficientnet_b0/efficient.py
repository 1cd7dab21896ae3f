"""EfficientNet-B0 of one input channel, without its classes."""

from functools import partial
from typing import Final

from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import efficientnet_b0

from signl.models.efficientnet_b0.options import EfficientNetB0Options
from signl.models.network import FrameNetwork

#: Of Keras: what its network divides its input by, and of its batch normalisation the constant
#: beside the variance, and the share of a batch in the running statistics.
KERAS_SCALE: Final = 255
KERAS_EPSILON: Final = 1e-3
KERAS_MOMENTUM: Final = 0.01


class EfficientNetB0(FrameNetwork):
    """Embeds a picture of any size by EfficientNet-B0: 1,280 numbers of its last maps.

    Parameters
    ----------
    width, n_frames : int
        Channels of the front-end, and frames of a crop.
    config : EfficientNetB0Options
        Whose form it has, how the last maps are pooled, and stochastic depth.

    Notes
    -----
    Keras divides its input by 255, and pads before a strided convolution as if every picture had
    even sides: one row less before the picture than behind it. Its batch normalisation has other
    constants. The same weights give other numbers in the two forms; they have torchvision's names
    in both.

    References
    ----------
    Tan and Le (2019), EfficientNet, table 1; the encoder of COLA, arXiv 2010.10915.
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
        if config.form == "keras":
            self.features.apply(_as_in_keras)

    def forward(self, crops: Tensor) -> Tensor:
        """Return embeddings: (batch, 1, width, frame) to (batch, 1280)."""
        is_keras = self.config.form == "keras"
        maps: Tensor = self.features(crops / KERAS_SCALE if is_keras else crops)
        pixels = maps.flatten(start_dim=2)
        return pixels.amax(dim=-1) if self.config.pooling == "max" else pixels.mean(dim=-1)


def _as_in_keras(module: nn.Module) -> None:
    """Give a layer the padding and the constants that it has in Keras."""
    if isinstance(module, nn.BatchNorm2d):
        module.eps, module.momentum = KERAS_EPSILON, KERAS_MOMENTUM
    elif isinstance(module, nn.Conv2d) and module.stride != (1, 1):
        module.padding = (0, 0)
        module.register_forward_pre_hook(partial(_pad, module.kernel_size[0] // 2))


def _pad(after: int, _: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    """Pad maps before a strided convolution, as if their sides were even."""
    (maps,) = inputs
    return (functional.pad(maps, 2 * (after - 1, after)),)

"""ResNet-18 of one input channel, without its classes."""

from torch import Tensor, nn
from torchvision.models import resnet18

from signl.models.network import FrameNetwork
from signl.models.resnet18.options import ResNet18Options


class ResNet18(FrameNetwork):
    """Embeds a picture of any size by ResNet-18: the mean over its last maps, 512 numbers.

    Parameters
    ----------
    width, n_frames : int
        Channels of the front-end, and frames of a crop.
    config : ResNet18Options

    References
    ----------
    He et al. (2016), Deep residual learning, table 1. Weights have torchvision's names and its
    initialisation (normal, by fan-out); the first convolution has one input channel.
    """

    embedding_width = 512

    def __init__(self, width: int, n_frames: int, config: ResNet18Options) -> None:
        super().__init__(width, n_frames, config)
        published = resnet18()
        published.conv1 = _of_one_channel(published.conv1)
        del published.fc
        self.order = []
        for name, child in published.named_children():
            self.order.append(name)
            self.add_module(name, child)

    def forward(self, crops: Tensor) -> Tensor:
        """Return embeddings: (batch, 1, width, frame) to (batch, 512)."""
        maps = crops
        for name in self.order:
            maps = self.get_submodule(name)(maps)
        return maps.flatten(start_dim=1)


def _of_one_channel(convolution: nn.Conv2d) -> nn.Conv2d:
    """Return a convolution like another, of one input channel, with new weights."""
    one = nn.Conv2d(
        1,
        convolution.out_channels,
        convolution.kernel_size,  # type: ignore[arg-type]
        stride=convolution.stride,  # type: ignore[arg-type]
        padding=convolution.padding,  # type: ignore[arg-type]
        bias=False,
    )
    nn.init.kaiming_normal_(one.weight, mode="fan_out", nonlinearity="relu")
    return one

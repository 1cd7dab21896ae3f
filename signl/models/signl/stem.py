"""The convolutional stem: from a picture of front-end features to a square grid of patches."""

from torch import Tensor, nn
from torch.nn import functional as F

from signl.models.signl.strides import axis_strides


class Stem(nn.Module):
    """Five 3x3 convolutions, each with batch normalisation, all but the last with ReLU.

    The channels grow 1, C/8, C/4, C/2, C, C. Convolutions 2, 4 and 5 carry the strides of
    :func:`signl.models.signl.strides.axis_strides`. A picture whose width or length is no multiple
    of
    ``nodes`` is first padded with zeros, at the end, to the next multiple.

    Parameters
    ----------
    width : int
        Channels of the front-end, or of what a projection makes of them.
    n_frames : int
        Frames of a crop.
    nodes : int
        Rows and columns N of the grid.
    channels : int
        Channels C of the grid, a multiple of 8.

    Raises
    ------
    ValueError
        If ``channels`` is no multiple of 8, or a size is not positive.

    References
    ----------
    SIGNL, arXiv 2501.04942.
    """

    def __init__(self, width: int, n_frames: int, *, nodes: int, channels: int) -> None:
        super().__init__()
        if channels < 1 or channels % 8:
            raise ValueError(f"channels must be a multiple of 8, got {channels}")
        self.width, self.n_frames = width, n_frames
        self.nodes, self.channels = nodes, channels
        by_channel, by_frame = axis_strides(width, nodes), axis_strides(n_frames, nodes)
        # Convolutions 1 and 3 keep the size.
        second, fourth, fifth = zip(by_channel, by_frame, strict=True)
        strides = [(1, 1), second, (1, 1), fourth, fifth]
        depths = [1, channels // 8, channels // 4, channels // 2, channels, channels]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(depths[i], depths[i + 1], kernel_size=3, stride=stride, padding=1)
            for i, stride in enumerate(strides)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(depth) for depth in depths[1:])

    def forward(self, picture: Tensor) -> Tensor:
        """Reduce pictures to grids.

        Parameters
        ----------
        picture : Tensor of shape (batch, 1, width, frame)

        Returns
        -------
        Tensor of shape (batch, channel, node, node)
            The channel axis of the front-end first, then the frame axis.

        Raises
        ------
        ValueError
            If the picture's shape is not the one that the stem was made for.
        """
        if picture.shape[1:] != (1, self.width, self.n_frames):
            raise ValueError(
                f"a picture must have shape (batch, 1, {self.width}, {self.n_frames}), "
                f"got {tuple(picture.shape)}"
            )
        grid = F.pad(picture, (0, -self.n_frames % self.nodes, 0, -self.width % self.nodes))
        last = len(self.convolutions) - 1
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            grid = norm(convolution(grid))
            if i < last:
                grid = F.relu(grid)
        return grid

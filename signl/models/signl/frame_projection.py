"""Frames of a speech model as the picture that a stem of convolutions can read."""

from torch import Tensor, nn


class FrameProjection(nn.Module):
    """Standardises each channel of a frame over the batch, and mixes them by a linear layer.

    A convolution takes neighbouring channels to be alike, as those of a spectrogram are; those of a
    hidden state stand in any order, and some are a hundred times as large as others.

    Parameters
    ----------
    width : int
        Channels of the front-end.
    projected : int
        Channels of the picture.
    """

    def __init__(self, width: int, projected: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, affine=False)
        self.linear = nn.Linear(width, projected)

    def forward(self, picture: Tensor) -> Tensor:
        """Return pictures (batch, 1, projected, frame) of pictures (batch, 1, width, frame).

        Raises
        ------
        ValueError
            If the pictures have another shape.
        """
        width = self.norm.num_features
        if picture.ndim != 4 or picture.shape[1:3] != (1, width):
            raise ValueError(
                f"a picture must have shape (batch, 1, {width}, frame), got {tuple(picture.shape)}"
            )
        projected: Tensor = self.linear(self.norm(picture[:, 0]).mT).mT.unsqueeze(1)
        return projected

"""The light convolutional network: convolutions whose channels compete, LSTMs, and a mean."""

from typing import cast

import torch
from torch import Tensor, nn

from signl.models.lcnn.options import MAP_CHANNELS, LcnnOptions
from signl.models.network import FrameNetwork


class MaxFeatureMap(nn.Module):
    """The larger of two channels: of the first half one, of the second half the other."""

    def forward(self, maps: Tensor) -> Tensor:
        """Map (batch, 2 * channel, ...) to (batch, channel, ...)."""
        first, second = maps.chunk(2, dim=1)
        return torch.maximum(first, second)


class BidirectionalLstm(nn.Module):
    """A layer of LSTMs, one in each direction, each half as wide as the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.l_blstm = nn.LSTM(width, width // 2, batch_first=True, bidirectional=True)

    def forward(self, sequence: Tensor) -> Tensor:
        """Map (batch, time, width) to the same shape, the forward direction first."""
        return cast(Tensor, self.l_blstm(sequence)[0])


def _competing(inputs: int, outputs: int, kernel: int) -> list[nn.Module]:
    """Return a convolution that keeps the size of its map, and the competition of its channels."""
    return [nn.Conv2d(inputs, 2 * outputs, kernel, padding=kernel // 2), MaxFeatureMap()]


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, affine=False)


def _convolutions(dropout: float) -> nn.Sequential:
    """Return the convolutions; the numbers of the modules are those of the checkpoints."""
    return nn.Sequential(
        *_competing(1, 32, kernel=5),
        nn.MaxPool2d(2),
        *_competing(32, 32, kernel=1),
        _norm(32),
        *_competing(32, 48, kernel=3),
        nn.MaxPool2d(2),
        _norm(48),
        *_competing(48, 48, kernel=1),
        _norm(48),
        *_competing(48, 64, kernel=3),
        nn.MaxPool2d(2),
        *_competing(64, 64, kernel=1),
        _norm(64),
        *_competing(64, 32, kernel=3),
        _norm(32),
        *_competing(32, 32, kernel=1),
        _norm(32),
        *_competing(32, MAP_CHANNELS, kernel=3),
        nn.MaxPool2d(2),
        nn.Dropout(dropout),
    )


class LightCnn(FrameNetwork):
    """Embeds a picture by convolutions, two layers of LSTMs around which a path leads, and a mean.

    The embedding is what the published output layer, one linear layer to a logit, reads. Names of
    weights are those of the checkpoints of Kawa et al.; those of ASVspoof 2021 have a ``0.`` more,
    after ``m_transform.`` and ``m_before_pooling.``.

    Crops are of one length. In the originals utterances of a batch are padded with zeros to the
    longest, which enter LSTMs and mean, and so the scores of the shorter ones.

    Parameters
    ----------
    width, n_frames : int
        Channels of the front-end, and frames of a crop.
    config : LcnnOptions
        The form of the network.

    Raises
    ------
    ValueError
        If the poolings would leave nothing of a picture.

    References
    ----------
    Wang and Yamagishi, Interspeech 2021, arXiv 2103.11326 (LCNN-LSTM-sum); baseline B03 of
    ASVspoof 2021. On frames of a speech model: Kawa et al., Interspeech 2023, arXiv 2306.01428.
    The linear layer before the convolutions is not theirs.
    """

    config: LcnnOptions

    def __init__(self, width: int, n_frames: int, config: LcnnOptions) -> None:
        config.check(width=width, n_frames=n_frames)
        super().__init__(width, n_frames, config)
        if config.projection is not None:
            self.projection = nn.Linear(width, config.projection)
        self.m_transform = _convolutions(config.dropout)
        self.m_before_pooling = nn.Sequential(
            BidirectionalLstm(self.embedding_width), BidirectionalLstm(self.embedding_width)
        )

    @property
    def embedding_width(self) -> int:  # type: ignore[override]
        """Channels times coefficients of the last map: 96 for frames of 60."""
        return self.config.embedding_width(self.width)

    def forward(self, crops: Tensor) -> Tensor:
        """Return embeddings (batch, embedding_width)."""
        frames = crops[:, 0].mT
        if self.config.projection is not None:
            frames = self.projection(frames)
        picture = frames.repeat(1, self.config.repeat_time, 1).unsqueeze(1)
        maps = self.m_transform(picture)  # (batch, channel, time, coefficient)
        # Autocast would run the LSTMs of a GPU in float16, whose range is small, even for bfloat16.
        dtype = next(self.m_before_pooling.parameters()).dtype
        with torch.autocast(crops.device.type, enabled=False):
            sequence = maps.to(dtype).transpose(1, 2).flatten(2)  # (batch, time, width)
            return cast(Tensor, (self.m_before_pooling(sequence) + sequence).mean(dim=1))

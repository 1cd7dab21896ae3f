"""The encoder of BYOL-A."""

import itertools
from typing import Final

from torch import Tensor, nn

from signl.models.audio_ntt.options import AudioNTTOptions
from signl.models.network import FrameNetwork

_CHANNELS: Final = 64
_BLOCKS: Final = 3


class AudioNTT(FrameNetwork):
    """Three blocks of convolution and pooling, two layers on each frame, and the frames' sum.

    The embedding is the maximum over the frames plus their mean.

    Parameters
    ----------
    width, n_frames : int
        Channels of the front-end (64 mel bands in the paper), and frames of a crop.
    config : AudioNTTOptions
        Width of the embedding, and dropout.

    References
    ----------
    Niizumi et al. (2021), BYOL for Audio, arXiv 2103.06695, section III-D: AudioNTT2020. Names of
    weights are those of the published checkpoints.
    """

    config: AudioNTTOptions

    def __init__(self, width: int, n_frames: int, config: AudioNTTOptions) -> None:
        super().__init__(width, n_frames, config)
        self.embedding_width = config.embedding
        sizes = [1, *[_CHANNELS] * _BLOCKS]
        blocks = [_block(*pair) for pair in itertools.pairwise(sizes)]
        self.features = nn.Sequential(*itertools.chain(*blocks))
        self.fc = nn.Sequential(
            nn.Linear(_CHANNELS * (width >> _BLOCKS), config.embedding),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.embedding, config.embedding),
            nn.ReLU(),
        )

    def frames(self, crops: Tensor) -> Tensor:
        """Return what the first layer of a frame reads.

        Parameters
        ----------
        crops : Tensor of shape (batch, 1, width, frame)

        Returns
        -------
        Tensor of shape (batch, frame / 8, width / 8 * 64)
            The channels of a band side by side, band after band.
        """
        maps: Tensor = self.features(crops)  # (batch, channel, band, frame)
        return maps.permute(0, 3, 2, 1).flatten(start_dim=2)

    def forward(self, crops: Tensor) -> Tensor:
        """Return embeddings: (batch, 1, width, frame) to (batch, embedding)."""
        frames = self.fc(self.frames(crops))
        embeddings: Tensor = frames.amax(dim=1) + frames.mean(dim=1)
        return embeddings


def _block(n_inputs: int, n_outputs: int) -> list[nn.Module]:
    """Return a convolution, its normalisation and activation, and a pooling by two."""
    return [
        nn.Conv2d(n_inputs, n_outputs, 3, padding=1),
        nn.BatchNorm2d(n_outputs),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]
